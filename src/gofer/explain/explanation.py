"""Everything that explains the scores of one protein, as tables.

Shapes: L residues, W windows, K terms, P sequences of the known proteins.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.artefacts import write_tsv
from gofer.errors import GoferError
from gofer.evaluation.faithfulness import DELETION, IMPACT, blocks_elsewhere, curves_of_protein, taken_first
from gofer.explain.score_parts import KINDS, Variants
from gofer.inputs.proteins.local_alignment import overlap
from gofer.retrieval.predictor import Predictor, described_as
from gofer.retrieval.query_file import QueryFile, QueryProtein
from gofer.retrieval.residue_evidence import ProteinEvidence, explain_packed

AVERAGE = "average protein"
MOST_RELATIVES = 20  # the most similar ones, each left out once
DRAWS = 20  # arrangements by chance that the residue evidence is compared with
LONGEST_CHECKED = 5_000  # residues; the comparison of a longer protein takes gigabytes
PARTS = ["go_id", "name", "aspect", "score", "part", "adds", "alone", "without"]
RELATIVES_TABLE = [
    "go_id", "protein_id", "name", "proteins", "similarity", "identity", "coverage", "has_term", "score_without",
]  # fmt: skip
WINDOWS = ["go_id", "first", "last", "cosine_drop", "score_without"]
RESIDUES_TABLE = ["go_id", "position", "residue", "attention", "cosine_drop", "score_drop"]
OTHER_TERM = "explain a term of the model's release: gofer search finds one by words"


@dataclass(frozen=True)
class TermNotes:
    """What is said of one term besides the tables.

    Attributes:
        go_id: The term.
        name: Its name.
        score: Score of the protein.
        same_as: The most specific term below it that has the same score, ""; then the score is that term's.
        evidence: Ranges of the windows without which the cosine would drop most; from 1, inclusive.
        without_evidence: The score without the residues of all these ranges; None where there are none, or all.
        deletion: Mean cosine while residues are removed in the order of their impact; None where it was not computed.
        deletion_by_chance: The same with stretches as long at random places, one figure for each draw.
    """

    go_id: str
    name: str
    score: float
    same_as: str
    evidence: list[tuple[int, int]]
    without_evidence: float | None
    deletion: float | None
    deletion_by_chance: list[float] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a protein has its scores of some terms.

    Attributes:
        protein: The protein.
        known_proteins: Number of proteins that the model and its banks know.
        known: Whether it is one of the model's known proteins: then its own labels are among the relatives'.
        aligned: Number of known sequences that it aligns with; the table holds the most similar of them.
        notes: Of each term.
        parts: Columns `PARTS`: what an average protein scores, and what each kind of evidence adds.
        relatives: Columns `RELATIVES_TABLE`.
        windows: Columns `WINDOWS`.
        residues: Columns `RESIDUES_TABLE`; attention is the protein's, and the same for every term.
    """

    protein: QueryProtein
    known_proteins: int
    known: bool
    aligned: int
    notes: list[TermNotes]
    parts: pd.DataFrame
    relatives: pd.DataFrame
    windows: pd.DataFrame
    residues: pd.DataFrame

    def write(self, folder: Path) -> list[Path]:
        """Write the tables; their paths."""
        tables = {"parts": self.parts, "relatives": self.relatives, "windows": self.windows, "residues": self.residues}
        for name, table in tables.items():
            write_tsv(folder / f"{name}.tsv", table)
        return [folder / f"{name}.tsv" for name in tables]


def chosen_protein(predictor: Predictor, named: str) -> QueryProtein:
    """The only protein of a FASTA file, or a known protein of the model by its id.

    Raises:
        GoferError: It is neither.
    """
    if Path(named).is_file():
        return QueryFile.of_one(named, help="give a file with one protein")
    bank = predictor.model.bank
    if named not in bank.protein_ids:
        what = f"{named} is neither a file nor a protein that the model {predictor.model.name} knows"
        raise GoferError(what, help="give a FASTA file with its sequence")
    row = bank.protein_ids.index(named)
    return QueryProtein(named, bank.sequences[row], bank.names[row])


