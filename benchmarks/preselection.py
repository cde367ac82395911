"""Does a search among protein vectors find relatives that k-mers and DIAMOND miss?

    python benchmarks/preselection.py results/swissprot_2014 --queries 100

Some validation proteins without a training protein of 50 % identity are aligned with every training protein
(Smith-Waterman). Relatives are those whose score chance gives at most 1e-3 times in a search of the whole set, the
score of the reversed training protein taken off (`retrieval.alignment_similarity`), at most `--k` of each. Recall is
the share of a protein's relatives among the `--k` that a way finds: cosine of mean residue vectors less their mean,
shared k-mers, DIAMOND --very-sensitive (to an e-value of 10), DIAMOND's hits filled up to `--k` by another way, and
both with half of the places. "Labels" is the mean Jaccard index of propagated terms: how much of its function a protein
shares with what only one way finds. Then indexes of FAISS and forms of the vectors against the exact search. Test
proteins are not touched.
"""

import argparse
import math
import tempfile
import time
from pathlib import Path

import faiss
import numpy as np
import pandas as pd
import parasail

from gofer.artefacts import read_table
from gofer.baselines.embedding_neighbours import mean_pooled
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.inputs.label_matrix import label_matrix
from gofer.inputs.proteins.kmer_search import KmerIndex, kmer_matrix
from gofer.inputs.proteins.local_alignment import GAP_EXTEND, GAP_OPEN, LAMBDA, MATRIX, K
from gofer.inputs.proteins.programs import run_program, write_rows

MAX_EXPECTED = 1e-3
REMOTE = 0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="results/<run> with embeddings")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--k", type=int, default=100)
    options = parser.parse_args()
    inputs, [manifest] = options.run / "inputs", list(options.run.glob("embeddings/*/manifest.parquet"))
    proteins = read_table(inputs / "proteins.parquet", ["protein_id", "sequence", "sequence_sha256"])
    proteins = proteins.merge(read_table(inputs / "splits.parquet", ["protein_id", "split", "nearest_identity"]))
    train = proteins[proteins["split"] == "train"].reset_index(drop=True)
    remote = proteins[(proteins["split"] == "val") & ~(proteins["nearest_identity"] >= REMOTE)]
    queries = remote.sort_values("sequence_sha256").head(options.queries).reset_index(drop=True)
    store = ESMResidueStore(manifest)
    vectors_NE, vectors_QE = (mean_pooled(store, part["sequence_sha256"]) for part in (train, queries))
    mean_E = vectors_NE.mean(0)
    vectors_NE, vectors_QE = (unit(part - mean_E) for part in (vectors_NE, vectors_QE))
    sequences, asked = train["sequence"].tolist(), queries["sequence"].tolist()
    began = time.process_time()
    relatives = [related(query, sequences, options.k) for query in asked]
    print(f"aligned with all: {time.process_time() - began:,.0f} CPU s; {len(sequences)} training proteins")
    print(
        f"{len(asked)} queries, {sum(len(rows) > 0 for rows in relatives)} with relatives, {sum(map(len, relatives))}"
    )
    found = {
        "mean residue vectors": list(np.argsort(-(vectors_QE @ vectors_NE.T), axis=1)[:, : options.k]),
        "k-mers": KmerIndex.of(kmer_matrix(sequences)).best(kmer_matrix(asked), most=options.k),
        "DIAMOND": diamond(asked, sequences, options.k),
    }
    for one, other in (("DIAMOND", "mean residue vectors"), ("DIAMOND", "k-mers")):
        found[f"{one}, then {other}"] = [
            np.union1d(a, [row for row in b if row not in set(a)][: max(options.k - len(a), 0)])
            for a, b in zip(found[one], found[other], strict=True)
        ]
    half = options.k // 2
    for one, other in (("DIAMOND", "mean residue vectors"), ("DIAMOND", "k-mers")):
        pairs = zip(found[one], found[other], strict=True)
        found[f"{one} and {other}, half each"] = [np.union1d(a[:half], b[:half]) for a, b in pairs]
    jaccard = overlaps(inputs, queries, train)
    chance = np.mean([jaccard[row, ::50].mean() for row in range(len(asked))])
    print(f"labels in common (Jaccard): {chance:.3f} by chance, {mean_of(jaccard, relatives):.3f} of all relatives")
    head = f"recall at {options.k} | relatives that only it finds | their labels | labels of all that only it finds"
    print(f"| way | {head} |")
    print("|---|---:|---:|---:|---:|")
    single = ["mean residue vectors", "k-mers", "DIAMOND"]
    for name, rows in found.items():
        recalls = [np.isin(true, rows[q]).mean() for q, true in enumerate(relatives) if len(true)]
        line = f"| {name} | {np.mean(recalls):.3f} |"
        if name in single:
            others = [found[other] for other in single if other != name]
            alone = [np.setdiff1d(rows[q], np.concatenate([other[q] for other in others])) for q in range(len(asked))]
            true = [np.intersect1d(a, b) for a, b in zip(alone, relatives, strict=True)]
            line += f" {sum(map(len, true))} | {mean_of(jaccard, true):.3f} | {mean_of(jaccard, alone):.3f} |"
        print(line if name in single else f"{line} | | |")
    show_indexes(vectors_NE, options.k)


