"""Random and damaged files for every reader: it gives a result or one of gofer's own errors, never another.

`make fuzz` runs these with many more examples (GOFER_FUZZ, for each reader) and notes them in benchmarks/fuzz.tsv.
"""

import datetime
import json
import os
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from faults.inputs_at_fault import OBO_TERMS, scan_line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inputs.annotation_lines import gaf, gpad1, gpad2, read_files
from training.tiny_world import RELEASE, random_model

from gofer.artefacts import Manifest, read_json, read_manifest, read_table, write_json, write_table
from gofer.config.places import Places
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.errors import GoferError
from gofer.inputs.ontology.term_table import read_ontology
from gofer.inputs.proteins.protein_lists import read_marked
from gofer.inputs.proteins.protein_table import read_proteins
from gofer.inputs.text_files import read_ids
from gofer.mining.faiss_index import SHARED, TermIndex, read_index, write_index
from gofer.retrieval.cafa_format import read_cafa, write_cafa
from gofer.retrieval.model_file import BANK, MODEL, ModelFile, write_model_file
from gofer.training.checkpoint import read_checkpoint, write_checkpoint

EXAMPLES = int(os.environ.get("GOFER_FUZZ", "12"))
TABLE = Path(__file__).parents[2] / "benchmarks/fuzz.tsv"
NRPDB = (
    "### GO-terms (molecular_function)\nGO:0000003\n### GO-names (molecular_function)\nn\n"
    "### PDB-chain\tGO-terms (molecular_function)\nP1\tGO:0000003\n"
)
VECTORS = np.eye(3, 4, dtype=np.float32)
tried: Counter[str] = Counter()


def read_annotation_file(path):
    return read_files([path])


def read_whole_model(path, kind):
    file = ModelFile.open(path, kind=kind)
    list(file.verify())
    return file.document("card"), file.texts("ids.txt")


TEXTS = {
    "fasta": (">sp|P12345|X_Y n OS=a\nMKVLAWYT\n>b\nmkx*\n", lambda path: read_proteins([path])),
    "obo": (OBO_TERMS + 'def: "a \\"b\\"" [x:y] {s="t"}\nsynonym: "s" EXACT []\n', read_ontology),
    "gaf": ("!gaf-version: 2.2\n" + gaf() + gaf("Q", "P2", "NOT|enables"), read_annotation_file),
    "gpad": ("!gpa-version: 1.1\n" + gpad1() + gpad1("P2"), read_annotation_file),
    "gpad2": ("!gpad-version: 2.0\n" + gpad2() + gpad2("DB:P2"), read_annotation_file),
    "tsv": ("protein\tqualifier\tgo_id\nP1\tenables\tGO:0000003\nP2\tNOT\tGO:0000002\n", read_annotation_file),
    "csv": ('Entry,"Gene Ontology IDs"\nP1,"GO:0000003; GO:0000002"\n', read_annotation_file),
    "eggnog": ("#query\tGOs\nP1\tGO:0000003,GO:0000002\nP2\t-\n", read_annotation_file),
    "interproscan": (scan_line("P1", "GO:0000003(InterPro)|GO:0000002(X)"), read_annotation_file),
    "nrpdb": (NRPDB, read_annotation_file),
    "ids": ("# list\na\nb  # c\n", read_ids),
    "marked": ("protein,x\na,1\nb,0\n", partial(read_marked, column="x")),
    "config": ("run: a\nseed: 1\ntraining: {epochs: [1, 2], lr: 1e-4}\n", lambda path: Places.read([path], {})),
    "json config": ('{"run": "a",\n\t"training": {"lr": 0.1}}', lambda path: Places.read([path], {})),
}
BINARIES = {
    "cafa": (
        lambda path: write_cafa(path, ["P1", "P2"], ["GO:0000001", "GO:0000002"], np.array([0.5, 0.25])),
        read_cafa,
    ),
    "json": (lambda path: write_json(path, {"a": [1, 2], "b": {"c": "d"}}, Manifest({"x": "y"})), read_json),
    "manifest": (lambda path: write_json(path, {"a": 1}, Manifest({"x": "y"})), read_manifest),
    "parquet": (lambda path: write_table(path, pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), Manifest({})), read_table),
    "texts": (lambda path: GoLookupCache(["GO:1", "GO:2", "GO:3"], VECTORS).write(path, RELEASE), GoLookupCache.read),
    "index": (
        lambda path: write_index(path, TermIndex.of_vectors(["a", "b", "c"], VECTORS, space=SHARED), RELEASE),
        read_index,
    ),
    "checkpoint": (lambda path: write_checkpoint(path, random_model(), RELEASE), read_checkpoint),
    "model file": (
        lambda path: write_model_file(path, {"v": VECTORS}, {"card": {"a": 1}}, {"ids.txt": ["a", "b"]}),
        partial(read_whole_model, kind=MODEL),
    ),
    "bank": (
        lambda path: write_model_file(path, {"v": VECTORS}, {"card": {"a": 1}}, {"ids.txt": ["a"]}, kind=BANK),
        partial(read_whole_model, kind=BANK),
    ),
}
ENDINGS = {
    "manifest": ".json",
    "json": ".json",
    "parquet": ".parquet",
    "texts": ".parquet",
    "checkpoint": ".safetensors",
}
PIECES = [
    b"\0",
    b"\n",
    b"\r",
    b"\t",
    b'"',
    b"\\",
    b"\xff",
    b"{",
    b"-1",
    b"1e999",
    b"GO:0000001",
    b"\xe2\x80\xae",
    b" ! ",
    b"&a *a",
]