def explain(predictor: Predictor, protein: QueryProtein, go_ids: Sequence[str]) -> Explanation:
    """Explain a protein's scores of some terms.

    Raises:
        GoferError: The model does not have a term, or it is a root.
    """
    model = predictor.model
    terms_K = np.array([model.row_of(go_id, help=OTHER_TERM) for go_id in dict.fromkeys(go_ids)])
    scorer, bank = model.scorer, model.bank
    if (root_K := scorer.space.is_root_T[terms_K]).any():
        root = scorer.space.go_ids[terms_K[root_K.argmax()]]
        raise GoferError(f"{root} is a root of GO: it is true of every protein", help="explain a term below it")
    [residues_LE] = predictor.residues([protein])
    z_1D, [evidence] = explain_packed(scorer.space.model, [residues_LE])
    described = described_as(z_1D, [residues_LE], [protein])
    expected = scorer.label_model.predict(described)
    variants = Variants(scorer, described, expected, model.average_vector)
    scores_T = scorer.scores(described, expected)[0]
    drop_WK = evidence.drops(scorer.space.z_TD[terms_K])
    without_WK = variants.without_windows(evidence.moved_WD, terms_K)
    aligned_P = np.zeros(len(bank.targets)) if expected.aligned_BP is None else expected.aligned_BP.toarray()[0]
    explaining = _Explaining(predictor, variants, evidence, residues_LE, scores_T, terms_K)
    return Explanation(
        protein,
        len(bank),
        protein.sequence in bank.targets,
        int((aligned_P > 0).sum()),
        [explaining.notes(place, drop_WK[:, place]) for place in range(len(terms_K))],
        explaining.parts(),
        explaining.relatives(aligned_P),
        explaining.windows(drop_WK, without_WK),
        explaining.residues(drop_WK, without_WK),
    )


