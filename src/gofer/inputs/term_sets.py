"""Which terms are common, few-shot or zero-shot, and which are masked on purpose.

A zero-shot term leaves training with everything below it; what lies above it stays.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.errors import GoferError, InputError
from gofer.inputs.compressed import read_ids
from gofer.inputs.ontology import children_of, descendants_of, parents_of, reached


@dataclass(frozen=True)
class FewZeroConfig:
    """What makes a term few-shot or zero-shot.

    Attributes:
        few_max: Few-shot terms have 1..few_max training proteins.
        zero_method: list (a file names the zero-shot terms), sample (they are drawn) or none.
        zero_terms: For sample: how many.
        zero_min_proteins: For sample: fewest training proteins of a term, before it is masked.
        zero_max_proteins: For sample: most training proteins.
        seed: Of the draw.
    """

    few_max: int
    zero_method: str
    zero_terms: int
    zero_min_proteins: int
    zero_max_proteins: int
    seed: int

    @classmethod
    def from_config(cls, term_sets: Mapping[str, Any], seed: int) -> "FewZeroConfig":
        """From the `inputs.term_sets` section of a config."""
        numbers = ("few_max", "zero_terms", "zero_min_proteins", "zero_max_proteins")
        return cls(zero_method=term_sets["zero_method"], seed=seed, **{name: int(term_sets[name]) for name in numbers})


@dataclass(frozen=True, eq=False)
class TermCounts:
    """How many proteins have each term, propagated, nothing masked; int64 (T).

    Attributes:
        train_T: Training proteins.
        test_T: Test proteins.
    """

    train_T: NDArray[np.int64]
    test_T: NDArray[np.int64]


def make_term_sets(
    terms: pd.DataFrame,
    counts: TermCounts,
    config: FewZeroConfig,
    relations: list[str],
    *,
    zero_list: Path | str | None = None,
) -> pd.DataFrame:
    """The set of every term.

    Args:
        terms: The ontology table.
        counts: In the order of `terms`.
        config: What makes the sets.
        relations: Relations over which a term lies below another.
        zero_list: For method list, a file with one GO id per line.

    Returns:
        go_id, term_set (common, few, zero: no training protein that training may see), held_out (masked on purpose).

    Raises:
        GoferError: No list where one is needed, a list that masks all, or too few terms to draw from.
        InputError: The list names a root or a term unknown to the ontology.
    """
    match config.zero_method:
        case "none":
            zero: list[str] = []
        case "list" if zero_list:
            zero = listed_terms(zero_list, terms)
        case "sample":
            zero = sampled_terms(terms, counts, config, relations)
        case _:
            raise GoferError(
                f"inputs.term_sets.zero_method {config.zero_method} without a list",
                help="give inputs.term_sets.zero_list, or set zero_method to sample or none",
            )
    held_out_T = terms["go_id"].isin(descendants_of(terms, relations, zero)).to_numpy(bool)
    seen_T = np.where(held_out_T, 0, counts.train_T)
    names_T = np.select([seen_T == 0, seen_T <= config.few_max], ["zero", "few"], "common")
    table = pd.DataFrame({"go_id": terms["go_id"].to_numpy(), "term_set": names_T, "held_out": held_out_T})
    check_term_sets(table, terms, seen_T, config, relations)
    return table


def listed_terms(path: Path | str, terms: pd.DataFrame) -> list[str]:
    """The terms of a list file, alternative ids replaced by their main id.

    Raises:
        InputError: An id that is no live term, or a root.
    """
    main = {alt: go_id for go_id, alts in zip(terms["go_id"], terms["alt_ids"], strict=True) for alt in alts}
    depth = dict(zip(terms["go_id"], terms["depth"], strict=True))
    chosen = []
    for named, line in read_ids(path).items():
        go_id = named if named in depth else main.get(named, named)
        if go_id not in depth:
            raise InputError(
                f"{named} is not a live term of this GO release", path=path, line=line, help="correct or remove it"
            )
        if depth[go_id] == 0:
            raise InputError(
                f"{named} is a root: masking it would mask its whole aspect",
                path=path,
                line=line,
                help="name terms below the roots",
            )
        chosen.append(go_id)
    return sorted(set(chosen))


def sampled_terms(terms: pd.DataFrame, counts: TermCounts, config: FewZeroConfig, relations: list[str]) -> list[str]:
    """Draw zero-shot terms, one stratum of aspect and depth after the other.

    Terms that a test protein has are taken first, since no others can be measured. No drawn term lies below another.

    Raises:
        GoferError: There are fewer such terms than asked for.
    """
    rng = np.random.default_rng(config.seed)
    fits_T = (counts.train_T >= config.zero_min_proteins) & (counts.train_T <= config.zero_max_proteins)
    candidates = terms[["go_id", "aspect", "depth"]].assign(tested=counts.test_T > 0)
    candidates = candidates[fits_T & (terms["depth"] > 0).to_numpy()].sort_values("go_id")
    up = parents_of(terms, relations)
    down = children_of(up)
    chosen: list[str] = []
    barred: set[str] = set()
    for tested in (True, False):
        groups = candidates[candidates["tested"] == tested].groupby(["aspect", "depth"], sort=True)["go_id"]
        strata = [rng.permutation(group.to_numpy(str)).tolist() for _, group in groups]
        strata = [strata[number] for number in rng.permutation(len(strata))]
        for go_id in islice(_in_turn(strata, barred), config.zero_terms - len(chosen)):
            chosen.append(go_id)
            barred.update(reached(up, [go_id]), reached(down, [go_id]))
    if len(chosen) < config.zero_terms:
        raise GoferError(
            f"only {len(chosen)} of {config.zero_terms} zero-shot terms can be drawn: terms with "
            f"{config.zero_min_proteins} to {config.zero_max_proteins} training proteins, none below another",
            help="ask for fewer (inputs.term_sets.zero_terms) or widen zero_min_proteins..zero_max_proteins",
        )
    return sorted(chosen)


def _in_turn(strata: list[list[str]], barred: set[str]) -> Iterator[str]:
    # `barred` grows while terms are taken; a stratum gives its next free term before its turn is over.
    while any(strata):
        for stratum in strata:
            while stratum:
                if (go_id := stratum.pop()) not in barred:
                    yield go_id
                    break


def check_term_sets(
    table: pd.DataFrame, terms: pd.DataFrame, seen_T: NDArray[np.int64], config: FewZeroConfig, relations: list[str]
) -> None:
    """Every invariant of the sets, in one place.

    Raises:
        GoferError: A root is held out, a held-out term has a child that is not, a set disagrees with the counts, or
            training would see no term at all.
    """
    held_out = set(table.loc[table["held_out"], "go_id"])
    roots = set(terms.loc[terms["depth"] == 0, "go_id"])
    if held_out & roots:
        raise GoferError(
            f"the zero-shot terms would mask the root {min(held_out & roots)}",
            help="choose terms whose descendants (inputs.relations) do not include a root",
        )
    if escaped := descendants_of(terms, relations, held_out) - held_out:
        raise GoferError(f"{min(escaped)} lies below a held-out term but is not held out")
    wrong_T = ((table["term_set"] == "zero") != (seen_T == 0)) | (
        (table["term_set"] == "few") != ((seen_T > 0) & (seen_T <= config.few_max))
    )
    if wrong_T.any():
        raise GoferError(f"{table.loc[wrong_T, 'go_id'].iloc[0]} is in the wrong set for its training proteins")
    if not ((seen_T > 0) & (terms["depth"] > 0).to_numpy()).any():
        raise GoferError("no term is left for training", help="mask fewer terms (inputs.term_sets)")
