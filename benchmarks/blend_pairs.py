"""Features of pairs of protein and term, from a finished run, by which `benchmarks/blend.py` fits learned blends.

Shapes: B proteins, S terms seen in training, P pairs, F features.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.sparse as sp
from kinds_of_evidence import Run, some
from numpy.typing import NDArray
from sklearn.model_selection import GroupKFold

from gofer.artefacts import read_table
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph, hierarchy_consistent
from gofer.inputs.proteins.known_hits import read_hits
from gofer.metrics.logistic_calibration import log_odds
from gofer.retrieval.annotation_transfer import transferred
from gofer.retrieval.ensemble import AspectEnsemble, Ensemble, Expected
from gofer.retrieval.ensemble_fit import PRIOR, Validation
from gofer.retrieval.label_model import LabelModel
from gofer.retrieval.learned_blend import validation_rate
from gofer.retrieval.model_file import ModelFile
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.related_terms import RelatedTerms
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.sparse_parts import joined

FOLDS = 5
LEAST = 0.01  # an estimate, or the present score: pairs below it in all of them are not scored
AT_ONCE = 256  # proteins


@dataclass(frozen=True, eq=False)
class WithShares(Validation):
    """Validation proteins on which factors and curves are fitted; the shares are known, which saves most of the time.

    Attributes:
        shares: By aspect.
    """

    shares: Mapping[str, float]

    def _best(self, text_BT: NDArray, tried: Mapping[str, Sequence[AspectEnsemble]]) -> Ensemble:
        chosen = {aspect: [one for one in ways if one.share == self.shares[aspect]] for aspect, ways in tried.items()}
        return Ensemble({aspect: ways[0] for aspect, ways in chosen.items()})


@dataclass(frozen=True, eq=False)
class Proteins:
    """Validation proteins as a run knows them; columns are the terms seen in training.

    Attributes:
        terms: The terms.
        graph: Of the terms.
        trusted: Trust and share of each aspect, as the run has them.
        expected: What labels of similar proteins predict.
        text_BS: Scores by the text, calibrated as in the run.
        raised_BS: The same, raised by the labels.
        linear_BS: Labels of hits, by similarity itself.
        best_BS: Similarity of the best hit that has the term.
        hits_BS: Number of hits that have it.
        truth_BS: Labels.
        cluster_B: Cluster of each, of the run's splits.
        identity_B: To the nearest training protein.
    """

    terms: pd.DataFrame
    graph: GoGraph
    trusted: Ensemble
    expected: Expected
    text_BS: NDArray[np.float32]
    raised_BS: NDArray[np.float32]
    linear_BS: sp.csr_array
    best_BS: sp.csr_array
    hits_BS: sp.csr_array
    truth_BS: NDArray[np.bool_]
    cluster_B: NDArray
    identity_B: NDArray[np.float64]

    @classmethod
    def read(cls, folder: Path, every: int, *, alone: bool) -> "Proteins":
        """Of every n-th validation protein; `alone` is without the labels of hits."""
        run = Run.read(folder, "val", every)
        files = {
            "checkpoint": folder / "training/stage-D/model.safetensors",
            "terms": folder / "inputs/terms.parquet",
            "texts": folder / "embeddings/go/phase-D.parquet",
            "label_model": folder / "retrieval/label_model-train.safetensors",
            "calibration": folder / "retrieval/calibration.json",
        }
        scorer = Scorer.read(files, TRUE_PATH)
        label_model = replace(scorer.label_model, aligner=None, transferred=None)
        if not alone:
            hits = read_hits(folder / "inputs/known_hits.parquet")
            asked = {run.sequence_of[protein_id] for protein_id in run.ids}
            hits = hits[[run.sequence_of[protein_id] in asked for protein_id in hits["protein_id"]]]
            label_model = scorer.label_model.with_hits(hits, run.sequence_of)
        vectors = ProteinVectors.read(folder / "retrieval/protein_vectors.parquet").of_splits("val")
        described = some(vectors.described(run.sequence_of), pd.Index(vectors.protein_ids).get_indexer(run.ids))
        expected = label_model.predict(described)
        text_BS = scorer.space.text_scores(described.vectors_BD, scorer.calibration)[:, scorer.seen]
        aspects_S, fits = label_model.aspects_T, scorer.ensemble.aspects
        trusted = Ensemble({aspect: AspectEnsemble(fit.trust, fit.share) for aspect, fit in fits.items()})
        [model] = (folder / "model").glob("*.gofer")  # it holds the related terms, which take long to find
        related = _related(ModelFile.open(model), len(label_model.go_ids)).of(scorer.seen)
        clusters = read_table(folder / "inputs/splits.parquet", ["protein_id", "cluster"]).set_index("protein_id")
        terms = scorer.space.terms.iloc[scorer.seen].reset_index(drop=True)
        return cls(
            terms,
            GoGraph.of_terms(terms, TRUE_PATH, within_aspect=True),
            trusted,
            replace(expected, aligned_BP=None),
            text_BS,
            related.raised(text_BS, trusted.labels(expected, aspects_S)),
            *_details(label_model, expected.aligned_BP, len(run.ids)),
            run.truth_BS[:, pd.Index(run.terms["go_id"]).get_indexer(label_model.go_ids)],
            clusters["cluster"].loc[run.ids].to_numpy(),
            run.identity_B,
        )

    def folds(self) -> NDArray[np.int64]:
        """Fold of each protein; those of one cluster are in one fold."""
        fold_B = np.zeros(len(self.cluster_B), np.int64)
        for fold, (_, rows) in enumerate(GroupKFold(FOLDS).split(self.cluster_B, groups=self.cluster_B)):
            fold_B[rows] = fold
        return fold_B

    def present(self, fold_B: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores by the present formula, its factors and curve fitted on the other folds, (B, S)."""
        scores_BS = np.zeros_like(self.raised_BS)
        for fold in range(FOLDS):
            held, others = (np.flatnonzero(mask) for mask in (fold_B == fold, fold_B != fold))
            known = self.expected.rows(others), self.truth_BS[others], self.terms, self.graph
            validation = WithShares(*known, {aspect: fit.share for aspect, fit in self.trusted.aspects.items()})
            fitted = validation.fit_shares(self.raised_BS[others], self.trusted)
            found_BS = fitted.apply(self.raised_BS[held], self.expected.rows(held), self.terms)
            scores_BS[held] = hierarchy_consistent(found_BS, self.graph)
        return scores_BS


