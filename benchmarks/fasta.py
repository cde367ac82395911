"""FASTA readers compared: gofer's strict one, Biopython's two, pyfastx; and all of read_proteins. 2 minutes.

    python benchmarks/fasta.py

Synthetic proteins with UniProt headers, log-normal lengths (median 300), 60 residues a line. Each way runs in a
separate process, for its peak memory. The time is processor time, so that other work on the machine counts less; the
ways take turns, and the lowest of the repeats is printed. The file is in the page cache. Biopython and pyfastx check
nothing.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

# Percent of each residue in Swiss-Prot, rounded.
COMPOSITION = {
    "A": 8.3, "R": 5.5, "N": 4.1, "D": 5.5, "C": 1.4, "Q": 3.9, "E": 6.7, "G": 7.1, "H": 2.3, "I": 5.9,
    "L": 9.7, "K": 5.8, "M": 2.4, "F": 3.9, "P": 4.7, "S": 6.6, "T": 5.4, "W": 1.1, "Y": 2.9, "V": 6.8,
}  # fmt: skip
WITH_X = 100  # one protein in this many has an X
LINE = 60
GOFER = "gofer: read_fasta, all checks"


def main() -> None:
    options = parsed()
    if options.way:
        print(json.dumps(measured(WAYS[options.way], options.file)))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "proteins.fasta"
        residues = write_proteins(path, options.proteins, options.seed)
        best = {name: alone(name, path) for name in WAYS}
        for _ in range(options.repeats - 1):
            for name, found in best.items():
                best[name] = min(found, alone(name, path))
    assert all(found[1] == [options.proteins, residues] for found in best.values()), best
    print(f"{options.proteins:,} proteins, {residues:,} residues, seed {options.seed}")
    print(f"{'way':40s} {'proteins/s':>12s} {'times gofer':>12s} {'MiB':>6s}")
    for name, (seconds, _, memory) in best.items():
        print(f"{name:40s} {options.proteins / seconds:12,.0f} {best[GOFER][0] / seconds:12.2f} {memory:6.0f}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proteins", type=int, default=500_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="of the proteins")
    parser.add_argument("--repeats", type=int, default=3, help="processes of each way")
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def write_proteins(path: Path, proteins: int, seed: int) -> int:
    """Write the FASTA file; the number of its residues."""
    generator = np.random.default_rng(seed)
    shares = np.cumsum(list(COMPOSITION.values())) / sum(COMPOSITION.values())
    letters = np.frombuffer("".join(COMPOSITION).encode(), np.uint8)[np.searchsorted(shares, np.arange(4096) / 4096)]
    lengths = np.clip(generator.lognormal(math.log(300), 0.6, proteins).astype(int), 10, 35_000).tolist()
    with path.open("wb") as file:
        for number, length in enumerate(lengths):
            drawn = letters[generator.integers(0, len(letters), length, dtype=np.uint16)]
            if number % WITH_X == 0:
                drawn[length // 2] = ord("X")
            sequence = drawn.tobytes()
            name = b"sp|Q%06d|Q%06d_SYNTH" % (number, number)
            file.write(b">%b Protein %d OS=Synthetic construct OX=32630 PE=4 SV=1\n" % (name, number))
            file.write(b"".join(sequence[start : start + LINE] + b"\n" for start in range(0, length, LINE)))
    return sum(lengths)


def alone(name: str, path: Path) -> tuple[float, list[int], float]:
    """Seconds, what was read, and peak MiB of one way in a separate process."""
    command = [sys.executable, __file__, "--way", name, "--file", str(path)]
    return tuple(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measured(way: Callable[[Path], Callable[[], Iterable[int]]], path: Path) -> tuple[float, list[int], float]:
    read = way(path)
    began = time.process_time()
    proteins = residues = 0
    for length in read():
        proteins += 1
        residues += length
    seconds = time.process_time() - began
    return seconds, [proteins, residues], peak_memory()


def peak_memory() -> float:
    """MiB. Not ru_maxrss, which a process takes over from the one that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


# Each way imports what it needs and gives the lengths of the sequences once it is called.
def gofer_reader(path: Path) -> Callable[[], Iterable[int]]:
    from gofer.errors import Problems
    from gofer.inputs.proteins.fasta import read_fasta

    return lambda: (len(protein.sequence) for protein in read_fasta(path, Problems()))


def simple_parser(path: Path) -> Callable[[], Iterable[int]]:
    from Bio.SeqIO.FastaIO import SimpleFastaParser

    return lambda: (len(sequence) for _, sequence in SimpleFastaParser(path.open()))


def seqio(path: Path) -> Callable[[], Iterable[int]]:
    from Bio import SeqIO

    return lambda: (len(record.seq) for record in SeqIO.parse(path, "fasta"))


def pyfastx_reader(path: Path) -> Callable[[], Iterable[int]]:
    import pyfastx

    return lambda: (len(sequence) for _, sequence, _ in pyfastx.Fastx(str(path), comment=True))


def to_parquet(path: Path) -> Callable[[], Iterable[int]]:
    import pyarrow.parquet as pq

    from gofer.artefacts import write_batches
    from gofer.inputs.proteins.protein_table import ProteinReader
    from gofer.inputs.schemas import PROTEINS

    def lengths() -> Iterable[int]:
        reader, table = ProteinReader([path]), path.with_suffix(".parquet")
        write_batches(table, PROTEINS, reader.batches(), reader.manifest)
        return pq.read_table(table, columns=["length"])["length"].to_pylist()

    return lengths


WAYS = {
    GOFER: gofer_reader,
    "Biopython: SimpleFastaParser": simple_parser,
    "Biopython: SeqIO.parse": seqio,
    "pyfastx: Fastx": pyfastx_reader,
    "gofer: read_proteins, to the parquet": to_parquet,
}


if __name__ == "__main__":
    main()
