"""The model file, `<run>.gofer`: arrays and JSON documents in one safetensors file, memory-mapped and checked.

Any safetensors reader opens it; nothing in it is executable. A document is a part of bytes whose name ends in `.json`,
a list of texts one whose name ends in `.txt`. The header holds the SHA-256 of each part, and one of itself. A part is
read, and its checksum compared, when it is first asked for: a file of any size is opened within milliseconds. In a file
that is to be small, the parts are compressed.
This module needs NumPy only, since `gofer info` must answer at once.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gofer.errors import ArtefactError
from gofer.retrieval.compressed import compressed, restored

MODEL, BANK = "gofer-model", "gofer-bank"  # kinds of files
VERSION = 2
LARGEST_HEADER = 16 << 20  # bytes; that of a real model takes a few thousand
LARGEST_DOCUMENT = 1 << 30
PIECE = 1 << 22
TYPES = {
    "F64": np.float64, "F32": np.float32, "F16": np.float16, "I64": np.int64, "I32": np.int32, "I16": np.int16,
    "I8": np.int8, "U8": np.uint8, "BOOL": np.bool_,
}  # fmt: skip
NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}
AVERAGE = "average_vector"  # a setting of a small model: the mean vector of the proteins that it does not hold
TAXA = "taxa.json"  # taxon constraints of the ontology; absent where it had none
ANY_EVIDENCE = "any"  # all groups of evidence together, in calibration.json, own
DIGEST, PARTS, PACKED = "sha256", "parts", "packed"
AGAIN = "copy or download it again, or make it again with: gofer pack RUN"


@dataclass(frozen=True)
class Part:
    """Where an array is in the file.

    Attributes:
        dtype: Of its numbers.
        shape: Its shape.
        start: First byte, from the beginning of the file.
        size: Bytes in the file.
        sha256: Of these bytes, hexadecimal.
        packed: Whether they are compressed.
    """

    dtype: np.dtype
    shape: tuple[int, ...]
    start: int
    size: int
    sha256: str
    packed: bool = False


@dataclass(frozen=True, eq=False)
class ModelFile:
    """An open model file.

    Attributes:
        path: The file.
        version: Version of the format.
        digest: SHA-256 of its header, and so of all that it holds, hexadecimal.
        parts: Its arrays and documents by name.
    """

    path: Path
    version: int
    digest: str
    parts: Mapping[str, Part]
    _bytes: NDArray[np.uint8]
    _verified: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, path: Path | str, *, kind: str = MODEL) -> "ModelFile":
        """Map the file and check its header: its format, its checksum, and that every part is within the file.

        Args:
            path: The file.
            kind: `MODEL` or `BANK`: what it must be.

        Raises:
            ArtefactError: It is missing, cut short, damaged, no model, or of another version.
        """
        path = Path(path)
        header, start, size = _read_header(path)
        facts = header.pop("__metadata__", None)
        if not isinstance(facts, dict) or facts.get("format") != kind:
            raise _foreign(path, "a safetensors file of something else")
        _refuse_other_version(path, facts.get("version"))
        digest = facts.pop(DIGEST, "")
        if _digest(header, facts) != digest:
            raise _damaged(path, "the checksum of its header is not that of its content")
        parts = _parts(path, header, facts, start, size)
        whole = np.memmap(path, np.uint8, mode="r")
        return cls(path, VERSION, digest, parts, whole)

    def __contains__(self, name: object) -> bool:
        return name in self.parts

    def array(self, name: str) -> NDArray:
        """An array, read-only; mapped and not copied, unless it is compressed.

        Raises:
            ArtefactError: There is none of this name, or its checksum is wrong.
        """
        content, part = self._verified_bytes(name), self.parts[name]
        if not part.packed:
            return content.view(part.dtype).reshape(part.shape)
        try:
            return restored(content, part.dtype, part.shape)
        except ValueError as error:
            raise _damaged(self.path, f"{name}: {error}") from error

    def group(self, prefix: str) -> dict[str, NDArray]:
        """The arrays whose names begin with `prefix/`, by the rest of their names; documents and texts left out."""
        names = (name for name in self.parts if name.startswith(f"{prefix}/") and not name.endswith((".json", ".txt")))
        return {name.removeprefix(f"{prefix}/"): self.array(name) for name in names}

    def document(self, name: str) -> Any:
        """A JSON document, by its name with its suffix.

        Raises:
            ArtefactError: There is none of this name, its checksum is wrong, or it is no JSON.
        """
        try:
            return json.loads(self._text(name))
        except (ValueError, RecursionError) as error:
            raise _damaged(self.path, f"{name} is no JSON") from error

    def texts(self, name: str) -> list[str]:
        """A list of texts, by its name with its suffix."""
        text = self._text(name)
        return text.split("\n") if text else []

    def verify(self) -> Iterator[str]:
        """Compare the checksum of every part that was not read yet; yields the name of each part.

        Raises:
            ArtefactError: A part is damaged.
        """
        for name in self.parts:
            self._verified_bytes(name)
            yield name

    def _text(self, name: str) -> str:
        if name in self.parts and math.prod(self.parts[name].shape) > LARGEST_DOCUMENT:
            raise _damaged(self.path, f"{name} takes {math.prod(self.parts[name].shape):,} bytes")
        try:
            return self.array(name).tobytes().decode("utf-8")
        except UnicodeDecodeError as error:
            raise _damaged(self.path, f"{name} is not UTF-8") from error

    def _verified_bytes(self, name: str) -> NDArray[np.uint8]:
        part = self.parts.get(name)
        if part is None:
            raise _damaged(self.path, f"it has no part {name}")
        content = self._bytes[part.start : part.start + part.size]
        if name not in self._verified:
            if _sha256(content) != part.sha256:
                raise _damaged(self.path, f"the checksum of {name} is not that of its content")
            self._verified.add(name)
        return content


def write_model_file(
    path: Path | str,
    arrays: Mapping[str, NDArray],
    documents: Mapping[str, Any],
    texts: Mapping[str, Sequence[str]],
    *,
    kind: str = MODEL,
    small: bool = False,
) -> None:
    """Write a model file atomically; the same content is always the same bytes.

    Args:
        path: The file.
        arrays: By name.
        documents: Values for JSON, by names that end in `.json`.
        texts: Lists of texts without line ends, by names that end in `.txt`.
        kind: `MODEL` or `BANK`.
        small: Compress the parts.
    """
    from gofer.artefacts import atomic  # pandas and pyarrow, which reading does without

    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for name, content in documents.items():
        whole[name] = _as_bytes(json.dumps(content, sort_keys=True, ensure_ascii=False))
    for name, lines in texts.items():
        if any("\n" in line for line in lines):
            raise ValueError(f"{name}: a text of more than one line")
        whole[name] = _as_bytes("\n".join(lines))
    facts = {"format": kind, "version": str(VERSION)}
    if small:
        facts[PACKED] = json.dumps({name: [NAMES[array.dtype], array.shape] for name, array in sorted(whole.items())})
        whole = {name: compressed(array) for name, array in whole.items()}
    # Wide numbers first: then every array begins where its type may begin.
    names = sorted(whole, key=lambda name: (-whole[name].itemsize, name))
    header: dict[str, Any] = {}
    end = 0
    for name in names:
        array, start = whole[name], end
        end += array.nbytes
        header[name] = {"dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [start, end]}
    checksums = {name: _sha256(whole[name].reshape(-1).view(np.uint8)) for name in names}
    facts[PARTS] = json.dumps(checksums)
    facts[DIGEST] = _digest(header, facts)
    text = json.dumps({"__metadata__": facts, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with atomic(path) as part, part.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            file.write(whole[name].reshape(-1).view(np.uint8).data)


def _as_bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), np.uint8)


def _read_header(path: Path) -> tuple[dict[str, Any], int, int]:
    # The header, where the data begins, and the size of the file.
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            start = file.read(8)
            length = int.from_bytes(start, "little")
            if size < 8 or length > LARGEST_HEADER:
                raise _foreign(path, _kind(start))
            if 8 + length > size:
                raise _damaged(path, f"it is cut short, {size:,} bytes")
            header = json.loads(file.read(length))
    except FileNotFoundError as error:
        raise ArtefactError(
            f"{path}: there is no such file", help="give the path of a model file, <run>.gofer"
        ) from error
    except OSError as error:
        raise ArtefactError(f"{path} cannot be read ({error})", help="check the file and its permissions") from error
    except (ValueError, RecursionError) as error:
        raise _foreign(path, _kind(start)) from error
    if not isinstance(header, dict):
        raise _foreign(path, "a file of something else")
    return header, 8 + length, size


def _parts(path: Path, header: Mapping[str, Any], facts: Mapping[str, Any], start: int, size: int) -> dict[str, Part]:
    try:
        checksums, packed = json.loads(facts[PARTS]), json.loads(facts.get(PACKED, "{}"))
        parts, end = {}, 0
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            dtype, shape, (first, last) = np.dtype(TYPES[entry["dtype"]]), tuple(entry["shape"]), entry["data_offsets"]
            _refuse_shape(name, shape)
            if first != end or last - first != math.prod(shape) * dtype.itemsize:
                raise ValueError(f"{name} is not where it should be")
            if is_packed := name in packed:
                dtype, shape = np.dtype(TYPES[packed[name][0]]), tuple(packed[name][1])
                _refuse_shape(name, shape)
                if math.prod(shape) * dtype.itemsize > LARGEST_DOCUMENT:
                    raise ValueError(f"{name} takes {math.prod(shape):,} numbers")
            parts[name], end = Part(dtype, shape, start + first, last - first, checksums[name], is_packed), last
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise _damaged(path, f"its header is wrong: {error}") from error
    if start + end != size:
        state = "cut short" if size < start + end else "too long"
        raise _damaged(path, f"it is {state}, {size:,} bytes instead of {start + end:,}")
    return parts


def _refuse_shape(name: str, shape: tuple[int, ...]) -> None:
    if any(not isinstance(n, int) or n < 0 for n in shape):
        raise ValueError(f"the shape of {name} is {shape}")


def _refuse_other_version(path: Path, version: Any) -> None:
    if version == str(VERSION):
        return
    newer = str(version).isdecimal() and int(version) > VERSION
    help = "update gofer" if newer else "make it again with: gofer pack RUN"
    raise ArtefactError(f"{path} is of model format {version}, and this gofer reads format {VERSION}", help=help)


def _digest(header: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([header, facts], sort_keys=True).encode()).hexdigest()


def _sha256(content: NDArray[np.uint8]) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(content), PIECE):
        digest.update(content[start : start + PIECE].data)
    return digest.hexdigest()


def _kind(start: bytes) -> str:
    signs = {
        b"PK": "a zip archive",
        b"\x1f\x8b": "a gzip file",
        b"PAR1": "a parquet file",
        b"<": "a web page",
        b">": "FASTA",
    }
    found = (name for sign, name in signs.items() if start.lstrip().startswith(sign))
    return "an empty file" if not start else next(found, "a file of something else")


def _foreign(path: Path, kind: str) -> ArtefactError:
    return ArtefactError(
        f"{path} is not a gofer model, but {kind}", help="give a file <run>.gofer, which gofer pack makes"
    )


def _damaged(path: Path, what: str) -> ArtefactError:
    return ArtefactError(f"{path} is damaged: {what}", help=AGAIN)