def mean_of(jaccard_QN: np.ndarray, rows: list[np.ndarray]) -> float:
    """Over the pairs of each query with its rows."""
    return float(np.concatenate([jaccard_QN[q, row.astype(int)] for q, row in enumerate(rows)]).mean())


def unit(vectors_NE: np.ndarray) -> np.ndarray:
    return vectors_NE / np.linalg.norm(vectors_NE, axis=1, keepdims=True)


def related(query: str, others: list[str], most: int) -> np.ndarray:
    """Rows of the relatives, the best first."""
    residues = sum(map(len, others))
    profile = parasail.profile_create_sat(query, MATRIX)
    least = math.log(K * len(query) * residues / MAX_EXPECTED) / LAMBDA
    reached = {}
    for row, other in enumerate(others):
        score = parasail.sw_striped_profile_sat(profile, other, GAP_OPEN, GAP_EXTEND).score
        if score >= least:
            reverse = parasail.sw_striped_profile_sat(profile, other[::-1], GAP_OPEN, GAP_EXTEND).score
            chance = math.log(K * len(query) * len(other)) / LAMBDA
            if score - max(reverse - chance, 0) >= least:
                reached[row] = score
    return np.array(sorted(reached, key=lambda row: (-reached[row], row))[:most], dtype=np.int64)


def diamond(queries: list[str], targets: list[str], most: int) -> list[np.ndarray]:
    """Rows that DIAMOND finds, the best first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "t.fasta", targets)
        write_rows(folder / "q.fasta", queries)
        run_program("diamond", "makedb", "--in", str(folder / "t.fasta"), "--db", str(folder / "t"), "--threads", "1")
        files = ["--query", str(folder / "q.fasta"), "--db", str(folder / "t"), "--out", str(folder / "hits.tsv")]
        limits = ["--very-sensitive", "--evalue", "10", "--max-target-seqs", str(most), "--threads", "1"]
        run_program("diamond", "blastp", *files, *limits, "--outfmt", "6", "qseqid", "sseqid", "bitscore")
        hits = pd.read_csv(folder / "hits.tsv", sep="\t", names=["query", "target", "score"])
    hits = hits.sort_values("score", ascending=False, kind="stable").drop_duplicates(["query", "target"])
    return [hits.loc[hits["query"] == query, "target"].to_numpy(np.int64)[:most] for query in range(len(queries))]


def overlaps(inputs: Path, queries: pd.DataFrame, train: pd.DataFrame) -> np.ndarray:
    """Jaccard index of the propagated terms of each query and each training protein, (Q, N)."""
    ids = [*queries["protein_id"], *train["protein_id"]]
    pairs = read_table(inputs / "annotations.parquet", ["protein_id", "go_id"], where={"protein_id": ids})
    terms = sorted(set(pairs["go_id"]))
    query_QT, train_NT = (label_matrix(pairs, part["protein_id"].tolist(), terms) for part in (queries, train))
    both_QN = (query_QT.astype(np.float32) @ train_NT.astype(np.float32).T).toarray()
    sizes_Q, sizes_N = (np.diff(matrix.tocsr().indptr) for matrix in (query_QT, train_NT))
    return both_QN / np.maximum(sizes_Q[:, None] + sizes_N[None] - both_QN, 1)


def show_indexes(vectors_NE: np.ndarray, k: int) -> None:
    """Recall of approximate indexes and of smaller banks against the exact search, over 500 of the proteins."""
    faiss.omp_set_num_threads(1)
    vectors_NE = np.ascontiguousarray(vectors_NE, np.float32)
    width, asked_QE = vectors_NE.shape[1], vectors_NE[:: max(len(vectors_NE) // 500, 1)]
    cells, inner = round(math.sqrt(len(vectors_NE))), faiss.METRIC_INNER_PRODUCT
    kinds = {
        "exact, float32": "Flat",
        "exact, float16": "SQfp16",
        "exact, int8": "SQ8",
        f"IVF, {cells} cells, 10 % searched": f"IVF{cells},Flat",
        "HNSW, 32 links": "HNSW32,Flat",
    }
    exact_QK = None
    print("| index | recall | build, CPU s | search, CPU ms a query | bytes a vector |")
    print("|---|---:|---:|---:|---:|")
    for name, kind in kinds.items():
        index = faiss.index_factory(width, kind, inner)
        began = time.process_time()
        index.train(vectors_NE)
        index.add(vectors_NE)
        built = time.process_time()
        if kind.startswith("IVF"):
            index.nprobe = cells // 10
        if kind.startswith("HNSW"):
            index.hnsw.efSearch = 2 * k
        found_QK = index.search(asked_QE, k)[1]
        searched = time.process_time()
        exact_QK = found_QK if exact_QK is None else exact_QK
        recall = np.mean([np.isin(a, b).mean() for a, b in zip(exact_QK, found_QK, strict=True)])
        size = len(faiss.serialize_index(index)) / len(vectors_NE)
        each = (searched - built) / len(asked_QE) * 1e3
        print(f"| {name} | {recall:.3f} | {built - began:.1f} | {each:.2f} | {size:.0f} |", flush=True)


if __name__ == "__main__":
    main()
