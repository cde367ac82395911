"""From proteins to the rows of predictions.tsv, some proteins at a time.

Proteins are taken in chunks by their order and lengths only, so that a row never depends on how the work was
divided. Scores of one chunk are computed together; they are those of each protein alone to 1e-6.
Shapes: B proteins of a chunk, T terms, K terms kept of a protein.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gofer.embeddings.packing import tight_batches
from gofer.embeddings.residues.residue_encoder import ResidueEncoder
from gofer.errors import GoferError
from gofer.retrieval.bank import Bank
from gofer.retrieval.cutoffs import PERCENTS, RECOMMENDED
from gofer.retrieval.features.residue_summary import summary
from gofer.retrieval.impossible_terms import ImpossibleTerms
from gofer.retrieval.nearest_known import NearestKnown
from gofer.retrieval.prediction_rows import Cutoffs, TermFacts, kept_rows
from gofer.retrieval.protein_vectors import Described
from gofer.retrieval.query_file import QueryProtein, chunks
from gofer.retrieval.residue_evidence import ProteinEvidence, as_text, explain_packed
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.stated_terms import StatedTerms
from gofer.retrieval.trained_model import TrainedModel
from gofer.tables import IMPOSSIBLE, NOT_PREDICTED

BATCH_RESIDUES = 8_192  # of a forward pass of the encoder
NO_EVIDENCE = "masking lowers it nowhere"
WHOLE = "too short to be cut"
PROTEINS = ["protein_id", "description", "length"]
SYNTHETIC = "trained on a synthetic world: it says nothing about real proteins"


@dataclass(frozen=True, eq=False)
class Predicted:
    """What was predicted for a chunk.

    Attributes:
        table: Columns `PREDICTIONS`.
        not_predicted: Columns `NOT_PREDICTED`: proteins without a recommended term, and why.
        proteins: Columns `PROTEINS` of all proteins of the chunk.
        impossible: Columns `IMPOSSIBLE`: predictions that were removed, since they cannot be true in the taxon.
    """

    table: pd.DataFrame
    not_predicted: pd.DataFrame
    proteins: pd.DataFrame
    impossible: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=IMPOSSIBLE))


@dataclass(frozen=True, eq=False)
class ChunkScorer:
    """From residue embeddings to rows.

    Attributes:
        scorer: Scores proteins.
        bank: The known proteins; columns of labels are the scorer's terms.
        facts: Of these terms.
        min_score: Lowest score that is reported.
        max_terms: Most terms of a protein.
        evidence_windows: Windows of evidence of a prediction.
        impossible: Terms that are removed; None for none.
    """

    scorer: Scorer
    bank: Bank
    facts: TermFacts
    min_score: float
    max_terms: int
    evidence_windows: int
    impossible: ImpossibleTerms | None = None

    def predict(
        self,
        proteins: Sequence[QueryProtein],
        residues: Sequence[NDArray[np.float16]],
        stated: StatedTerms | None = None,
    ) -> Predicted:
        """Predict for some proteins.

        Args:
            proteins: The proteins.
            residues: Residue embeddings (L, E) of each.
            stated: What is stated of proteins already, these among them.
        """
        stated = stated and stated.of_proteins([protein.protein_id for protein in proteins])
        z_BD, evidence = self.explained(residues)
        described, space = described_as(z_BD, residues, proteins), self.scorer.space
        expected = self.scorer.label_model.predict(described)
        scores_BT = self.scorer.scores(described, expected, stated)
        possible_BT = scores_BT
        if self.impossible is not None:
            possible_BT = np.where(self.impossible.is_impossible_T, np.float32(0), scores_BT)
        keep_BT = space.to_keep(possible_BT, min_score=self.min_score, max_terms=self.max_terms)
        cosine_BV, nearest = z_BD @ self.bank.vectors_VD.T, NearestKnown(self.bank)
        tables, without, removed = [], [], []
        for row, protein in enumerate(proteins):
            table, terms_K = kept_rows(self.facts, protein.protein_id, scores_BT[row], keep_BT[row])
            aligned_P = None if expected.aligned_BP is None else expected.aligned_BP[[row]].toarray()[0]
            nearest_K = nearest.columns(protein.sequence, cosine_BV[row], aligned_P, terms_K)
            notes_K = None if stated is None else self._notes(stated, row, terms_K)
            tables.append(table.assign(**nearest_K, **self._evidence(evidence[row], terms_K, notes_K)))
            if self.impossible is not None:
                removed += self.impossible.removed(protein.protein_id, scores_BT[row], space.terms, self.min_score)
            if reason := self.facts.why_none(table, self.min_score):
                without.append((protein.protein_id, len(protein.sequence), reason))
        return Predicted(
            self.facts.joined(tables),
            pd.DataFrame(without, columns=NOT_PREDICTED),
            pd.DataFrame([(p.protein_id, p.description, len(p.sequence)) for p in proteins], columns=PROTEINS),
            pd.DataFrame(removed, columns=IMPOSSIBLE),
        )

    def explained(self, residues: Sequence[NDArray[np.float16]]) -> tuple[NDArray[np.float32], list[ProteinEvidence]]:
        """Vectors (B, D), and what each window contributes."""
        # Proteins of similar lengths together, since windows are padded to those of the longest.
        model = self.scorer.space.model
        z_BD = np.zeros((len(residues), model.sizes.shared_width), np.float32)
        found: dict[int, ProteinEvidence] = {}
        for rows in tight_batches([len(residues_LE) for residues_LE in residues], most=BATCH_RESIDUES):
            z_BD[rows], evidence = explain_packed(model, [residues[row] for row in rows])
            found |= dict(zip(rows, evidence, strict=True))
        return z_BD, [found[row] for row in range(len(residues))]

    def _notes(self, stated: StatedTerms, row: int, terms_K: NDArray[np.int64]) -> list[str]:
        own = self.scorer.own
        return stated.notes(row, terms_K) if own is None else own.notes(stated, row, self._go_ids, terms_K)

    @cached_property
    def _go_ids(self) -> pd.Index:
        return pd.Index(self.scorer.space.go_ids)

    def _evidence(
        self, protein: ProteinEvidence, terms_K: NDArray[np.int64], notes_K: list[str] | None
    ) -> dict[str, list[str]]:
        drop_WK = protein.drops(self.scorer.space.z_TD[terms_K])
        ranges = [as_text(protein.ranges(drop_W, windows=self.evidence_windows)) for drop_W in drop_WK.T]
        alone = WHOLE if len(protein.moved_WD) == 1 else ""
        why_K = [alone if text else NO_EVIDENCE for text in ranges]
        if notes_K is not None:
            why_K = ["; ".join(filter(None, both)) for both in zip(notes_K, why_K, strict=True)]
        return {"evidence": ranges, "evidence_note": why_K}


class Predictor:
    """A model ready to predict.

    Args:
        model: The model.
        percent: Recommended are terms that were right so often on validation proteins: 50, 70 or 90.
        device: Of the residue encoder: auto, cpu or cuda.
        impossible: Terms that are removed from predictions; None for none.
    """

    def __init__(
        self,
        model: TrainedModel,
        *,
        percent: int = RECOMMENDED,
        device: str = "auto",
        impossible: ImpossibleTerms | None = None,
    ) -> None:
        if percent not in PERCENTS:
            known = ", ".join(map(str, PERCENTS))
            raise GoferError(f"a precision of {percent} percent was not measured", help=f"choose one of {known}")
        self.model = model
        self.percent = percent
        self.device = device
        self.impossible = impossible

    @cached_property
    def encoder(self) -> ResidueEncoder:
        """The residue encoder."""
        return self.model.encoder(self.device)

    @cached_property
    def _scorer(self) -> ChunkScorer:
        scorer, bank, settings = self.model.scorer, self.model.bank, self.model.settings
        name = f"{self.model.name} ({SYNTHETIC})" if self.model.card["synthetic"] else self.model.name
        cutoffs = Cutoffs.of_percent(self.model.cutoffs, self.percent)
        facts = TermFacts.of_terms(scorer.space.terms, scorer.space.graph, cutoffs, name)
        reported = settings["min_score"], settings["max_terms"], settings["evidence_windows"]
        return ChunkScorer(scorer, bank, facts, *reported, self.impossible)

    def load(self) -> None:
        """Read all that is needed, so that several threads can predict."""
        _ = self._scorer, self.encoder, self.model.scorer.related, self.model.bank.target_N
        _ = self.model.bank.labels_by_protein_NT
        _ = self.model.scorer.space.graph.height_T, self.model.window_overlap

    def search_ahead(self, proteins: Sequence[QueryProtein], *, threads: int = 1) -> None:
        """Search for the relatives of many proteins at once, where the model knows so many that DIAMOND does it.

        Args:
            proteins: Of the chunks to come.
            threads: Number of threads; they change only the time.
        """
        if (aligner := self.model.scorer.label_model.aligner) is not None and proteins:
            aligner.search_ahead([protein.sequence for protein in proteins], threads=threads)

    def of_chunk(self, proteins: Sequence[QueryProtein], stated: StatedTerms | None = None) -> Predicted:
        """Predict for the proteins of one chunk; what is stated of them already counts.

        Raises:
            GoferError: There is no memory for one of them.
        """
        return self._scorer.predict(proteins, self.residues(proteins), stated)

    def vectors(self, proteins: Iterable[QueryProtein]) -> NDArray[np.float32]:
        """Vectors in the shared space, (N, D)."""
        parts = [self._scorer.explained(self.residues(chunk))[0] for chunk in chunks(proteins)]
        return np.concatenate(parts) if parts else np.zeros((0, self.model.bank.vectors_VD.shape[1]), np.float32)

    def described(self, proteins: Sequence[QueryProtein]) -> Described:
        """What the scorer reads of some proteins."""
        residues = self.residues(proteins)
        return described_as(self._scorer.explained(residues)[0], residues, proteins)

    def residues(self, proteins: Sequence[QueryProtein]) -> list[NDArray[np.float16]]:
        """Residue embeddings (L, E) of each, as a store would give them; each distinct sequence is embedded once."""
        name_of = {protein.sequence: protein.protein_id for protein in reversed(proteins)}
        different = sorted(name_of)
        found = self.encoder.embed(
            different,
            batch_residues=BATCH_RESIDUES,
            window_overlap=self.model.window_overlap,
            names=[name_of[sequence] for sequence in different],
        )
        vectors = {different[position]: self.encoder.form.as_stored(residues_LE) for position, residues_LE in found}
        return [vectors[protein.sequence] for protein in proteins]


def described_as(
    z_BD: NDArray[np.float32], residues: Sequence[NDArray[np.float16]], proteins: Sequence[QueryProtein]
) -> Described:
    """Proteins with their vectors and residue embeddings, as the scorer reads them."""
    summaries_BS = np.stack([summary(residues_LE) for residues_LE in residues])
    return Described(z_BD, summaries_BS, [protein.sequence for protein in proteins])