@dataclass(frozen=True, eq=False)
class _Explaining:
    predictor: Predictor
    variants: Variants
    evidence: ProteinEvidence
    residues_LE: NDArray[np.float16]
    scores_T: NDArray[np.float32]
    terms_K: NDArray[np.int64]

    @property
    def ids(self) -> list[str]:
        return [self.predictor.model.space.go_ids[row] for row in self.terms_K]

    def parts(self) -> pd.DataFrame:
        found, terms, rows = self.variants.parts(self.terms_K), self.predictor.model.terms, []
        for place, row in enumerate(self.terms_K):
            facts = (*terms.loc[row, ["go_id", "name", "aspect"]], found.score_K[place])
            rows.append((*facts, AVERAGE, found.average_K[place], found.average_K[place], np.nan))
            for number, kind in enumerate(KINDS):
                figures = (table[number, place] for table in (found.part_3K, found.alone_3K, found.without_3K))
                rows.append((*facts, kind, *figures))
        return pd.DataFrame(rows, columns=PARTS)

    def relatives(self, aligned_P: NDArray) -> pd.DataFrame:
        bank, sequence = self.predictor.model.bank, self.variants.protein.sequences[0]
        columns = [int(column) for column in np.argsort(-aligned_P, kind="stable") if aligned_P[column] > 0]
        columns = columns[:MOST_RELATIVES]
        without_RK, rows = self.variants.without_relatives(columns, self.terms_K), []
        starts, proteins = bank.labels_NT.indptr, bank.labels_NT.indices
        having = [proteins[starts[term] : starts[term + 1]] for term in self.terms_K]
        for number, column in enumerate(columns):
            same = np.flatnonzero(bank.target_N == column)
            found, first = overlap(sequence, bank.targets[column]), int(same[0])
            for place in range(len(self.terms_K)):
                has = np.isin(same, having[place]).any()
                facts = (self.ids[place], bank.protein_ids[first], bank.names[first], len(same), aligned_P[column])
                has_term = "yes" if has else "no"
                rows.append((*facts, found.identity, found.covered, has_term, without_RK[number, place]))
        table = pd.DataFrame(rows, columns=RELATIVES_TABLE)
        order = {go_id: place for place, go_id in enumerate(self.ids)}
        return table.sort_values("go_id", key=lambda ids: ids.map(order), kind="stable", ignore_index=True)

    def windows(self, drop_WK: NDArray, without_WK: NDArray) -> pd.DataFrame:
        ranges = [self.evidence.layout.residue_range(0, window) for window in range(len(drop_WK))]
        rows = [
            (go_id, *ranges[window], drop_WK[window, place], without_WK[window, place])
            for place, go_id in enumerate(self.ids)
            for window in range(len(ranges))
        ]
        return pd.DataFrame(rows, columns=WINDOWS)

    def residues(self, drop_WK: NDArray, without_WK: NDArray) -> pd.DataFrame:
        sequence = self.variants.protein.sequences[0]
        tables = []
        for place, go_id in enumerate(self.ids):
            lost_W = (self.scores_T[self.terms_K[place]] - without_WK[:, place]).astype(np.float32)
            columns = {
                "go_id": go_id,
                "position": np.arange(1, len(sequence) + 1),
                "residue": list(sequence),
                "attention": self.evidence.attention_L,
                "cosine_drop": self.evidence.residue_impact(drop_WK[:, place]),
                "score_drop": self.evidence.residue_impact(lost_W),
            }
            tables.append(pd.DataFrame(columns)[RESIDUES_TABLE])
        return pd.concat(tables, ignore_index=True)

    def notes(self, place: int, drop_W: NDArray) -> TermNotes:
        model, row = self.predictor.model, int(self.terms_K[place])
        ranges = self.evidence.ranges(drop_W, windows=model.settings["evidence_windows"])
        alone = len(drop_W) == 1
        return TermNotes(
            self.ids[place],
            model.terms["name"][row],
            float(self.scores_T[row]),
            self._same_as(row),
            ranges,
            None if alone or not ranges else self._without(ranges, row),
            *self._deletion(drop_W, row),
        )

    def _same_as(self, row: int) -> str:
        # A term's score is never below that of a more specific one, and often is that one.
        space = self.predictor.model.space
        hops = space.graph.descendants([space.go_ids[row]])
        below = pd.Index(space.go_ids).get_indexer(pd.Index(list(hops)))
        same = [(hops[space.go_ids[r]], space.go_ids[r]) for r in below if self.scores_T[r] >= self.scores_T[row]]
        return max(same)[1] if max(same)[0] else ""

    def _without(self, ranges: list[tuple[int, int]], row: int) -> float | None:
        stays_L = np.ones(len(self.residues_LE), bool)
        for first, last in ranges:
            stays_L[first - 1 : last] = False
        if not stays_L.any():
            return None
        z_1D, _ = explain_packed(self.predictor.model.space.model, [self.residues_LE[stays_L]])
        moved_1D = self.variants.protein.vectors_BD - z_1D
        return float(self.variants.without_windows(moved_1D, np.array([row]))[0, 0])

    def _deletion(self, drop_W: NDArray, row: int) -> tuple[float | None, list[float]]:
        # The area under the deletion curve, and those of stretches as long at random places.
        if len(drop_W) == 1 or len(self.residues_LE) > LONGEST_CHECKED:
            return None, []
        model, z_D = self.predictor.model.space.model, self.predictor.model.space.z_TD[row]
        taken_FL, rng = taken_first(self.evidence.residue_impact(drop_W)), np.random.default_rng(0)
        curves = curves_of_protein(model, self.residues_LE, {IMPACT: taken_FL}, z_D)
        drawn = [
            curves_of_protein(model, self.residues_LE, {IMPACT: blocks_elsewhere(taken_FL, rng)}, z_D)
            for _ in range(DRAWS)
        ]
        return float(curves[DELETION, IMPACT].mean()), [float(one[DELETION, IMPACT].mean()) for one in drawn]
