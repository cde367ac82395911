"""The model file of a run."""

from pathlib import Path

from gofer.errors import GoferError


def pack_folder(
    run: Path,
    output: Path | None,
    known: str,
    min_score: float,
    max_terms: int,
    small: bool,
    trained_on: str,
    encoder: str | None,
) -> str:
    """Pack a run; a sentence about the file.

    Raises:
        GoferError: `known` is neither all nor train, or the folder is no finished run.
    """
    if known not in ("all", "train"):
        raise GoferError(f"--known is {known}", help="write all or train")
    from gofer.retrieval.pack_run import PackSettings, files_of, pack_run

    reported = {"min_score": min_score, "max_terms": max_terms, "evidence_windows": 3}
    name = run.resolve().name
    path = output or run / "model" / f"{name}{'.small' if small else ''}.gofer"
    files, synthetic = files_of(run, known), (run / "world").is_dir()
    settings = PackSettings(known=known, synthetic=synthetic, reported=reported, trained_on=trained_on, weights=encoder)
    pack_run(path, files, name, settings, small=small)
    return f"The model of {run} is in {path} ({path.stat().st_size / 1e6:,.1f} MB)."