@st.composite
def damages(draw):
    """Up to four of: bytes replaced, cut out, put in, doubled; by place as a share of the file."""
    place, piece = st.floats(0, 1), st.sampled_from(PIECES) | st.binary(max_size=9)
    kind = st.sampled_from(["replace", "cut", "insert", "double", "end"])
    return draw(st.lists(st.tuples(kind, place, st.integers(1, 64), piece), min_size=1, max_size=4))


def damaged(content: bytes, edits) -> bytes:
    for kind, share, length, piece in edits:
        at = int(share * len(content))
        start, rest = content[:at], content[at:]
        content = {
            "replace": start + piece + rest[len(piece) :],
            "cut": start + rest[length:],
            "insert": start + piece + rest,
            "double": start + rest[:length] + rest,
            "end": start,
        }[kind]
    return content


@pytest.fixture(scope="module", autouse=True)
def noted():
    """Note in the table how many files were tried, where that is asked for."""
    yield
    if os.environ.get("GOFER_FUZZ"):
        with TABLE.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.date.today()}\t{tried['files']:,}\t{tried['finding']}\n")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A whole file of each kind, its bytes, and the reader of it."""
    folder, found = tmp_path_factory.mktemp("fuzz"), {}
    for kind, (text, reader) in TEXTS.items():
        found[kind] = folder / kind.replace(" ", "_"), text.encode(), reader
    for kind, (write, reader) in BINARIES.items():
        path = folder / f"{kind.replace(' ', '_')}{ENDINGS.get(kind, '')}"
        write(path)
        found[kind] = path, path.read_bytes(), reader
    return found


def read_or_refuse(kind, path, content, reader):
    path.write_bytes(content)
    tried["files"] += 1
    try:
        reader(path)
    except GoferError:
        tried["refused"] += 1
    except BaseException:
        tried["finding"] += 1
        raise


@pytest.mark.parametrize("kind", [*TEXTS, *BINARIES])
def test_a_whole_file_is_read(files, kind):
    path, content, reader = files[kind]
    path.write_bytes(content)
    reader(path)


@pytest.mark.parametrize("kind", [*TEXTS, *BINARIES])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(edits=damages())
def test_a_damaged_file_is_read_or_refused_by_gofers_own_error(files, kind, edits):
    path, content, reader = files[kind]
    read_or_refuse(kind, path, damaged(content, edits), reader)


@pytest.mark.parametrize("kind", [*TEXTS, *BINARIES])
@settings(max_examples=EXAMPLES // 2, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    content=st.binary(max_size=300)
    | st.text(max_size=200).map(str.encode)
    | st.recursive(
        st.none() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ).map(lambda tree: json.dumps(tree).encode())
)
def test_a_random_file_is_read_or_refused_by_gofers_own_error(files, kind, content):
    path, _, reader = files[kind]
    read_or_refuse(kind, path, content, reader)
