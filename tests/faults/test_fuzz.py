"""Random and damaged files for every reader: it gives a result or one of gofer's own errors, never another.

`make fuzz` gives the same readers (`fuzzed_readers.py`) a million files.
"""

import json
from contextlib import suppress

import pytest
from faults.fuzzed_readers import BINARIES, TEXTS, written
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gofer.errors import GoferError

EXAMPLES = 12
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


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return written(tmp_path_factory.mktemp("fuzz"))


def read_or_refuse(file, content):
    with suppress(GoferError):
        file.read(content)


@pytest.mark.parametrize("kind", [*TEXTS, *BINARIES])
def test_a_whole_file_is_read(files, kind):
    files[kind].read(files[kind].content)


@pytest.mark.parametrize("kind", [*TEXTS, *BINARIES])
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(edits=damages())
def test_a_damaged_file_is_read_or_refused_by_gofers_own_error(files, kind, edits):
    read_or_refuse(files[kind], damaged(files[kind].content, edits))


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
    read_or_refuse(files[kind], content)
