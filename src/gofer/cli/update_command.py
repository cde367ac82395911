"""`gofer update-go`: the new model, a table of what changed, and what it means in a few sentences."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from gofer.cli.running import use_threads
from gofer.errors import GoferError

if TYPE_CHECKING:
    from gofer.retrieval.go_update import UpdatedModel

SUFFIX = ".changes.tsv"


def update_model(
    ontology: Path,
    model: Path,
    output: Path | None,
    any_release: bool,
    force: bool,
    text_encoder: str | None,
    text_cache: Path | None,
    threads: int | None,
) -> str:
    """Write the model of the new release and its table of changes; sentences about both.

    Raises:
        GoferError: No ontology, a release that is not wanted, no text encoder, or a file that exists.
    """
    number = use_threads(threads)
    import torch

    from gofer.artefacts import write_text
    from gofer.retrieval.go_update import read_newer, updated
    from gofer.retrieval.trained_model import TrainedModel

    torch.set_num_threads(number)
    older = TrainedModel(model)
    release = read_newer(ontology, older, any_release=any_release)
    path = output or model.with_name(f"{model.stem}-go_{_in_a_name(release.release)}.gofer")
    changes = path.with_name(f"{path.stem}{SUFFIX}")
    if path.resolve() == model.resolve():
        raise GoferError(f"{path} is the model that is updated", help="name another file with -o")
    for file in (path, changes):
        if file.exists() and not force:
            raise GoferError(f"{file} exists", help="name another file with -o, or add --force to replace it")
    found = updated(older, release, text_encoder, text_cache)
    found.write(path)
    write_text(changes, found.changes.to_csv(sep="\t", index=False, lineterminator="\n"))
    return "\n".join([*_sentences(found), f"The model is in {path}, what changed in {changes}."])


def _in_a_name(release: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", release.removeprefix("releases/"))


def _sentences(found: "UpdatedModel") -> list[str]:
    terms, older = found.scorer.space.terms, found.older
    counts = found.changes["kind"].value_counts()
    listed = ", ".join(f"{count:,} {kind}" for kind, count in counts.items() if kind != "text") or "no change"
    before, after = older.own_bank.labels_NT.nnz, found.bank.labels_NT.nnz
    added = int(counts.get("added", 0))
    lines = [
        f"GO {older.release.get('go_release', 'of an unknown release')} had {len(older.terms):,} terms, "
        f"{found.release} has {len(terms):,}: {listed}.",
        f"{found.embedded:,} texts were embedded, {len(terms) - found.embedded:,} are the same as before.",
        f"Labels of the {len(found.bank):,} known proteins: {before:,} before, {after:,} now.",
        f"{found.with_labels:,} of the {added:,} new terms have known proteins, through older terms below them; the "
        "others are predicted from their texts and the terms related to them.",
    ]
    if banks := older.user_banks.files:
        lines.append(f"Added to the older model only: {', '.join(bank.path.stem for bank in banks)}. Add them again.")
    return lines
