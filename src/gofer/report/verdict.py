"""The page's results in sentences: the headline, one verdict per aspect, and what zero-shot terms reach."""

from gofer.methods import OURS, method_name
from gofer.names import in_words
from gofer.report import labels_and_help as words
from gofer.report.metric_tables import FEWEST, Metrics, clearly_best

RIVALS = ("naive", "diamond")  # gofer must beat these to be useful


def headline(metrics: Metrics) -> str:
    """The first sentence of the page: whether gofer is better than naive and DIAMOND, and with how many proteins."""
    known = [aspect for aspect in metrics.aspects if metrics.figure(OURS, aspect, "all", "fmax").known]
    if not known:
        return "gofer could not be evaluated: no test protein has a label."
    rivals = [name for name in RIVALS if name in metrics.measured]
    if not rivals:
        return "gofer could not be compared: neither the naive method nor DIAMOND ran."
    judged = [aspect for aspect in known if metrics.proteins(aspect, "all") >= FEWEST]
    better = [aspect for aspect in judged if all(_beats(metrics, aspect, rival) for rival in rivals)]
    titles = [method_name(name) if name != "naive" else "naive prediction" for name in rivals]
    both, either = words.listed(titles), words.listed(titles, "or")
    counts = words.listed([f"{in_words(a)} {metrics.proteins(a, 'all'):,}" for a in known])
    tested = f"Test proteins: {counts}."
    if not judged:
        return f"Too few test proteins to say whether gofer is better than {either}. {tested}"
    if not better:
        return f"gofer is not clearly better than {both} in any aspect, by Fmax. {tested}"
    where = "every aspect" if len(better) == len(metrics.aspects) else words.listed([in_words(a) for a in better])
    return f"gofer predicts better than {both} in {where}, by Fmax. {tested}"


def _beats(metrics: Metrics, aspect: str, rival: str) -> bool:
    both = {method: metrics.figure(method, aspect, "all", "fmax") for method in (OURS, rival)}
    return not both[rival].known or clearly_best(both) == OURS


def verdicts(metrics: Metrics) -> list[str]:
    """One sentence per aspect: gofer's Fmax compared with that of the best other method."""
    return [sentence for aspect in metrics.aspects if (sentence := _verdict(metrics, aspect))]


def _verdict(metrics: Metrics, aspect: str) -> str:
    ours = metrics.figure(OURS, aspect, "all", "fmax")
    name = words.ASPECT_NAMES[aspect]
    if not ours.known:
        return f"{name}: no test protein has a label in this aspect."
    begin = f"{name}: Fmax {ours.value:.2f} ({words.interval(ours.low, ours.high, 2)})"
    others = {m: metrics.figure(m, aspect, "all", "fmax") for m in metrics.measured if m != OURS}
    others = {method: figure for method, figure in others.items() if figure.known}
    if not others:
        return f"{begin}; no other method ran."
    rival = max(others, key=lambda method: others[method].value)
    theirs = others[rival]
    against = f"{method_name(rival)} ({theirs.value:.2f}; {words.interval(theirs.low, theirs.high, 2)})"
    best = clearly_best({OURS: ours, rival: theirs})
    if ours.n < FEWEST:
        few = words.counted(ours.n, "test protein")
        return f"{begin}; the best other method is {against}. {few}: too few to tell which is better."
    if best is None:
        way = "higher than" if ours.value > theirs.value else "lower than" if ours.value < theirs.value else "equal to"
        return f"{begin}, {way} the best other method, {against}, but the intervals overlap."
    return f"{begin}, clearly {'higher' if best == OURS else 'lower'} than the best other method, {against}."


def zero_shot_sentence(metrics: Metrics) -> str:
    """The zero-shot figures in words; says so if there are none."""
    found = {aspect: metrics.figure(OURS, aspect, "zero", "macro_auroc") for aspect in metrics.aspects}
    known = {aspect: figure for aspect, figure in found.items() if figure.known}
    if not known:
        return "No zero-shot term could be measured: no test protein has one, or the run holds none out."
    parts = [
        f"{words.ASPECT_NAMES[aspect].lower()} {100 * figure.value:.0f} % (interval "
        f"{100 * figure.low:.0f}–{100 * figure.high:.0f} %; {words.counted(figure.n, 'term')})"
        for aspect, figure in known.items()
    ]
    return (
        "How often gofer ranks a protein that has a term above one that does not have it, for terms "
        f"that training never saw: {', '.join(parts)}. Guessing gives 50 %."
    )
