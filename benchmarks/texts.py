"""Embedding of GO texts: sentence-transformers compared with gofer's packed MiniLM. A few minutes.

    GO=../shared/data/go
    python benchmarks/texts.py --ontology $GO/go_2015-07-11.obo.bz2 --older $GO/go-basic_2014-07-06.obo.gz

Texts are those of one phase for terms taken at random from the ontology, each within the number of tokens: both sides
read the same. Alternating runs, medians; `again` is gofer once more with all texts in its cache. With `--older`, terms
of that release are embedded into an empty cache first, then the same terms of the newer one.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from gofer.embeddings.texts.go_text import term_texts
from gofer.embeddings.texts.text_budget import FittedTexts, fit_texts
from gofer.embeddings.texts.text_cache import TextCache
from gofer.embeddings.texts.text_encoder import TextEncoder, model_folder
from gofer.inputs.ontology.term_table import read_ontology


def main() -> None:
    options = parsed()
    torch.set_num_threads(options.threads)
    terms = read_ontology(options.ontology).terms
    go_ids = terms["go_id"].sample(options.texts, random_state=0).tolist()
    print(
        f"{len(go_ids)} texts of phase {options.phase}, {options.threads} threads; {len(terms)} terms in the ontology"
    )
    print("max_tokens  sentence-transformers     packed  ratio       again  ratio  whole ontology  difference")
    for max_tokens in options.max_tokens:
        compare(terms, go_ids, max_tokens, options)
    if options.older:
        compare_releases(read_ontology(options.older).terms, terms, options)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ontology", type=Path, required=True, help="OBO file, plain, gz or bz2")
    parser.add_argument("--older", type=Path, help="OBO file of an older release")
    parser.add_argument("--phase", choices=list("ABCD"), default="D", help="of the texts")
    parser.add_argument("--texts", type=int, default=150, help="how many")
    parser.add_argument("--release-texts", type=int, default=600, help="how many of both releases")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each way")
    parser.add_argument("--max-tokens", type=int, nargs="+", default=[64, 96, 128], help="most tokens of a text")
    return parser.parse_args()


def compare(terms: pd.DataFrame, go_ids: list[str], max_tokens: int, options: argparse.Namespace) -> None:
    """One line: texts per second of each way, and how far the vectors are from each other."""
    encoder = TextEncoder.load("minilm", max_tokens=max_tokens)
    texts = fitted(encoder, terms, options.phase, go_ids).texts
    with tempfile.TemporaryDirectory() as folder:
        cache = TextCache(folder, encoder.vectors)
        encoder.embed(texts, go_ids, cache=cache)
        ways = {
            "theirs": as_it_comes(max_tokens),
            "ours": lambda texts: encoder.embed(texts, go_ids),
            "again": lambda texts: encoder.embed(texts, go_ids, cache=cache),
        }
        seconds: dict[str, list[float]] = {name: [] for name in ways}
        vectors: dict[str, np.ndarray] = {}
        for _ in range(options.repeats):
            for name, way in ways.items():
                began = time.perf_counter()
                vectors[name] = way(texts)
                seconds[name].append(time.perf_counter() - began)
    theirs, ours, again = (len(texts) / statistics.median(seconds[name]) for name in ways)
    difference = float(np.abs(vectors["theirs"] - vectors["ours"]).max())
    print(
        f"{max_tokens:10d} {theirs:17.1f} /s {ours:10.1f} /s {ours / theirs:6.2f} {again:8.0f} /s {again / ours:6.0f} "
        f"{len(terms) / ours / 60:11.1f} min {difference:11.1e}"
    )


def as_it_comes(max_tokens: int) -> Callable[[list[str]], np.ndarray]:
    """sentence-transformers with its default batches, on the same files."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(model_folder("minilm")), device="cpu", local_files_only=True)
    model.max_seq_length = max_tokens
    return lambda texts: np.asarray(model.encode(texts, show_progress_bar=False))


def compare_releases(older: pd.DataFrame, newer: pd.DataFrame, options: argparse.Namespace) -> None:
    """What a new release costs where the one before is in the cache."""
    max_tokens = max(options.max_tokens)
    encoder = TextEncoder.load("minilm", max_tokens=max_tokens)
    go_ids = newer["go_id"].sample(options.release_texts, random_state=1).tolist()
    print(f"\n{len(go_ids)} terms of the newer release, {max_tokens} tokens")
    with tempfile.TemporaryDirectory() as folder:
        for name, terms in (("older", older), ("newer", newer), ("newer again", newer)):
            known = pd.Index(go_ids).intersection(terms["go_id"], sort=False).tolist()
            began = time.perf_counter()
            texts = fitted(encoder, terms, options.phase, known).texts
            fitting, began = time.perf_counter() - began, time.perf_counter()
            cache = TextCache(folder, encoder.vectors)
            new = len(set(texts)) - len(cache.read(texts))
            encoder.embed(texts, known, cache=cache)
            embedding = time.perf_counter() - began
            print(
                f"{name:12} {len(texts):6d} terms {new:6d} embedded; {fitting:6.1f} s texts, {embedding:7.1f} s vectors"
            )


def fitted(encoder: TextEncoder, terms: pd.DataFrame, phase: str, go_ids: list[str]) -> FittedTexts:
    """Texts as rule embed_texts makes them."""
    return fit_texts(term_texts(terms, phase, go_ids), encoder.tokens, most=encoder.max_tokens)


if __name__ == "__main__":
    main()
