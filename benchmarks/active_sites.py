"""Do evidence residues hit active sites? Well-known catalytic and metal-binding residues against a model's evidence.

    python benchmarks/active_sites.py swissprot_2014.fasta
    python benchmarks/active_sites.py swissprot_2014.fasta --model results/swissprot/model/swissprot.gofer

The residues are in active_sites.tsv, in the numbering of UniProt's sequences: facts of textbooks and of UniProt's
active-site lines, written down from memory. Each is checked against the sequence: another amino acid at its place, or
a consensus motif (small letters are the residues meant) that is not there, ends the run.

For each protein and its term, orders of its residues: the impact of windows on the similarity with the term, what
`gofer explain` writes as cosine_drop; the same of all other terms (mean), which says whether the place depends on the
term; attention; the mean attention of the same amino acid in the other proteins, since sites are of few kinds; impact
and attention by the sum of their ranks; how near to the middle, since active sites rarely are at an end.

Figures: AUROC of the sites among all residues (chance .5); share of the sites within 3 residues of the best 5 %, and
the same of all residues, which is chance. Each term counts once, as the mean of its proteins; intervals (95 %) are over
terms.
"""

import argparse
import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from gofer.errors import InputError
from gofer.inputs.proteins.protein_table import ProteinReader
from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.names import SHIPPED_MODEL
from gofer.retrieval.predictor import Predictor
from gofer.retrieval.query_file import QueryProtein
from gofer.retrieval.residue_evidence import ProteinEvidence, explain_packed
from gofer.retrieval.trained_model import TrainedModel

FACTS = Path(__file__).with_suffix(".tsv")
BEST, NEAR = 0.05, 3
IMPACT, OTHERS, ATTENTION, MIDDLE = "impact", "impact on other terms", "attention", "near the middle"
KIND, BOTH = "attention to the amino acid", "impact and attention"
ORDERS = (IMPACT, OTHERS, ATTENTION, KIND, BOTH, MIDDLE)

Found = dict[str, dict[str, float]]  # by order and figure


def sites_of(row: Mapping[str, str], number: int, sequence: str) -> NDArray[np.int64]:
    """Places of the sites, from 0.

    Args:
        row: Of the facts.
        number: Its line.
        sequence: Of the protein.

    Raises:
        InputError: A site is another amino acid, or a motif is not there.
    """
    places = [int(site[1:]) - 1 for site in row["sites"].split()]
    for site, place in zip(row["sites"].split(), places, strict=True):
        if sequence[place : place + 1] != site[0]:
            found = sequence[place : place + 1] or "the end"
            what = f"{row['accession']} has {found}, not {site[0]}, at {site[1:]}"
            raise InputError(what, path=FACTS, line=number, help="give the number in UniProt's sequence")
    for motif in row["motifs"].split():
        meant = [place for place, letter in enumerate(motif) if letter.islower()] or [None]
        starts = [match.start() for match in re.finditer(f"(?={motif.upper()})", sequence)]
        if not any(all(place is None or start + place in places for place in meant) for start in starts):
            what = f"{row['accession']} has no {motif} with its small letters at the sites"
            raise InputError(what, path=FACTS, line=number, help="correct the motif or the sites")
    return np.array(places)


def read_facts(fasta: Path) -> Iterator[tuple[QueryProtein, str, NDArray[np.int64]]]:
    """Protein, GO id and sites of each row of the facts."""
    with FACTS.open() as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    wanted, sequence_of = {row["accession"] for row in rows}, {}
    for batch in ProteinReader([fasta]).batches():
        pairs = zip(batch["protein_id"].to_pylist(), batch["sequence"].to_pylist(), strict=True)
        sequence_of |= {protein_id: sequence for protein_id, sequence in pairs if protein_id in wanted}
    for number, row in enumerate(rows, start=2):
        if (accession := row["accession"]) not in sequence_of:
            raise InputError(f"{fasta} has no {accession}", path=FACTS, line=number, help="give Swiss-Prot of 2014")
        sequence = sequence_of[accession]
        yield QueryProtein(accession, sequence, row["protein"]), row["go_id"], sites_of(row, number, sequence)


