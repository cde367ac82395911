"""Is evidence faithful to the model? Deletion and insertion curves (Petsiuk et al. 2018, arXiv:1806.07421).

Deletion removes residues from a protein, the most important first, and computes the similarity with the term again: a
good order makes it fall fast. Insertion keeps the most important residues only: a good order makes the similarity rise
fast. The vectors of the residues that stay are those of the whole protein.

Orders: impact (of the windows), attention, and two kinds of chance. Impact removes windows, that is stretches of
residues, and removing a stretch affects the model differently from removing as many scattered residues. So there is
chance residue by residue, and chance in blocks, which differs from impact in the places only: at each share, the
stretches that impact removes are laid in random order at random places without overlap (they may touch). Every
arrangement is equally likely, and each share is drawn separately.

Shapes: L residues of a protein, F shares of its residues, E examples.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from gofer.metrics.bootstrap import UNBOUNDED, Bootstrap, interval
from gofer.retrieval.term_space import TermSpace
from gofer.tables import FAITHFULNESS
from gofer.training.dataset import ContrastiveEmbCollator, ProteinEmbDataset, ProteinItem
from gofer.training.model import GoferModel
from gofer.workflow import progress

SHARES = tuple(np.round(np.arange(0.1, 1, 0.1), 1).tolist())
IMPACT, ATTENTION, CHANCE, BLOCKS = "impact", "attention", "chance", "chance in blocks"
ORDERS = (IMPACT, ATTENTION, CHANCE, BLOCKS)
DELETION, INSERTION = "deletion", "insertion"
CHANCE_ORDERS = 3
AREA = "mean"  # over the shares: the area under the curve


def taken_first(importance_L: NDArray) -> NDArray[np.bool_]:
    """Which residues are removed, or kept, at each of `SHARES`: the most important; ties go to the first, (F, L).

    Args:
        importance_L: Importance of each of at least 2 residues. At least one is removed, and at least one stays.
    """
    length = len(importance_L)
    rank_L = np.empty(length, int)
    rank_L[np.argsort(-np.asarray(importance_L), kind="stable")] = np.arange(length)
    counts_F = np.clip(np.rint(np.array(SHARES) * length).astype(int), 1, length - 1)
    return rank_L < counts_F[:, None]


def blocks_elsewhere(taken_FL: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """The stretches of each row, in random order at random places, all arrangements equally likely, (F, L).

    Args:
        taken_FL: Which residues are taken at each share.
        rng: Source of chance.
    """
    return np.stack([_rearranged(taken_L, rng) for taken_L in taken_FL])


def _rearranged(taken_L: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    edges = np.flatnonzero(np.diff(np.r_[False, taken_L, False]))
    lengths = edges[1::2] - edges[::2]
    # Each stretch, and each residue that is not taken, is one item of a row of items.
    is_stretch = np.zeros(len(lengths) + int((~taken_L).sum()), bool)
    is_stretch[rng.choice(len(is_stretch), len(lengths), replace=False)] = True
    size = np.ones(len(is_stretch), int)
    size[is_stretch] = rng.permutation(lengths)
    return np.repeat(is_stretch, size)


def curves_of_protein(
    model: GoferModel, residues_LE: NDArray, taken: Mapping[str, NDArray[np.bool_]], z_D: NDArray[np.float32]
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Cosine with a term while residues are removed (deletion) or added (insertion), for each order, (F).

    Args:
        model: In evaluation mode.
        residues_LE: Embeddings of the protein's residues, at least 2.
        taken: By the order's name, which residues are removed, or kept, at each share (F, L).
        z_D: The term's vector.
    """
    keys, kept = [], []
    for name, taken_FL in taken.items():
        for taken_L in taken_FL:
            keys += [(DELETION, name), (INSERTION, name)]
            kept += [np.flatnonzero(~taken_L), np.flatnonzero(taken_L)]
    sizes = model.sizes
    none = sp.csr_array((len(kept), 0), dtype=np.int16)
    items = [ProteinItem(row, residues_LE[rows]) for row, rows in enumerate(kept)]
    batch = ContrastiveEmbCollator(none, none, sizes.win_size, sizes.win_stride)(items)
    with torch.inference_mode():
        cosine_X = (model.encode_proteins(batch.residues_RE, batch.layout).z_BD.numpy() @ z_D).astype(np.float64)
    return {key: cosine_X[[place for place, other in enumerate(keys) if other == key]] for key in dict.fromkeys(keys)}


def faithfulness(
    space: TermSpace, proteins: ProteinEmbDataset, examples: pd.DataFrame, bootstrap: Bootstrap
) -> pd.DataFrame:
    """Curves over examples, their areas, and the differences between impact and the other orders.

    Args:
        space: The terms.
        proteins: Residues of the proteins of `examples`.
        examples: Columns protein_id, go_id, attention, impact (lists of L); proteins of one residue are left out.
        bootstrap: Of the intervals, over examples.

    Returns:
        `tables.FAITHFULNESS`: curve, order (one of `ORDERS`, or "impact - …" for the paired difference from each other
        one), share of residues (`AREA` for the mean over the shares), value (cosine), low, high, n (examples).
    """
    row_of = {protein_id: row for row, protein_id in enumerate(proteins.protein_ids)}
    column_of = {go_id: column for column, go_id in enumerate(space.go_ids)}
    found: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
    rng = np.random.default_rng(bootstrap.seed)
    for example in progress(examples.to_dict("records"), "removing residues"):
        residues_LE = proteins[row_of[example["protein_id"]]].residues_LE
        if len(residues_LE) < 2:
            continue
        taken = {name: taken_first(example[name]) for name in (IMPACT, ATTENTION)}
        for number in range(CHANCE_ORDERS):
            taken[f"{CHANCE} {number}"] = taken_first(rng.random(len(residues_LE)))
            taken[f"{BLOCKS} {number}"] = blocks_elsewhere(taken[IMPACT], rng)
        curves = curves_of_protein(space.model, residues_LE, taken, space.z_TD[column_of[example["go_id"]]])
        for curve in (DELETION, INSERTION):
            for name in (CHANCE, BLOCKS):
                drawn = [curves[curve, f"{name} {number}"] for number in range(CHANCE_ORDERS)]
                curves[curve, name] = np.mean(drawn, axis=0)
            for name in ORDERS:
                found.setdefault((curve, name), []).append(curves[curve, name])
    return _table({key: np.stack(values) for key, values in found.items()}, bootstrap)


def _table(curves: Mapping[tuple[str, str], NDArray[np.float64]], bootstrap: Bootstrap) -> pd.DataFrame:
    rows = []
    for curve in (DELETION, INSERTION) if curves else ():
        by_order = {name: curves[curve, name] for name in ORDERS}
        by_order |= {f"{IMPACT} - {other}": by_order[IMPACT] - by_order[other] for other in (BLOCKS, CHANCE, ATTENTION)}
        for name, values_EF in by_order.items():
            draws_NE = bootstrap.draws(len(values_EF))
            shares = zip([*SHARES, AREA], [*values_EF.T, values_EF.mean(axis=1)], strict=True)
            for share, values_E in shares:
                if " - " in name and share != AREA:
                    continue
                summary = interval(draws_NE @ values_E / draws_NE.sum(axis=1), UNBOUNDED)
                rows.append((curve, name, str(share), *summary.values(), len(values_EF)))
    return pd.DataFrame(rows, columns=FAITHFULNESS)
