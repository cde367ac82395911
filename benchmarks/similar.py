"""Share of similar proteins that the search by k-mers finds, of those found by aligning every pair. Minutes.

    python benchmarks/similar.py proteins.fasta --proteins 1000 --threads 2

Also how long the parts take, and with --synthetic N how long for N proteins: made of pieces of the real ones,
reversed, so that they have real k-mers but are not related.
"""

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from gofer.inputs.proteins.kmer_search import KmerIndex, kmer_matrix
from gofer.inputs.proteins.local_alignment import all_hits
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.splits.clusters import CANDIDATES, cluster

IDENTITIES = (0.3, 0.4, 0.5, 0.7, 0.9)
HELD_OUT = 0.3
PIECE = 30
ASKED = 300

Result = TypeVar("Result")


def main() -> None:
    options = parsed()
    rng = np.random.default_rng(0)
    known = sorted(set(read_proteins([options.fasta])[0]["sequence"]))
    if options.synthetic:
        scale(synthetic(known, options.synthetic, rng), options.threads)
        return
    chosen = np.sort(rng.permutation(len(known))[: options.proteins or len(known)])
    sequences = [known[row] for row in chosen]
    every = [(one, sequences[row + 1 :]) for row, one in enumerate(sequences)]
    found = timed("every pair aligned", lambda: all_hits(every, threads=options.threads))
    identity = np.zeros((len(sequences), len(sequences)))
    for row, hits in enumerate(found):
        for hit in hits:
            other = row + 1 + hit.row
            identity[row, other] = identity[other, row] = hit.identity
    clusters_found(sequences, identity, options.threads)
    nearest_found(sequences, identity, rng, options.threads)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fasta", help="real proteins")
    parser.add_argument("--proteins", type=int, help="of them, drawn at random; all if not given")
    parser.add_argument("--synthetic", type=int, help="time the parts for this many proteins instead")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def timed(what: str, work: Callable[[], Result]) -> Result:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{what}: {time.process_time() - cpu:.1f} s CPU, {time.perf_counter() - wall:.1f} s, peak {peak:.1f} GB")
    return result


def clusters_found(sequences: Sequence[str], identity: np.ndarray, threads: int) -> None:
    number = timed("clusters", lambda: cluster(sequences, identity=0.3, clusterer="kmers", threads=threads)).number_N
    together = number[:, None] == number[None, :]
    print(f"{len(sequences)} proteins, {number.max() + 1} clusters, the largest of {np.bincount(number).max()}")
    for least in IDENTITIES:
        pairs = np.triu(identity >= least)
        print(f"pairs at {least:.0%}: {pairs.sum()}, in one cluster {(pairs & together).sum()}")


def nearest_found(sequences: Sequence[str], identity: np.ndarray, rng: np.random.Generator, threads: int) -> None:
    order = rng.permutation(len(sequences))
    asked, train = np.split(order, [round(HELD_OUT * len(order))])

    def search() -> np.ndarray:
        index = KmerIndex.of(kmer_matrix([sequences[row] for row in train]))
        near = index.best(kmer_matrix([sequences[row] for row in asked]), most=CANDIDATES, threads=threads)
        return np.array([identity[one, train[rows]].max(initial=0) for one, rows in zip(asked, near, strict=True)])

    best, found = identity[np.ix_(asked, train)].max(axis=1), timed("k-mers of the held out", search)
    for least in IDENTITIES:
        print(
            f"of {len(asked)} held out, nearest at {least:.0%}: {(best >= least).sum()}, found {(found >= least).sum()}"
        )


def synthetic(known: Sequence[str], count: int, rng: np.random.Generator) -> list[str]:
    pieces = [one[::-1][at : at + PIECE] for one in known for at in range(0, len(one) - PIECE, PIECE)]
    lengths = rng.choice([len(one) for one in known], count)
    chosen = (rng.integers(len(pieces), size=max(1, length // PIECE)) for length in lengths)
    return ["".join(pieces[piece] for piece in pieces_of) for pieces_of in chosen]


def scale(sequences: Sequence[str], threads: int) -> None:
    print(f"{len(sequences)} proteins, {sum(map(len, sequences))} residues; of the last two parts {ASKED} proteins")
    kmers = timed("k-mers", lambda: kmer_matrix(sequences))
    index = timed("index", lambda: KmerIndex.of(kmers))
    near = timed("candidates", lambda: index.best(kmers[:ASKED], most=CANDIDATES, threads=threads))
    asked = [(sequences[row], [sequences[other] for other in rows]) for row, rows in enumerate(near)]
    timed("alignments", lambda: all_hits(asked, threads=threads))


if __name__ == "__main__":
    main()