def _related(file: ModelFile, seen: int) -> RelatedTerms:
    arrays = file.group("related")
    tables = (joined(name, arrays, seen) for name in ("similar", "across", "ancestors"))
    return RelatedTerms(*tables, arrays["mean"], arrays["strength"])


def _details(
    label_model: LabelModel, aligned_BP: sp.csr_array | None, proteins: int
) -> tuple[sp.csr_array, sp.csr_array, sp.csr_array]:
    # Labels of hits by similarity; the best similarity of a hit with the term; the number of hits with it.
    terms = len(label_model.go_ids)
    if aligned_BP is None or label_model.transferred is None:
        none = sp.csr_array((proteins, terms), dtype=np.float32)
        return none, none, none
    labels_PT, aspects_T = label_model.transferred.labels_PT, label_model.aspects_T
    parts: list[list[sp.csr_array]] = [[], [], []]
    for row in range(proteins):
        near_1P = aligned_BP[[row]]
        near_1Q, labels_QT = sp.csr_array(near_1P.data[None]), labels_PT[near_1P.indices]
        linear_1T = np.zeros((1, terms), np.float32)
        for aspect in np.unique(aspects_T):
            columns = np.flatnonzero(aspects_T == aspect)
            linear_1T[:, columns] = transferred(near_1Q, labels_QT[:, columns])
        best_T = (labels_QT * near_1P.data[:, None]).tocsc().max(axis=0) if len(near_1P.data) else np.zeros(terms)
        best_1T = sp.csr_array(best_T.toarray().reshape(1, -1) if sp.issparse(best_T) else best_T[None])
        for part, found in zip(parts, (linear_1T, best_1T, labels_QT.sum(axis=0)[None]), strict=True):
            part.append(sp.csr_array(found, dtype=np.float32))
    linear, best, hits = (sp.vstack(part, "csr") for part in parts)
    return linear, best, hits


@dataclass(frozen=True, eq=False)
class Pairs:
    """Candidate pairs of one aspect.

    Attributes:
        row_P: Protein.
        column_P: Term.
        features: Of each pair, float32 (P, F).
        true_P: Whether the protein has the term.
        parents_true_P: Whether it has all parents of the term.
        present_P: Its score by the present formula.
    """

    row_P: NDArray[np.int64]
    column_P: NDArray[np.int64]
    features: pd.DataFrame
    true_P: NDArray[np.bool_]
    parents_true_P: NDArray[np.bool_]
    present_P: NDArray[np.float32]


