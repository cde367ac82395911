"""The inputs of a stage: proteins with labels, the vocabulary, and a model, new or from the previous stage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.errors import ArtefactError, GoferError
from gofer.mining.vocabulary import Vocabulary
from gofer.training.checkpoint import read_checkpoint
from gofer.training.dataset import (
    ContrastiveEmbCollator,
    ProteinBatch,
    ProteinEmbDataset,
    positives_matrix,
    truth_matrix,
)
from gofer.training.model import GoferModel, ModelSizes
from gofer.training.parallel import ALONE, Team


@dataclass(frozen=True, eq=False)
class LabelledProteins:
    """Proteins with their labels, columns in the vocabulary's order.

    Attributes:
        proteins: The data set of their residues.
        hops_NT: 1 + hops at each positive.
        truth_NT: True where the protein has the term (propagated), positive or not.
    """

    proteins: ProteinEmbDataset
    hops_NT: sp.csr_array
    truth_NT: sp.csr_array

    @classmethod
    def of_split(
        cls, store: ESMResidueStore, proteins: pd.DataFrame, pid2pos: pd.DataFrame, split: str, go_ids: list[str]
    ) -> "LabelledProteins":
        """The proteins of one split, in the order of their ids.

        A training protein needs a positive; a validation protein needs an annotation (propagated).

        Args:
            store: Residue embeddings.
            proteins: Columns protein_id, sequence_sha256.
            pid2pos: Columns protein_id, split, go_ids, hops, true_ids.
            split: train or val.
            go_ids: The vocabulary.

        Raises:
            GoferError: The split has no protein.
        """
        needed = pid2pos["go_ids" if split == "train" else "true_ids"].map(len) > 0
        rows = pid2pos[(pid2pos["split"] == split) & needed].merge(proteins, on="protein_id").sort_values("protein_id")
        if rows.empty:
            raise GoferError(
                f"no {split} protein has a label that training may see", help="change inputs.splits or inputs.term_sets"
            )
        dataset = ProteinEmbDataset(store, rows)
        ids = dataset.protein_ids
        return cls(dataset, positives_matrix(rows, ids, go_ids), truth_matrix(rows, ids, go_ids))

    def batches(
        self, groups: Iterable[NDArray[np.int64]], sizes: ModelSizes, team: Team = ALONE
    ) -> Iterator[ProteinBatch]:
        """Batches of proteins by their rows, with all labels, and the residues of this process's part.

        A process whose part is empty reads the first protein, which it does not count.
        """
        collate = ContrastiveEmbCollator(self.hops_NT, self.truth_NT, sizes.win_size, sizes.win_stride)
        for rows in groups:
            part = rows[team.part(len(rows))]
            batch = collate([self.proteins[int(row)] for row in (part if len(part) else rows[:1])])
            yield replace(batch, rows=rows, hops_BT=self.hops_NT[rows], truth_BT=self.truth_NT[rows])


@dataclass(frozen=True, eq=False)
class StageData:
    """What a stage is trained and validated on."""

    train: LabelledProteins
    val: LabelledProteins
    vocabulary: Vocabulary


def begin_model(data: StageData, training: Mapping[str, Any], *, seed: int, previous: Path | str | None) -> GoferModel:
    """The model of the previous stage, or a new one from the seed.

    Args:
        data: Has the widths and the terms.
        training: The `training` section of the config.
        seed: Seed of the initial weights.
        previous: Checkpoint of the previous stage; None (or an empty list, as Snakemake has it) for stage A.

    Raises:
        ArtefactError: The checkpoint has other shapes or other terms than this run.
    """
    sizes = ModelSizes.from_config(
        training,
        residue_width=data.train.proteins.store.width,
        text_width=data.vocabulary.text_TG.shape[1],
    )
    if not previous:
        torch.manual_seed(seed)
        return GoferModel(sizes, data.vocabulary.go_ids)
    model, _ = read_checkpoint(previous)
    if replace(model.sizes, dropout=sizes.dropout) != sizes or model.seen_go_ids != data.vocabulary.go_ids:
        raise ArtefactError(
            f"{previous} was trained with {model.sizes} on {len(model.seen_go_ids)} terms; "
            f"this stage has {sizes} and {len(data.vocabulary.go_ids)} terms",
            help="train again from stage A (--forcerun train_stage)",
        )
    return model
