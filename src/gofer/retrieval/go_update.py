"""A model in another release of the Gene Ontology, without training.

Only texts that changed are embedded: the model file holds a digest of each. Vectors of all other terms stay the same
bytes. Labels of the known proteins, columns of the label model, training counts and information accretion follow the
terms (`retrieval/term_moves.py`). A new term above a known one takes its labels from it; every other new term is scored
from its text and the terms related to it, as any term that training has not seen. Calibration, cutoffs and the weights
of the evidence are by aspect, and stay.
Shapes: N known proteins, O terms of the older release, T of the newer one, S older terms of the label model, G text
width, D shared width.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.artefacts import Manifest
from gofer.embeddings.texts.go_text import INFERENCE, term_texts, text_digests
from gofer.embeddings.texts.text_budget import fit_texts
from gofer.embeddings.texts.text_cache import TextCache
from gofer.errors import GoferError
from gofer.inputs.ontology.go_graph import RELATIONS, GoGraph, is_root
from gofer.inputs.ontology.propagation import information_accretion
from gofer.inputs.ontology.releases import compare_releases, is_older
from gofer.inputs.ontology.term_ids import TermIds
from gofer.inputs.ontology.term_table import Ontology, read_ontology
from gofer.mining.vocabulary import term_base_rates
from gofer.retrieval.bank import Bank
from gofer.retrieval.pack import PackedEncoder, Recipe, pack_model
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.term_moves import GONE, TermMoves
from gofer.retrieval.term_search import encoder_of
from gofer.retrieval.term_space import TermSpace
from gofer.retrieval.trained_model import TrainedModel
from gofer.training.encode import term_vectors
from gofer.training.model import GoferModel

TEXT = "text"  # kind of a change: of the text that the model reads, a synonym or a term above it, say
CHANGES = ["kind", "go_id", "name", "aspect", "before", "after", "known_proteins_before", "known_proteins_after"]
MOST_ABSENT = 0.2  # share of a model's terms that a release may lack altogether; real releases keep obsolete ids
CARD = ("name", "synthetic", "terms", "terms_seen", "bank_proteins", "encoder")  # what `pack_model` writes there


@dataclass(frozen=True, eq=False)
class UpdatedModel:
    """A model in its new release.

    Attributes:
        older: The model that it was made from.
        scorer: Scores proteins against the terms of the new release.
        bank: The known proteins with their labels in it.
        term_sets: Columns go_id, term_set.
        release: The new release.
        changes: Columns `CHANGES`: every change of a term.
        embedded: Number of texts that were embedded.
        with_labels: Number of new terms that known proteins have.
        former_ids: Where ids of older releases lead, as of `Recipe`.
        taxa: Taxon constraints of the new release; those of the older model where its file holds none.
    """

    older: TrainedModel
    scorer: Scorer
    bank: Bank
    term_sets: pd.DataFrame
    release: str
    changes: pd.DataFrame
    embedded: int
    with_labels: int
    former_ids: dict[str, dict[str, str | None]]
    taxa: pd.DataFrame

    def write(self, path: Path | str) -> None:
        """Write it as a model file."""
        older = self.older
        settings = {name: value for name, value in older.settings.items() if name != "relations"}
        origin = {"go_release": older.release.get("go_release"), "model_sha256": older.file.digest}
        facts = {name: value for name, value in older.card.items() if name not in CARD}
        recipe = Recipe(
            name=older.name,
            synthetic=older.card["synthetic"],
            relations=tuple(older.settings["relations"]),
            reported=settings,
            encoder={},
            cutoffs=older.cutoffs,
            facts={**facts, "updated_from": origin},
            former_ids=self.former_ids,
            taxa=self.taxa.values.tolist(),
        )
        made_by = older.file.document("manifest.json")["made_by"]
        manifest = Manifest({**older.release, "go_release": self.release}, made_by)
        encoder = PackedEncoder.of_file(older.file)
        pack_model(path, self.scorer, self.bank, self.term_sets, recipe, manifest, encoder)


def read_newer(path: Path | str, model: TrainedModel, *, any_release: bool = False) -> Ontology:
    """A release for a model.

    Args:
        path: An OBO file.
        model: The model.
        any_release: Whether it may be the release of the model, or an older one.

    Raises:
        GoferError: No ontology, a part of one, or the same or an older release than that of the model.
    """
    relations, terms = model.settings["relations"], model.terms
    aspect = dict(zip(terms["go_id"], terms["aspect"], strict=True))
    followed = [relation for relation in RELATIONS if relation in terms]
    parents = zip(terms["aspect"], *(terms[relation] for relation in followed), strict=True)
    across = any(aspect[above] != own for own, *lists in parents for some in lists for above in some)
    ontology = read_ontology(path, relations, across_aspects=across)
    here, there = ontology.release, model.release.get("go_release", "")
    older = is_older(here, there)
    if not any_release and (here == there or older):
        what = "the release that the model has already" if here == there else f"older than that of the model, {there}"
        raise GoferError(f"{path}: {here} is {what}", help="give a newer one, or add --any-release")
    known = {*ontology.terms["go_id"], *ontology.obsolete["go_id"]}.union(
        *ontology.terms["alt_ids"], *ontology.obsolete["alt_ids"]
    )
    absent = int((~terms["go_id"].isin(known)).sum())
    if absent > MOST_ABSENT * len(terms):
        raise GoferError(
            f"{path} lacks {absent:,} of the model's {len(terms):,} terms, and does not hold them as obsolete",
            help="give a whole release, go.obo or go-basic.obo, not a part of one",
        )
    return ontology


def updated(
    model: TrainedModel, ontology: Ontology, text_encoder: str | None = None, text_cache: Path | None = None
) -> UpdatedModel:
    """The model in another release.

    Args:
        model: The model.
        ontology: The release, e.g. of `read_newer`.
        text_encoder: Name or folder of the text encoder; None for the one that the model names.
        text_cache: Folder of text vectors of runs; those of new texts are added.

    Raises:
        GoferError: A text changed, and the text encoder is not here; or the model holds no known proteins.
    """
    if not len(model.own_bank):
        what = f"{model.file.path} holds no known proteins, from which the labels of a new release are derived"
        raise GoferError(what, help="give the whole model of a run, results/<run>/model/<run>.gofer")
    older, relations, old_bank = model.scorer, model.settings["relations"], model.own_bank
    terms = ontology.terms.reset_index(drop=True)
    moves = TermMoves.of_tables(model.terms, terms, ontology.obsolete, relations)
    labels_NT = moves.labels(old_bank.labels_NT)
    known_T = np.diff(labels_NT.indptr)
    columns = moves.columns(older.seen, known_T > 0)
    labels_NS = sp.csr_array(old_bank.labels_NT[:, older.seen])
    counts_S = model.terms["training_count"].to_numpy()[older.seen]
    counts_U = columns.counts(counts_S, labels_NS, known_T[columns.rows_U])
    count_T = _root_counts(model.terms, terms)
    count_T[columns.rows_U] = counts_U
    accretion_T = _accretion(model, old_bank, terms, labels_NT)
    terms = terms.assign(training_count=count_T, information_accretion=accretion_T)
    seen = terms.iloc[columns.rows_U]
    label_model = columns.label_model(
        older.label_model, labels_NS, seen["go_id"].tolist(), seen["aspect"].to_numpy(str)
    )
    space, unchanged_T = _space(model, moves, terms, text_encoder, text_cache)
    scorer = Scorer(space, older.calibration, label_model, older.ensemble, own=older.own)
    bank = Bank(
        old_bank.protein_ids, old_bank.names, old_bank.sequences, old_bank.rows_V, old_bank.vectors_VD, labels_NT
    )
    changes = _changes(model, ontology, unchanged_T, np.diff(old_bank.labels_NT.indptr), known_T)
    added = terms["go_id"].isin(changes.loc[changes["kind"] == "added", "go_id"]).to_numpy()
    sets = _term_sets(model.terms, terms)
    return UpdatedModel(
        model,
        scorer,
        bank,
        sets,
        ontology.release,
        changes,
        embedded=int((~unchanged_T).sum()),
        with_labels=int((added & (count_T > 0)).sum()),
        former_ids=TermIds.of_tables(ontology.terms, ontology.obsolete).former,
        taxa=model.taxon_constraints if ontology.taxa.empty else ontology.taxa,
    )


def _root_counts(older: pd.DataFrame, terms: pd.DataFrame) -> NDArray[np.int64]:
    # A root counts the annotated proteins of its aspect, which stay; 0 elsewhere.
    of_aspect = older[is_root(older)].set_index("aspect")["training_count"]
    return np.where(is_root(terms), terms["aspect"].map(of_aspect).fillna(0), 0).astype(np.int64)


def _accretion(model: TrainedModel, bank: Bank, terms: pd.DataFrame, labels_NT: sp.csc_array) -> NDArray[np.float64]:
    # Of the known proteins; where theirs did not change, that of the training proteins stays.
    relations = model.settings["relations"]
    before_O = information_accretion(bank.labels_NT.tocsr(), model.terms, relations)
    after_T = information_accretion(labels_NT.tocsr(), terms, relations)
    row_T = pd.Index(model.terms["go_id"]).get_indexer(pd.Index(terms["go_id"]))
    same_T = (row_T != GONE) & (before_O[row_T] == after_T)
    return np.where(same_T, model.terms["information_accretion"].to_numpy()[row_T], after_T)


def _space(
    model: TrainedModel, moves: TermMoves, terms: pd.DataFrame, text_encoder: str | None, text_cache: Path | None
) -> tuple[TermSpace, NDArray[np.bool_]]:
    # The terms in the shared space, and whose text is that of the older release.
    older, go_ids, relations = model.space, terms["go_id"].tolist(), model.settings["relations"]
    row_T = pd.Index(model.terms["go_id"]).get_indexer(pd.Index(go_ids))
    unchanged_T = np.zeros(len(terms), bool)
    if "terms/text_digests" in model.file:
        same_TB = model.file.array("terms/text_digests")[row_T] == text_digests(terms)
        unchanged_T = (row_T != GONE) & same_TB.all(axis=1)
    text_TG = older.text_TG.astype(np.float32)[row_T]
    new = np.flatnonzero(~unchanged_T)
    if len(new):
        encoder = encoder_of(model, text_encoder)
        new_ids = [go_ids[row] for row in new.tolist()]
        fitted = fit_texts(term_texts(terms, INFERENCE, new_ids), encoder.tokens, most=encoder.max_tokens)
        cache = TextCache(text_cache, encoder.vectors) if text_cache else None
        text_TG[new] = encoder.embed(fitted.texts, new_ids, cache=cache)
    towers = _towers(older.model, model.terms["go_id"].tolist(), moves.row_O, go_ids)
    z_TD = term_vectors(towers, go_ids, text_TG)
    gained = set(towers.seen_go_ids) ^ set(older.model.seen_go_ids)
    kept_T = unchanged_T & ~terms["go_id"].isin(gained).to_numpy()
    z_TD[kept_T] = older.z_TD[row_T[kept_T]]
    graph = GoGraph.of_terms(terms, relations, within_aspect=True)
    return TermSpace(towers, terms, z_TD, text_TG, term_base_rates(terms, relations), graph), unchanged_T


def _towers(model: GoferModel, older: list[str], row_O: NDArray[np.int64], newer: list[str]) -> GoferModel:
    # The free vector of a term stays with its id; one that was merged into a term without takes it along.
    target = {go_id: newer[row] for go_id, row in zip(older, row_O.tolist(), strict=True) if row != GONE}
    row_of = {go_id: row for row, go_id in enumerate(model.seen_go_ids) if target.get(go_id) == go_id}
    for row, go_id in enumerate(model.seen_go_ids):
        if go_id in target:
            row_of.setdefault(target[go_id], row)
    state: dict[str, Any] = dict(model.state_dict())
    seen = sorted(row_of)
    if model.free_vectors_TD is not None:
        rows = torch.tensor([row_of[go_id] for go_id in seen], dtype=torch.int64)
        state["free_vectors_TD"] = state["free_vectors_TD"][rows]
    moved = GoferModel(model.sizes, seen)
    moved.load_state_dict(state)
    return moved.eval().requires_grad_(False)


def _term_sets(older: pd.DataFrame, terms: pd.DataFrame) -> pd.DataFrame:
    # A term keeps its set while it is seen. One that is seen now is few-shot up to the highest count of such a term.
    before = terms["go_id"].map(older.set_index("go_id")["term_set"])
    few_most = older.loc[older["term_set"] == "few", "training_count"].max()
    counts = terms["training_count"]
    of_count = pd.Series(np.where(counts <= (0 if pd.isna(few_most) else few_most), "few", "common"), terms.index)
    sets = before.where(before.isin(["few", "common"]), of_count).where(counts > 0, "zero")
    return pd.DataFrame({"go_id": terms["go_id"], "term_set": sets})


def _changes(
    model: TrainedModel, ontology: Ontology, unchanged_T: NDArray[np.bool_], known_O: NDArray, known_T: NDArray
) -> pd.DataFrame:
    # The model holds no definitions: that one changed is found by its digest, and is a change of the text.
    definition_of = ontology.terms.set_index("go_id")["definition"]
    before = model.terms.assign(
        definition=model.terms["go_id"].map(definition_of).fillna(""), alt_ids=[[]] * len(model.terms)
    )
    none = pd.DataFrame(columns=["go_id", "name", "replaced_by", "consider", "alt_ids"])
    older = Ontology(model.release.get("go_release", ""), before, none)
    table = compare_releases(older, ontology)
    in_both = ontology.terms["go_id"].isin(model.terms["go_id"]).to_numpy()
    texts = ontology.terms.loc[in_both & ~unchanged_T, ["go_id", "name", "aspect"]]
    table = pd.concat([table, texts.assign(kind=TEXT, before="", after="")], ignore_index=True)
    for column, ids, known in (
        ("known_proteins_before", model.terms["go_id"], known_O),
        ("known_proteins_after", ontology.terms["go_id"], known_T),
    ):
        count_of = dict(zip(ids, known.tolist(), strict=True))
        table[column] = [count_of.get(go_id, 0) for go_id in table["go_id"]]
    return table[CHANGES]