def figures(importance_L: NDArray, sites: NDArray[np.int64]) -> dict[str, float]:
    """AUROC of the sites among all residues, ties half; share of sites, and of residues, near the best ones."""
    rank_L, n_sites, length = rankdata(importance_L), len(sites), len(importance_L)
    auroc = (rank_L[sites].sum() - n_sites * (n_sites + 1) / 2) / (n_sites * (length - n_sites))
    best = np.argsort(-importance_L, kind="stable")[: max(1, round(BEST * length))]
    near_L = np.zeros(length, bool)
    for place in best:
        near_L[max(0, place - NEAR) : place + NEAR + 1] = True
    return {"AUROC": float(auroc), "hit": float(near_L[sites].mean()), "hit by chance": float(near_L.mean())}


def of_amino_acids(proteins: Iterable[tuple[QueryProtein, ProteinEvidence]]) -> dict[str, float]:
    """Mean attention of each amino acid, 1 where attention is even."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    for protein, evidence in proteins:
        for letter, attention in zip(protein.sequence, evidence.attention_L * len(protein.sequence), strict=True):
            found[letter].append(float(attention))
    return {letter: float(np.mean(values)) for letter, values in found.items()}


def orders(
    protein: QueryProtein, evidence: ProteinEvidence, z_D: NDArray, other_TD: NDArray, kinds: Mapping[str, float]
) -> dict[str, NDArray]:
    """Importance of each residue, by the name of the order."""
    length, impact_L = len(protein.sequence), evidence.residue_impact(evidence.drops(z_D[None])[:, 0])
    others = [evidence.residue_impact(drop_W) for drop_W in evidence.drops(other_TD).T]
    return {
        IMPACT: impact_L,
        OTHERS: np.mean([rankdata(one) for one in others], axis=0),
        ATTENTION: evidence.attention_L,
        KIND: np.array([kinds.get(letter, 1) for letter in protein.sequence]),
        BOTH: rankdata(impact_L) + rankdata(evidence.attention_L),
        MIDDLE: -np.abs(np.arange(length) - (length - 1) / 2),
    }


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fasta", type=Path, help="all of Swiss-Prot 2014")
    parser.add_argument("--model", type=Path, default=SHIPPED_MODEL)
    options = parser.parse_args()
    facts, model = list(read_facts(options.fasta)), TrainedModel(options.model)
    predictor, space = Predictor(model), model.scorer.space
    row_of = {go_id: model.row_of(go_id, help="correct active_sites.tsv") for _, go_id, _ in facts}
    found: defaultdict[str, list[Found]] = defaultdict(list)
    read = [(protein, explain_packed(space.model, predictor.residues([protein]))[1][0]) for protein, *_ in facts]
    for (protein, evidence), (_, go_id, sites) in zip(read, facts, strict=True):
        kinds = of_amino_acids(other for other in read if other[0] is not protein)
        others = [row for other, row in row_of.items() if other != go_id]
        by_order = orders(protein, evidence, space.z_TD[row_of[go_id]], space.z_TD[others], kinds)
        found[go_id].append({name: figures(values_L, sites) for name, values_L in by_order.items()})
    draws_NT = Bootstrap(resamples=1000).draws(len(found))
    total_N = draws_NT.sum(axis=1)

    def means(name: str, figure: str) -> NDArray:
        return draws_NT @ [np.mean([one[name][figure] for one in proteins]) for proteins in found.values()] / total_N

    print(f"{len(facts)} proteins, {len(found)} terms, {sum(len(sites) for *_, sites in facts)} sites")
    print("| order | AUROC | impact less it | hit | residues so near | hit less chance |\n|---|---|---|---|---:|---|")
    for name in ORDERS:
        auroc, hit, chance = (means(name, figure) for figure in ("AUROC", "hit", "hit by chance"))
        less = "" if name == IMPACT else shown(means(IMPACT, "AUROC") - auroc)
        print(f"| {name} | {shown(auroc)} | {less} | {shown(hit)} | {chance[0]:.3f} | {shown(hit - chance)} |")


def shown(values_N: NDArray) -> str:
    """Value and interval."""
    one = interval(values_N, UNBOUNDED)
    return f"{one['value']:.3f} [{one['low']:.3f}, {one['high']:.3f}]"


if __name__ == "__main__":
    main()