def pairs_by_aspect(proteins: Proteins, present_BS: NDArray[np.float32]) -> dict[str, Pairs]:
    """All pairs that one of the estimates names."""
    terms = proteins.terms
    aspects_S = terms["aspect"].to_numpy(str)
    blocks: dict[str, list[Pairs]] = {aspect: [] for aspect in proteins.trusted.aspects}
    for start in range(0, len(present_BS), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(present_BS)))
        near, raised_BS, truth_BS = proteins.expected.rows(rows), proteins.raised_BS[rows], proteins.truth_BS[rows]
        mixed_BS = raised_BS.copy()
        for aspect, ensemble in proteins.trusted.aspects.items():
            columns = np.flatnonzero(aspects_S == aspect)
            counts_C = terms["training_count"].to_numpy(float)[columns]
            mixed_BS[:, columns] = ensemble.mixed(aspect, raised_BS[:, columns], near.columns(columns), counts_C)
        whole_BS = hierarchy_consistent(mixed_BS, proteins.graph)
        above_BS, true_above_BS = np.ones_like(whole_BS), np.ones_like(truth_BS)
        for children, parents, starts in proteins.graph.downwards():
            above_BS[:, children] = np.minimum.reduceat(whole_BS[:, parents], starts, axis=1)
            true_above_BS[:, children] = np.logical_and.reduceat(truth_BS[:, parents], starts, axis=1)
        some_BS = (present_BS[rows] >= LEAST) | (near.regressed_BT >= LEAST) | (near.transferred_BT >= LEAST)
        some_BS = hierarchy_consistent(some_BS, proteins.graph)
        details = proteins.linear_BS, proteins.best_BS, proteins.hits_BS
        linear_BS, best_BS, hits_BS = (table[rows].toarray() for table in details)
        for aspect, found in blocks.items():
            columns = np.flatnonzero(aspects_S == aspect)
            row, column = np.nonzero(some_BS[:, columns])
            at = row, columns[column]
            trusted_P = proteins.trusted.aspects[aspect].trust * near.similarity[aspect][row]
            features = {
                "mixed": log_odds(mixed_BS[at]),
                "whole": log_odds(whole_BS[at]),
                "parents": log_odds(above_BS[at]),
                "text": log_odds(proteins.text_BS[rows][at]),
                "raised": log_odds(raised_BS[at]),
                "regressed": log_odds(near.regressed_BT[at]),
                "transferred": log_odds(near.transferred_BT[at]),
                "linear": log_odds(linear_BS[at]),
                "best": best_BS[at],
                "hits": np.log1p(hits_BS[at]),
                "similarity": near.similarity[aspect][row],
                "weight": trusted_P / (1 + trusted_P),
                "count": np.log(terms["training_count"].to_numpy(float)[at[1]]),
                "accretion": terms["information_accretion"].to_numpy(float)[at[1]],
                "depth": terms["depth"].to_numpy(float)[at[1]],
                "average": mixed_BS[at],
            }
            table = pd.DataFrame({name: np.asarray(values, np.float32) for name, values in features.items()})
            found.append(Pairs(rows[row], at[1], table, truth_BS[at], true_above_BS[at], present_BS[rows][at]))
    return {aspect: _together(found) for aspect, found in blocks.items()}


def _together(parts: list[Pairs]) -> Pairs:
    names = ("row_P", "column_P", "true_P", "parents_true_P", "present_P")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return Pairs(features=pd.concat([part.features for part in parts], ignore_index=True), **arrays)


def term_rates(
    proteins: Proteins, pairs: Pairs, aspect: str, held_B: NDArray[np.bool_], fold_B: NDArray[np.int64]
) -> pd.DataFrame:
    """How often proteins of the other folds have the term, and how often against its averages, on a log scale.

    A protein that the blend is fitted on counts neither itself nor the others of its fold, a held-out one none of the
    held-out proteins. Proteins count that have a label in the aspect.
    """
    columns = np.flatnonzero(proteins.terms["aspect"].to_numpy(str) == aspect)
    labelled_B = proteins.truth_BS[:, columns].any(axis=1) & ~held_B
    shape = int(fold_B.max()) + 1, len(proteins.terms)
    true_KS = np.stack([proteins.truth_BS[labelled_B & (fold_B == fold)].sum(axis=0) for fold in range(shape[0])])
    kept_P = labelled_B[pairs.row_P]
    cell_P = fold_B[pairs.row_P[kept_P]] * np.int64(shape[1]) + pairs.column_P[kept_P]
    sum_KS = np.bincount(cell_P, pairs.features["average"][kept_P], minlength=shape[0] * shape[1]).reshape(shape)
    size_K = np.bincount(fold_B[labelled_B], minlength=shape[0])
    own_P, at_P = fold_B[pairs.row_P], (fold_B[pairs.row_P], pairs.column_P)
    true_P, sum_P = ((table.sum(axis=0) - table)[at_P] for table in (true_KS, sum_KS))
    return pd.DataFrame(
        {
            "rate": validation_rate(true_P, (size_K.sum() - size_K)[own_P]),
            "factor": np.log((true_P + PRIOR) / (sum_P + PRIOR)).astype(np.float32),
        }
    )
