"""Whether a model works here: its checksums, its encoder, and its predictions for known proteins, if it has some."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gofer.errors import GoferError
from gofer.retrieval.model_file import ModelFile
from gofer.retrieval.predictor import BATCH_RESIDUES, Predictor
from gofer.retrieval.query_file import QueryProtein

TOLERANCE = 1e-3  # of the recorded vectors, whose numbers are about 1: processors differ in the sixth digit
KNOWN_FIRST = 0.75  # share of pairs of a known and another term in which the known one scores higher; by chance .5


class Check(NamedTuple):
    """One check: what it is about, whether it holds, and what was found."""

    about: str
    holds: bool
    found: str


def checks(predictor: Predictor) -> Iterator[Check]:
    """Check a model, part by part; after a damaged part nothing more is tried."""
    try:
        yield from (_checksums(predictor.model.file), _vectors(predictor))
        if "probes/regressed" in predictor.model.file:  # not after `gofer update-go`
            yield _regression(predictor)
        if predictor.model.own_bank.protein_ids:
            yield from _known_proteins(predictor)
        else:
            yield Check("known proteins", True, "this model has none, so none was looked for")
    except GoferError as error:
        yield Check("the model can be read", False, error.what)


def _checksums(file: ModelFile) -> Check:
    return Check("checksums", True, f"{len(list(file.verify()))} parts are what was written")


def _vectors(predictor: Predictor) -> Check:
    model = predictor.model
    probes = model.file.document("encoder.json")["probes"]
    found = predictor.encoder.embed(probes, batch_residues=BATCH_RESIDUES, window_overlap=model.window_overlap)
    vectors = {number: residues_LE.mean(axis=0) for number, residues_LE in found}
    recorded = model.file.array("probes/vectors")
    farthest = max(float(np.abs(vectors[number] - vector_E).max()) for number, vector_E in enumerate(recorded))
    return Check("residue encoder", farthest <= TOLERANCE, f"vectors are those recorded, to {farthest:.1g}")


def _regression(predictor: Predictor) -> Check:
    # Of all that a protein goes through: encoder, towers, features, label model.
    model, probes = predictor.model, predictor.model.file.document("encoder.json")["probes"]
    described = predictor.described([QueryProtein(str(number), probe) for number, probe in enumerate(probes)])
    recorded_BS = model.file.array("probes/regressed").astype(np.float32)
    farthest = float(np.abs(model.scorer.label_model.regressed(described) - recorded_BS).max(initial=0))
    return Check("label model", farthest <= TOLERANCE, f"predicts what was recorded, to {farthest:.1g}")


def _known_proteins(predictor: Predictor) -> Iterator[Check]:
    model, bank = predictor.model, predictor.model.bank
    rows = [bank.sequences.index(probe) for probe in model.file.document("encoder.json")["probes"]]
    predicted = predictor.of_chunk(
        [QueryProtein(bank.protein_ids[row], bank.sequences[row], bank.names[row]) for row in rows]
    ).table
    labels_NT, go_ids = bank.labels_NT.tocsr(), model.terms["go_id"].to_numpy(object)
    first, nearest = [], []
    for row in rows:
        of_protein = predicted[predicted["protein_id"] == bank.protein_ids[row]].set_index("go_id")
        known_T = labels_NT[[row]].toarray()[0] > 0
        scores_T = of_protein["score"].reindex(go_ids).fillna(0).to_numpy()
        nearest.append(float(of_protein["nearest_identity"].reindex(go_ids[known_T]).max()))
        first.append(float(np.mean(scores_T[known_T][:, None] > scores_T[~known_T][None, :])))
    share = float(np.mean(first))
    yield Check("known terms", share >= KNOWN_FIRST, f"of known proteins they score above {share:.0%} of the others")
    yield Check("known proteins", min(nearest) == 1, "each finds itself or its equal, at identity 1")
