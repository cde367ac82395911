"""Embedding of GO texts side by side: sentence-transformers as it comes, and gofer's packed MiniLM. About a minute.

    python benchmarks/texts.py --threads 2 --ontology ../shared/data/go/go_2015-07-11.obo.bz2

Texts are those of one phase for terms taken at random from the ontology. Alternating runs, medians.
"""

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch

from gofer.embeddings.go_text import term_texts
from gofer.embeddings.text_encoder import TextEncoder
from gofer.inputs.ontology import read_ontology


def main() -> None:
    options = parsed()
    torch.set_num_threads(options.threads)
    texts, of_all = some_texts(options.ontology, options.phase, options.texts)
    print(f"{len(texts)} texts of phase {options.phase}, {options.threads} threads; {of_all} terms in the ontology")
    print("max_tokens  sentence-transformers     packed  ratio  whole ontology  difference")
    for max_tokens in options.max_tokens:
        encoders = {
            packed: TextEncoder.load("minilm", max_tokens=max_tokens, packed=packed) for packed in (False, True)
        }
        seconds: dict[bool, list[float]] = {False: [], True: []}
        vectors: dict[bool, np.ndarray] = {}
        for _ in range(options.repeats):
            for packed, encoder in encoders.items():
                began = time.perf_counter()
                vectors[packed] = encoder.embed(texts, texts)
                seconds[packed].append(time.perf_counter() - began)
        theirs, ours = (len(texts) / statistics.median(seconds[packed]) for packed in (False, True))
        difference = float(np.abs(vectors[False] - vectors[True]).max())
        print(
            f"{max_tokens:10d} {theirs:17.1f} /s {ours:9.1f} /s {ours / theirs:6.2f} {of_all / ours / 60:11.1f} min "
            f"{difference:11.1e}"
        )


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ontology", type=Path, required=True, help="OBO file, plain, gz or bz2")
    parser.add_argument("--phase", choices=list("ABCD"), default="D", help="of the texts")
    parser.add_argument("--texts", type=int, default=150, help="how many")
    parser.add_argument("--threads", type=int, default=2, help="of torch")
    parser.add_argument("--repeats", type=int, default=2, help="runs of each way")
    parser.add_argument(
        "--max-tokens", type=int, nargs="+", default=[64, 96, 128], help="lengths that texts are cut to"
    )
    return parser.parse_args()


def some_texts(path: Path, phase: str, number: int) -> tuple[list[str], int]:
    """Texts of some terms of an ontology, and how many terms it has."""
    terms = read_ontology(path).terms
    chosen = np.random.default_rng(0).permutation(len(terms))[:number]
    return term_texts(terms, phase, terms["go_id"].iloc[chosen].tolist()), len(terms)


if __name__ == "__main__":
    main()
