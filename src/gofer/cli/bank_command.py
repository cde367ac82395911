"""The banks of known proteins that a user adds to a model."""

from pathlib import Path

from gofer.cli.running import use_threads
from gofer.errors import GoferError


def add_from(
    source: Path, annotations: list[Path], model: Path, name: str | None, device: str, threads: int | None
) -> str:
    """Add the proteins of a FASTA file, or of a run; a sentence about the bank.

    Raises:
        GoferError: A file is missing or at fault.
    """
    number = use_threads(threads)
    if source.is_dir() == bool(annotations):
        raise GoferError(
            f"{source} is a folder, and annotations were named" if annotations else f"no annotations for {source}",
            help="write --from my.fasta my.gaf, or --from results/run alone",
        )
    import torch

    from gofer.config.files import query_name
    from gofer.retrieval.predictor import Predictor
    from gofer.retrieval.trained_model import TrainedModel
    from gofer.retrieval.user_bank import add_bank, add_run

    torch.set_num_threads(number)
    predictor = Predictor(TrainedModel(model), device=device)
    if source.is_dir():
        path, bank = add_run(predictor, source, name or source.resolve().name)
    else:
        codes = predictor.model.settings["evidence_codes"]
        path, bank = add_bank(predictor, source, annotations, name or query_name(source), codes)
    return f"{len(bank):,} known proteins were added to the model {predictor.model.name}: {path}"


def listed(model: Path) -> str:
    """One line per bank."""
    from gofer.retrieval.trained_model import TrainedModel

    banks = TrainedModel(model).user_banks
    lines = [
        f"{file.path.stem}: {file.document('bank.json')['proteins']:,} proteins, {file.path}" for file in banks.files
    ]
    return "\n".join(lines) or "No bank was added to this model."


def removed(name: str, model: Path) -> str:
    """Remove a bank; a sentence.

    Raises:
        GoferError: There is none of this name.
    """
    from gofer.retrieval.model_file import ModelFile
    from gofer.retrieval.user_bank import SUFFIX, bank_folder

    path = bank_folder(ModelFile.open(model).digest) / f"{name}{SUFFIX}"
    if not path.is_file():
        raise GoferError(f"there is no bank {name} of this model", help="gofer bank list names all of them")
    path.unlink()
    return f"{path} was removed."
