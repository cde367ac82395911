"""Chooses common, few-shot and zero-shot terms, and which are masked on purpose.

A zero-shot term is masked in training with everything below it; its ancestors stay.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError, InputError, collected_problems
from gofer.inputs.accounting import Accounting
from gofer.inputs.ontology.go_graph import GoGraph, is_root
from gofer.inputs.splits import term_lists
from gofer.inputs.splits.label_checks import check_term_sets
from gofer.inputs.splits.term_history import late_terms, new_terms
from gofer.inputs.splits.term_lists import read_terms


@dataclass(frozen=True)
class FewZeroConfig:
    """What makes a term few-shot or zero-shot.

    Attributes:
        few_max: Few-shot terms have 1..few_max training proteins, unless a list names them.
        zero_method: list (a file names the zero-shot terms), sample (they are drawn), time (those annotated late),
            release (those that an older release lacks) or none.
        zero_from: For time: a day, year-month-day.
        zero_terms: For sample: how many.
        zero_min_proteins: For sample: fewest training proteins of a term, before it is masked.
        zero_max_proteins: For sample: most training proteins.
        seed: Of the draw.
    """

    few_max: int
    zero_method: str
    zero_from: str | None
    zero_terms: int
    zero_min_proteins: int
    zero_max_proteins: int
    seed: int

    @classmethod
    def from_config(cls, term_sets: Mapping[str, Any], seed: int) -> "FewZeroConfig":
        """From the `inputs.term_sets` section of a config."""
        given = {name: term_sets[name] for name in cls.__dataclass_fields__ if name in term_sets}
        return cls(seed=seed, **given)

    @property
    def needs_annotations(self) -> bool:
        """Whether the annotations themselves are needed, and not only their counts."""
        return self.zero_method in ("time", "release")


@dataclass(frozen=True, eq=False)
class TermCounts:
    """How many proteins have each term, propagated, nothing masked; int64 (T).

    Attributes:
        train_T: Training proteins.
        test_T: Test proteins.
    """

    train_T: NDArray[np.int64]
    test_T: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TermSources:
    """Sources of the sets of terms, besides the counts; each method needs one of them.

    Attributes:
        zero_list: For zero_method list: a file with one GO id per line.
        few_list: A file of few-shot terms, in place of few_max.
        annotations: For time and release: columns protein_id, go_id, hops, date (year-month-day or null); propagated,
            of all proteins.
        previous: For release: the terms of the older release.
    """

    zero_list: Path | str | None = None
    few_list: Path | str | None = None
    annotations: pd.DataFrame | None = None
    previous: Collection[str] | None = None


def make_term_sets(
    terms: pd.DataFrame, counts: TermCounts, config: FewZeroConfig, relations: list[str], sources: TermSources
) -> tuple[pd.DataFrame, Accounting]:
    """The set of every term.

    Args:
        terms: The ontology table.
        counts: In the order of `terms`.
        config: What makes the sets.
        relations: Relations to parents that labels follow.
        sources: Lists, annotations and the older release, where the config asks for them.

    Returns:
        go_id, term_set (common, few, zero: no training protein that training may see), held_out (masked on purpose);
        and how many terms each set has.

    Raises:
        GoferError: No source where one is needed, a source that masks all, or too few terms to draw from.
        InputError: A list names a root or a term unknown to the ontology, or a few-shot term is held out.
        ProblemsError: Several such terms.
    """
    accounting = Accounting()
    zero = _zero_terms(terms, counts, config, relations, sources, accounting)
    held_out_T = terms["go_id"].isin(GoGraph.of_terms(terms, relations).descendants(zero)).to_numpy(bool)
    seen_T = np.where(held_out_T, 0, counts.train_T)
    few = _few_terms(sources.few_list, terms, held_out_T, seen_T, accounting) if sources.few_list else None
    rare_T = seen_T <= config.few_max if few is None else terms["go_id"].isin(few).to_numpy(bool)
    names_T = np.select([seen_T == 0, rare_T], ["zero", "few"], "common")
    table = pd.DataFrame({"go_id": terms["go_id"].to_numpy(), "term_set": names_T, "held_out": held_out_T})
    check_term_sets(table, terms, seen_T, relations, few_max=config.few_max, few=few)
    for name, count in table["term_set"].value_counts().sort_index().items():
        accounting.add("terms", str(name), int(count))
    accounting.add("terms held out", f"zero_method {config.zero_method}", len(zero))
    below_T = held_out_T & ~terms["go_id"].isin(zero).to_numpy(bool)
    accounting.add("terms held out", "below those, with training proteins", int((counts.train_T[below_T] > 0).sum()))
    accounting.add("terms held out", "below those, without any", int((counts.train_T[below_T] == 0).sum()))
    return table, accounting


def _zero_terms(
    terms: pd.DataFrame,
    counts: TermCounts,
    config: FewZeroConfig,
    relations: list[str],
    sources: TermSources,
    accounting: Accounting,
) -> list[str]:
    # The terms to mask, without those below them.
    annotations = sources.annotations
    match config.zero_method:
        case "none":
            return []
        case "list" if sources.zero_list:
            return list(read_terms(sources.zero_list, terms, why_no_root=term_lists.ZERO_SHOT))
        case "sample":
            return sampled_terms(terms, counts, config, relations)
        case "time" if config.zero_from and annotations is not None:
            stated = annotations[annotations["hops"] == 0]
            undated = int(stated["date"].isna().sum())
            accounting.add("annotations without a date", "taken to be older than zero_from", undated)
            return late_terms(terms, stated, config.zero_from, relations)
        case "release" if sources.previous is not None and annotations is not None:
            new, annotated = new_terms(terms, sources.previous), set(annotations["go_id"])
            accounting.add("terms new in this release", "of some protein: held out", len(annotated & set(new)))
            accounting.add("terms new in this release", "of no protein: zero-shot anyway", len(set(new) - annotated))
            return [go_id for go_id in new if go_id in annotated]
    need = {"time": "zero_from", "release": "previous_ontology"}.get(config.zero_method, "a list")
    raise GoferError(
        f"inputs.term_sets.zero_method {config.zero_method} without {need}",
        help="give it, or set inputs.term_sets.zero_method to sample or none",
    )


def _few_terms(
    path: Path | str,
    terms: pd.DataFrame,
    held_out_T: NDArray[np.bool_],
    seen_T: NDArray[np.int64],
    accounting: Accounting,
) -> list[str]:
    # The listed terms that training has; the others can only be zero-shot.
    held_out, seen = set(terms.loc[held_out_T, "go_id"]), set(terms.loc[seen_T > 0, "go_id"])
    lines = read_terms(path, terms, why_no_root=term_lists.FEW_SHOT)
    with collected_problems() as problems:
        for go_id, line in sorted(lines.items(), key=lambda pair: pair[1]):
            if go_id in held_out:
                what = f"{go_id} is held out of training as zero-shot, so it cannot be few-shot"
                help_ = "take it from this list, or from what inputs.term_sets.zero_method masks"
                problems.add(InputError(what, path=path, line=line, help=help_))
    accounting.add("terms of few_list", "few-shot", len(lines.keys() & seen))
    for go_id in sorted(lines.keys() - seen):
        accounting.add("terms of few_list without a training protein, so zero-shot", go_id)
    return sorted(lines.keys() & seen)


def sampled_terms(terms: pd.DataFrame, counts: TermCounts, config: FewZeroConfig, relations: list[str]) -> list[str]:
    """Draw zero-shot terms, alternating between strata of aspect and depth.

    Terms that a test protein has are drawn first, since only they can be evaluated. No drawn term is below another.

    Raises:
        GoferError: There are fewer such terms than `zero_terms`.
    """
    rng = np.random.default_rng(config.seed)
    fits_T = (counts.train_T >= config.zero_min_proteins) & (counts.train_T <= config.zero_max_proteins)
    candidates = terms[["go_id", "aspect", "depth"]].assign(tested=counts.test_T > 0)
    candidates = candidates[fits_T & ~is_root(terms)].sort_values("go_id")
    graph = GoGraph.of_terms(terms, relations)
    chosen: list[str] = []
    barred: set[str] = set()
    for tested in (True, False):
        groups = candidates[candidates["tested"] == tested].groupby(["aspect", "depth"], sort=True)["go_id"]
        strata = [rng.permutation(group.to_numpy(str)).tolist() for _, group in groups]
        strata = [strata[number] for number in rng.permutation(len(strata))]
        for go_id in islice(_in_turn(strata, barred), config.zero_terms - len(chosen)):
            chosen.append(go_id)
            barred.update(graph.ancestors([go_id]), graph.descendants([go_id]))
    if len(chosen) < config.zero_terms:
        raise GoferError(
            f"only {len(chosen)} of {config.zero_terms} zero-shot terms can be drawn: terms with "
            f"{config.zero_min_proteins} to {config.zero_max_proteins} training proteins, none below another",
            help="ask for fewer (inputs.term_sets.zero_terms) or widen zero_min_proteins..zero_max_proteins",
        )
    return sorted(chosen)


def _in_turn(strata: list[list[str]], barred: set[str]) -> Iterator[str]:
    # `barred` grows while terms are drawn; in its turn a stratum gives its next free term.
    while any(strata):
        for stratum in strata:
            while stratum:
                if (go_id := stratum.pop()) not in barred:
                    yield go_id
                    break
