"""RESULTS.md: the results of one run on one page of Markdown, with the command, seed, data and date.

All other values are in metrics.tsv and differences.tsv of the run.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gofer.artefacts import read_manifest
from gofer.methods import METHODS, method_name
from gofer.report import labels_and_help as words
from gofer.report import metric_tables
from gofer.report import subset_tables as breakdowns
from gofer.report.faithfulness_section import Faithfulness
from gofer.report.leak_section import Leaks
from gofer.report.metric_tables import MAIN, Block, Cell, Metrics, main_blocks, term_set_blocks
from gofer.report.subset_tables import Differences

OF_ZERO_SHOT = ["macro_aupr", "macro_auroc", "recall_at_10", "calibration_error"]
OF_DISTANT = ["fmax", "weighted_fmax", "smin"]
RIVALS = 3  # other methods that gofer is compared with, per aspect


def results_markdown(files: Mapping[str, Path | str], config: Mapping[str, Any], configfiles: Sequence[str]) -> str:
    """The whole page.

    Args:
        files: `metrics`, `status`, `differences`, `leaks` and `faithfulness` of the run.
        config: The run's config.
        configfiles: Config files that the run was given, as they are to be named in the command.

    Raises:
        ArtefactError: A file is missing or is something else.
    """
    metrics, differences = Metrics.read(files["metrics"], files["status"]), Differences.read(files["differences"])
    zero_shot = [(aspect, blocks[0]) for aspect, blocks in term_set_blocks(metrics, ["zero"], OF_ZERO_SHOT)]
    parts = [
        f"# Results of the run {config['run']}",
        "Written by `snakemake results_page` from the tables of the run; do not edit. In brackets: the 95 % interval "
        "over resampled test proteins. n/a: not defined. ↓: lower is better. Bold: better than all other methods "
        "(the intervals do not overlap). Every other value (by training proteins of the term, by identity to "
        f"training, among all terms, at fixed thresholds) is in `results/{config['run']}/evaluation/metrics.tsv`.",
        _setting(files, config),
        *(f"**{name} could not run:** {reason}" for name, reason in metrics.missing),
        _section("All terms", _by_aspect([(f"{b.title} ({b.about})", b) for b in main_blocks(metrics)], MAIN)),
        _section(
            "Zero-shot terms",
            "Terms that no training protein has, judged one by one. Methods that cannot score them are left out.",
            _by_aspect(zero_shot, OF_ZERO_SHOT, only=[m for m in metrics.methods if _scores_any_term(m)]),
        ),
        _rivals(metrics, differences),
        *(_below(metrics, differences, split, name) for split, name in breakdowns.below_identity(metrics).items()),
        *_evidence(Faithfulness.read(files["faithfulness"])),
        _section("Leak checks", *_leaks(Leaks.read(files["leaks"]))),
        _section("Methods", _methods(metrics, config)),
        _section("Commands", _commands(config, configfiles)),
    ]
    return "\n\n".join(parts) + "\n"


def _setting(files: Mapping[str, Path | str], config: Mapping[str, Any]) -> str:
    facts = read_manifest(files["status"]).release
    day = datetime.fromtimestamp(Path(files["metrics"]).stat().st_mtime, UTC).date().isoformat()
    rows = {
        "Proteins": _listed(config["proteins"]),
        "Annotations": _listed(config["annotations"]),
        "Ontology": _listed(config["ontology"]),
        "Split": f"{config['inputs']['splits']['method']}, identity {config['inputs']['splits']['identity']:g}",
        **{name.replace("_", " ").capitalize(): value for name, value in sorted(facts.items())},
        "Seed": str(config["seed"]),
        "Resamples": str(config["evaluation"]["resamples"]),
        "Measured on": day,
    }
    return _table(["What", "Value"], [[name, value] for name, value in rows.items()])


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _scores_any_term(method: str) -> bool:
    return method not in METHODS or METHODS[method].unthresholded


def _rivals(metrics: Metrics, differences: Differences) -> str:
    blocks = [(block.title, _best_rivals(metrics, block)) for block in differences.blocks(metrics)]
    heads = [_head(name) + (", zero-shot" if term_set == "zero" else "") for term_set, name in breakdowns.COMPARED]
    return _section(
        "gofer minus the best other methods",
        f"Per aspect the {RIVALS} other methods with the highest Fmax, paired on the same resamples. Bold: the whole "
        "interval is in favour of gofer.",
        _by_aspect(blocks, heads=heads),
    )


def _below(metrics: Metrics, differences: Differences, split: str, name: str) -> str:
    rows = []
    for paired in differences.blocks(metrics, split=split, figures=[("all", metric) for metric in OF_DISTANT]):
        title = f"{paired.title} ({words.counted(metrics.proteins(paired.key, 'all', split), 'protein')})"
        less = {row.method: row.cells for row in paired.rows}
        own = metric_tables.block(metrics, paired.key, "all", OF_DISTANT, "", split=split)
        for row in own.rows:
            differing = less.get(row.method, [])
            rows.append([title, method_name(row.method), *_cells(row.cells), *(_cells(differing) or [""] * 3)])
    heads = [_head(metric) for metric in OF_DISTANT]
    return _section(
        f"{name} identity to training",
        "Figures of each method, and of gofer minus it, paired on the same resamples. Bold: better than all other "
        "methods; of a difference: the whole interval is in favour of gofer.",
        _table(["Aspect", "Method", *heads, *(f"gofer minus it: {head}" for head in heads)], rows),
    )


def _best_rivals(metrics: Metrics, block: Block) -> list[tuple[str, list[Cell]]]:
    def fmax(method: str) -> float:
        return metrics.figure(method, block.key, "all", "fmax").value

    best = sorted((row for row in block.rows if fmax(row.method) >= 0), key=lambda row: -fmax(row.method))
    return [(row.method, row.cells) for row in best[:RIVALS]]


def _by_aspect(
    blocks: Iterable[tuple[str, Block | list[tuple[str, list[Cell]]]]],
    names: Iterable[str] = (),
    *,
    heads: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
) -> str:
    rows = []
    for title, block in blocks:
        cells_of = block if isinstance(block, list) else [(row.method, row.cells) for row in block.rows]
        rows += [
            [title, method_name(method), *_cells(cells)] for method, cells in cells_of if only is None or method in only
        ]
    return _table(["Aspect", "Method", *(heads or map(_head, names))], rows)


def _cells(cells: Iterable[Cell]) -> list[str]:
    texts = []
    for cell in cells:
        value = f"**{cell.text}**" if cell.best else cell.text
        texts.append(f"{value} ({cell.interval})" if cell.interval else value)
    return texts


def _head(name: str) -> str:
    measure = words.MEASURES[name]
    return measure.name + (" ↓" if measure.lower_is_better else "")


def _methods(metrics: Metrics, config: Mapping[str, Any]) -> str:
    lines = [f"- **{method_name(m)}**: {METHODS[m].meaning}" for m in metrics.methods if m in METHODS]
    if config["retrieval"]["own_annotations"]:
        lines.append(f"\n{words.OWN_ANNOTATIONS}")
    return "\n".join(lines)


def _evidence(curves: Faithfulness) -> list[str]:
    if not curves.examples:
        return []
    text = (
        f"Mean similarity with the term over {words.counted(curves.examples, 'correct test prediction')} while "
        "residues are removed (lower is better) or kept (higher is better), the most important first, from a tenth to "
        "nine tenths of the protein. Chance in blocks removes stretches of the same lengths at random places. "
        "Differences are paired; bold: the whole interval is in favour of impact."
    )
    rows = [[name, *_cells(cells)] for name, cells in curves.rows()]
    return [_section("Residue evidence", text, _table(["Order", "Removed ↓", "Kept"], rows))]


def _leaks(leaks: Leaks) -> list[str]:
    return [_table(["Looked for", "Found", "Meaning"], leaks.rows()), leaks.ancestors()]


def _commands(config: Mapping[str, Any], configfiles: Sequence[str]) -> str:
    # One option with all files: of a repeated --configfile Snakemake takes only the last.
    files_given = [f"--configfile {' '.join(map(str, configfiles))}"] if configfiles else []
    given = " ".join(["--cores 2", *files_given] + ["--config data=DIR"] * ("demo" not in config))
    return f"- The figures: `snakemake evaluate {given}`\n- This page: `snakemake results_page {given}`"


def _section(title: str, *parts: str) -> str:
    return "\n\n".join([f"## {title}", *parts])


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
