"""Labels of aligned proteins are transferred, weighted by similarity, within each aspect."""

import numpy as np
import pytest
import scipy.sparse as sp

from gofer.retrieval.annotation_transfer import POWER, TransferredLabels

ASPECTS = np.array(["MFO", "MFO", "BPO"])
# Three proteins of two sequences: the first two share theirs. None of the second sequence has a label in BPO.
LABELS = np.array([[True, False, True], [False, True, False], [True, False, False]])
CARRIED = TransferredLabels.of_training(np.array([0, 0, 1]), LABELS, ASPECTS, 2)


def labels_and_best(*similarity):
    return CARRIED.of_similar(sp.csr_array(np.array([similarity], np.float32)))


def transferred(*similarity):
    return labels_and_best(*similarity)[0][0].tolist()


def test_proteins_of_one_sequence_have_their_labels_together():
    assert transferred(0.5, 0) == [1, 1, 1]


def test_the_more_similar_protein_counts_more_and_only_within_aspects_in_which_it_has_a_label():
    assert transferred(0.75, 0.25) == pytest.approx([1, 3**POWER / (3**POWER + 1), 1])
    assert transferred(0, 0.25) == [1, 0, 0]


def test_a_protein_without_relatives_gets_nothing():
    assert transferred(0, 0) == [0, 0, 0]


def test_similarity_is_that_of_the_best_protein_with_a_label_in_the_aspect():
    best = labels_and_best(0.25, 0.75)[1]
    assert {aspect: best_B.tolist() for aspect, best_B in best.items()} == {"MFO": [0.75], "BPO": [0.25]}
