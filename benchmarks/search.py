"""Which search finds a term by a synonym, or by its definition, that its text does not hold?

    python benchmarks/search.py results/swissprot_2014 --page docs/search.md

Of some terms one synonym is taken out of the text, and in a second round the definition; each is then a query. Half the
terms choose the search that `gofer search` uses, the other half are reported. Compared are the text encoder as it came
(cosine of the texts), the trained term tower above it, BM25 over the terms' texts and over their names, the cosine of
groups of 3 to 5 letters of the names (tf-idf), and sums of reciprocal ranks (Cormack et al. 2009, as `gofer search`
adds them). The run needs inputs/terms.parquet, embeddings/go/phase-D.parquet and the checkpoint of a stage.
Shapes: Q queries, T terms, G text width.
"""

import argparse
import hashlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import bm25s
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from gofer.artefacts import read_manifest, read_table, write_text
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.embeddings.texts.go_text import term_texts
from gofer.embeddings.texts.text_budget import fit_texts
from gofer.embeddings.texts.text_encoder import TextEncoder
from gofer.retrieval.term_search import ENCODER_NAME
from gofer.training.checkpoint import read_checkpoint
from gofer.training.encode import term_vectors

MARKS = "<!-- search: benchmarks/search.py -->", "<!-- end of search -->"
PLACES = 10
QUERIES_AT_ONCE = 100
CONSTANT = 60  # of reciprocal rank fusion
WORDS = ("BM25 of texts", "BM25 of names", "letters of names")
FUSED = [*itertools.product(("encoder", "tower"), WORDS), ("tower", "encoder"), ("encoder", *WORDS[1:])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run>")
    parser.add_argument("--stage", default="D", help="whose checkpoint the tower is of")
    parser.add_argument("--queries", type=int, default=1000, help="of each kind")
    parser.add_argument("--page", type=Path, help="a page with the two marks, such as docs/search.md")
    options = parser.parse_args()
    table = measured(options.run, options.stage, options.queries)
    text = as_text(table, options)
    print(text)
    if options.page:
        page = options.page.read_text()
        before, after = page.split(MARKS[0])[0], page.split(MARKS[1])[1]
        write_text(options.page, f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


def measured(run: Path, stage: str, queries: int) -> pd.DataFrame:
    """Columns kind, half, method, recall, mrr, queries."""
    terms = read_table(run / "inputs/terms.parquet")
    vectors = run / "embeddings/go/phase-D.parquet"
    name, pooling, tokens, *_ = ENCODER_NAME.fullmatch(read_manifest(vectors).release["text_encoder"]).groups()
    encoder = TextEncoder.load(name, max_tokens=int(tokens), pooling=pooling)
    text_TG = GoLookupCache.read(vectors).subset(terms["go_id"].tolist()).vectors_TG
    model, _ = read_checkpoint(run / f"training/stage-{stage}/model.safetensors")
    having = terms[(terms["synonyms"].map(len) > 0) & (terms["definition"] != "") & (terms["depth"] > 0)]
    chosen = having.sample(min(queries, len(having)), random_state=1)
    half_Q = np.array([int(hashlib.sha256(go_id.encode()).hexdigest(), 16) % 2 for go_id in chosen["go_id"]])
    rows = []
    for kind, asked, without in rounds(terms, chosen):
        search = Search(terms, without, chosen.index.to_numpy(), text_TG, encoder, model)
        ranks = search.ranks(asked)
        for method, rank_Q in ranks.items():
            for half, number in (("choice", 0), ("report", 1)):
                of_half = rank_Q[half_Q == number]
                found, reciprocal = (of_half <= PLACES).mean(), (1 / of_half).mean()
                rows.append((kind, half, method, found, reciprocal, len(of_half)))
    return pd.DataFrame(rows, columns=["kind", "half", "method", "recall", "mrr", "queries"])


def rounds(terms: pd.DataFrame, chosen: pd.DataFrame) -> Iterator[tuple[str, list[str], pd.DataFrame]]:
    """What is asked, the queries, and the terms without what is asked."""
    rng = np.random.default_rng(1)
    places = [int(rng.integers(len(synonyms))) for synonyms in chosen["synonyms"]]
    asked = [synonyms[place] for synonyms, place in zip(chosen["synonyms"], places, strict=True)]
    others = [
        [other for other in synonyms if other.lower() != one.lower()]
        for synonyms, one in zip(chosen["synonyms"], asked, strict=True)
    ]
    without = terms.copy()
    without.loc[chosen.index, "synonyms"] = pd.Series(others, chosen.index)
    yield "a synonym", asked, without
    without = terms.copy()
    without.loc[chosen.index, "definition"] = ""
    yield "the definition", chosen["definition"].tolist(), without


class Search:
    """All searches over the texts of one round."""

    def __init__(self, terms, without, rows_Q, text_TG, encoder, model) -> None:
        self.encoder, self.model, self.rows_Q = encoder, model, rows_Q
        ids = terms["go_id"].iloc[rows_Q].tolist()
        fitted = fit_texts(term_texts(without, "D", ids), encoder.tokens, most=encoder.max_tokens)
        self.text_TG = text_TG.copy()
        self.text_TG[rows_Q] = encoder.embed(fitted.texts, ids)
        self.z_TD = term_vectors(model, [""] * len(terms), self.text_TG)
        self.of_texts = _index([str(text) for text in term_texts(without, "D")])
        self.of_names = _index(terms["name"].tolist())
        self.letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, dtype=np.float32)
        self.letters_TV = self.letters.fit_transform(terms["name"])

    def ranks(self, queries: list[str]) -> dict[str, NDArray[np.float64]]:
        """Rank of each query's term by every method; ties take their mean rank."""
        cut = [_cut(query, self.encoder) for query in queries]
        query_QG = self.encoder.embed(cut, cut)
        query_QD = term_vectors(self.model, [""] * len(cut), query_QG)
        found: dict[str, list[NDArray]] = {}
        for start in range(0, len(queries), QUERIES_AT_ONCE):
            block = slice(start, start + QUERIES_AT_ONCE)
            scores = {
                "tower": query_QD[block] @ self.z_TD.T,
                "encoder": query_QG[block] @ self.text_TG.T,
                "BM25 of texts": self.of_texts(queries[block]),
                "BM25 of names": self.of_names(queries[block]),
                "letters of names": (self.letters.transform(queries[block]) @ self.letters_TV.T).toarray(),
            }
            places = {
                name: 1 / (CONSTANT + np.stack([_ranks(s_T) for s_T in s_QT])).astype(np.float32)
                for name, s_QT in scores.items()
            }
            scores |= {" + ".join(names): sum(places[name] for name in names) for names in FUSED}
            for name, score_QT in scores.items():
                truth_Q1 = np.take_along_axis(score_QT, self.rows_Q[block][:, None], axis=1)
                above_Q, same_Q = (score_QT > truth_Q1).sum(1), (score_QT == truth_Q1).sum(1)
                found.setdefault(name, []).append(above_Q + (same_Q + 1) / 2)
        return {name: np.concatenate(parts) for name, parts in found.items()}


def _index(texts: list[str]) -> Callable[[list[str]], NDArray[np.float32]]:
    index = bm25s.BM25()
    index.index(bm25s.tokenize(texts, stopwords="en", show_progress=False), show_progress=False)

    def scores(queries: list[str]) -> NDArray[np.float32]:
        words = bm25s.tokenize(queries, stopwords="en", return_ids=False, show_progress=False)
        known = ([word for word in one if word in index.vocab_dict] for one in words)
        return np.stack([index.get_scores(one) if one else np.zeros(len(texts), np.float32) for one in known])

    return scores


def _ranks(score_T: NDArray) -> NDArray[np.float64]:
    # Mean ranks, the best first.
    values, inverse, counts = np.unique(-score_T, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _cut(text: str, encoder: TextEncoder) -> str:
    words = text.split()
    while encoder.tokens([" ".join(words)])[0] > encoder.max_tokens:
        words = words[:-1]
    return " ".join(words)


def as_text(table: pd.DataFrame, options: argparse.Namespace) -> str:
    """The figures of the half that is reported, with the choice marked."""
    wide = table.pivot_table(index="method", columns=["half", "kind"], values=["recall", "mrr"], sort=False)
    mean = wide["mrr"]["choice"].mean(axis=1)
    best, kinds = mean.idxmax(), table["kind"].unique().tolist()
    asked = table[table["half"] == "report"].groupby("kind")["queries"].first()
    queries = ", ".join(f"{asked[kind]:,} by {kind}" for kind in kinds)
    heads = [f"by {kind}: recall@{PLACES} | MRR" for kind in kinds]
    lines = [
        f"Written by `python benchmarks/search.py RUN --stage {options.stage} --queries {options.queries}`. {queries}.",
        "",
        f"| search | {' | '.join(heads)} | mean MRR of the half that chose |",
        "|---|" + "---:|" * (2 * len(kinds) + 1),
    ]
    for method in mean.sort_values(ascending=False).index:
        cells = [f"{wide.loc[method, (name, 'report', kind)]:.3f}" for kind in kinds for name in ("recall", "mrr")]
        mark = " (chosen)" if method == best else ""
        lines.append(f"| {method}{mark} | {' | '.join([*cells, f'{mean[method]:.3f}'])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
