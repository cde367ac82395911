"""From proteins to the rows of predictions.tsv, some proteins at a time.

Proteins are taken in chunks that their order and lengths alone decide, so that a row never depends on how the work was
divided. Scores of one chunk are computed together; they are those of each protein alone to 1e-6.
Shapes: B proteins of a chunk, T terms, K terms kept of a protein.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.packing import tight_batches
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.nearest_known import NearestKnown
from gofer.retrieval.prediction_rows import Cutoffs, TermFacts, kept_rows
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.residue_evidence import ProteinEvidence, as_text, explain_packed
from gofer.retrieval.trained_model import TrainedModel

MOST_PROTEINS = 64
MOST_RESIDUES = 32_768  # of a chunk; a longer protein is a chunk of its own
BATCH_RESIDUES = 8_192  # of a forward pass of the encoder
NO_EVIDENCE = "masking lowers it nowhere"
WHOLE = "too short to be cut"
SYNTHETIC = "trained on a synthetic world: it says nothing about real proteins"


@dataclass(frozen=True)
class QueryProtein:
    """A protein to predict for."""

    protein_id: str
    sequence: str
    description: str = ""


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was predicted for a chunk.

    Attributes:
        table: Columns `PREDICTIONS`.
        not_predicted: Columns `NOT_PREDICTED`: proteins without a recommended term, and why.
        proteins: Columns protein_id, description of all proteins of the chunk.
    """

    table: pd.DataFrame
    not_predicted: pd.DataFrame
    proteins: pd.DataFrame


def chunks(proteins: Iterable[QueryProtein]) -> Iterator[list[QueryProtein]]:
    """Neighbours, at most `MOST_PROTEINS` and `MOST_RESIDUES` together; by their order and lengths alone."""
    held: list[QueryProtein] = []
    residues = 0
    for protein in proteins:
        if held and (len(held) == MOST_PROTEINS or residues + len(protein.sequence) > MOST_RESIDUES):
            yield held
            held, residues = [], 0
        held.append(protein)
        residues += len(protein.sequence)
    if held:
        yield held


class Predictor:
    """A model ready to predict.

    Args:
        model: The model.
        percent: Recommended are terms that were right so often on validation proteins: 50, 70 or 90.
        device: Of the residue encoder: auto, cpu or cuda.
    """

    def __init__(self, model: TrainedModel, *, percent: int = 50, device: str = "auto") -> None:
        self.model = model
        self.percent = percent
        self.device = device

    @cached_property
    def encoder(self) -> ResidueEncoder:
        """The residue encoder."""
        return self.model.encoder(self.device)

    @cached_property
    def _facts(self) -> TermFacts:
        space, cutoffs = self.model.scorer.space, Cutoffs.of_percent(self.model.cutoffs, self.percent)
        name = f"{self.model.name} ({SYNTHETIC})" if self.model.card["synthetic"] else self.model.name
        return TermFacts.of_terms(space.terms, space.graph, cutoffs, name)

    @cached_property
    def _nearest(self) -> NearestKnown:
        return NearestKnown(self.model.bank)

    def of_chunk(self, proteins: Sequence[QueryProtein]) -> Predicted:
        """Predict for the proteins of one chunk.

        Raises:
            GoferError: There is no memory for one of them.
        """
        residues = self._residues(proteins)
        z_BD, evidence = self._explained(residues)
        sequences = [protein.sequence for protein in proteins]
        described = Described(z_BD, np.stack([summary(residues_LE) for residues_LE in residues]), sequences)
        scorer, settings = self.model.scorer, self.model.settings
        expected = scorer.label_model.predict(described)
        scores_BT = scorer.scores(described, expected)
        keep_BT = scorer.space.to_keep(scores_BT, min_score=settings["min_score"], max_terms=settings["max_terms"])
        cosine_BN = z_BD @ self.model.bank.vectors_ND.T
        tables, without = [], []
        for row, protein in enumerate(proteins):
            table, columns = kept_rows(self._facts, protein.protein_id, scores_BT[row], keep_BT[row])
            aligned_P = None if expected.aligned_BP is None else expected.aligned_BP[[row]].toarray()[0]
            table = table.assign(
                **self._nearest.columns(protein.sequence, cosine_BN[row], aligned_P, columns),
                **self._evidence(evidence[row], columns),
            )
            tables.append(table)
            if reason := self._facts.why_none(table, settings["min_score"]):
                without.append((protein.protein_id, len(protein.sequence), reason))
        return Predicted(
            self._facts.joined(tables),
            pd.DataFrame(without, columns=["protein_id", "length", "reason"]),
            pd.DataFrame([(p.protein_id, p.description) for p in proteins], columns=["protein_id", "description"]),
        )

    def _residues(self, proteins: Sequence[QueryProtein]) -> list[NDArray[np.float16]]:
        # As a store of residue embeddings would give them, each distinct sequence once.
        name_of = {protein.sequence: protein.protein_id for protein in reversed(proteins)}
        different = sorted(name_of)
        found = self.encoder.embed(
            different,
            batch_residues=BATCH_RESIDUES,
            window_overlap=self.model.window_overlap,
            names=[name_of[sequence] for sequence in different],
        )
        vectors = {different[position]: residues_LE.astype(np.float16) for position, residues_LE in found}
        return [vectors[protein.sequence] for protein in proteins]

    def _explained(self, residues: Sequence[NDArray[np.float16]]) -> tuple[NDArray[np.float32], list[ProteinEvidence]]:
        model = self.model.scorer.space.model
        z_BD = np.zeros((len(residues), model.sizes.shared_width), np.float32)
        evidence: list[ProteinEvidence | None] = [None] * len(residues)
        for rows in tight_batches([len(residues_LE) for residues_LE in residues], most=BATCH_RESIDUES):
            z_BD[rows], found = explain_packed(model, [residues[row] for row in rows])
            for row, own in zip(rows, found, strict=True):
                evidence[row] = own
        return z_BD, [own for own in evidence if own is not None]

    def _evidence(self, own: ProteinEvidence, columns: NDArray[np.int64]) -> dict[str, list[str]]:
        drop_WK = own.drops(self.model.scorer.space.z_TD[columns])
        windows = self.model.settings["evidence_windows"]
        ranges = [as_text(own.ranges(drop_W, windows=windows)) for drop_W in drop_WK.T]
        alone = WHOLE if len(own.moved_WD) == 1 else ""
        return {"evidence": ranges, "evidence_note": [alone if text else NO_EVIDENCE for text in ranges]}
