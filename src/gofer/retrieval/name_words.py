"""How well a query fits the terms' names: by its words (plain text search, BM25), and by groups of letters in them.

Shapes: T terms.
"""

import bm25s
import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer

CONSTANT = 60  # of reciprocal rank fusion: the first places count little more than those that follow
LETTERS = (3, 5)


class NameWords:
    """The names to search in.

    Args:
        names: Of the terms.
    """

    def __init__(self, names: list[str]) -> None:
        self._terms = len(names)
        self._index = bm25s.BM25()
        self._index.index(bm25s.tokenize(names, stopwords="en", show_progress=False), show_progress=False)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=LETTERS, sublinear_tf=True, dtype=np.float32)
        self._names_TV = self._letters.fit_transform(names)

    def letters(self, query: str) -> NDArray[np.float32]:
        """Cosine of the tf-idf weights of groups of 3 to 5 letters within words, in [0, 1] (T)."""
        return (self._letters.transform([query]) @ self._names_TV.T).toarray()[0]

    def words(self, query: str) -> NDArray[np.float32]:
        """BM25 of the query with each name, 0 where they share no word (T).

        From Robertson and Zaragoza 2009, doi:10.1561/1500000019, in the form of Lucene; k1 1.5, b 0.75.
        """
        [words] = bm25s.tokenize([query], stopwords="en", return_ids=False, show_progress=False)
        known = [word for word in words if word in self._index.vocab_dict]
        return self._index.get_scores(known) if known else np.zeros(self._terms, np.float32)


def added_ranks(*scores: NDArray) -> NDArray[np.float64]:
    """Σ 1 / (60 + rank) over several scores of the same things; ties take their mean rank.

    From Cormack, Clarke and Buettcher 2009, doi:10.1145/1571941.1572114.
    """
    return np.sum([1 / (CONSTANT + rankdata(-score_T)) for score_T in scores], axis=0)
