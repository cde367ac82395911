"""The banks of known proteins that a user adds to a model."""

from pathlib import Path
from typing import Any

from gofer.cli.download_command import downloaded
from gofer.cli.running import use_threads
from gofer.errors import GoferError

SWISSPROT_2014, UNIPROT = "swissprot-2014", "uniprot"
BY_NAME = (SWISSPROT_2014, UNIPROT)
REPORTED = ("records dropped", "annotations read", "annotations changed", "annotations dropped", "annotations kept")


def add_from(
    source: str,
    annotations: list[Path],
    model: Path,
    name: str | None,
    leave_out: Path | None,
    embed: bool | None,
    device: str,
    threads: int | None,
) -> str:
    """Add the proteins of a source, a FASTA file or a run; a sentence about the bank.

    Raises:
        GoferError: A file is missing or at fault, or could not be downloaded.
    """
    number, is_run = use_threads(threads), Path(source).is_dir()
    _refuse_other_use(source, annotations, leave_out, is_run)
    import torch

    from gofer.config.files import query_name
    from gofer.retrieval.predictor import Predictor
    from gofer.retrieval.trained_model import TrainedModel
    from gofer.retrieval.user_bank import BankSettings, add_bank, add_run

    torch.set_num_threads(number)
    predictor = Predictor(TrainedModel(model), device=device)
    codes = predictor.model.settings["evidence_codes"]
    if is_run:
        named = name or Path(source).resolve().name
        added = add_run(predictor, Path(source), BankSettings(named, {"run": source}, embed=embed))
    else:
        if source in BY_NAME:
            fasta, annotations, facts = _known_source(source)
        else:
            fasta, facts = Path(source), {"fasta": Path(source).name}
        settings = BankSettings(name or query_name(source), facts, codes, leave_out, embed)
        added = add_bank(predictor, fasta, annotations, settings)
    TrainedModel(model).keep_database(threads=number)
    return _sentence(added, predictor.model.name)


def _refuse_other_use(source: str, annotations: list[Path], leave_out: Path | None, is_run: bool) -> None:
    alone = is_run or source in BY_NAME
    if alone == bool(annotations):
        what = f"{source} is {'a folder' if is_run else 'a source'}, and annotations were named"
        raise GoferError(
            what if annotations else f"no annotations for {source}",
            help=f"write --from my.fasta my.gaf, or --from results/run alone, or --from {' or '.join(BY_NAME)} alone",
        )
    if is_run and leave_out:
        raise GoferError("--leave-out is for FASTA files and sources", help="leave them out of the run")


def _known_source(name: str) -> tuple[Path, list[Path], dict[str, Any]]:
    # FASTA, annotations, and facts to record: release and digests of what was downloaded.
    if name == SWISSPROT_2014:
        from gofer.inputs.downloads.swissprot_2014 import make_swissprot_2014

        source, files = downloaded(SWISSPROT_2014)
        fasta, annotations = make_swissprot_2014(*files.values())
    else:
        source, files = downloaded("swissprot")
        fasta, annotations = files["uniprot_sprot.fasta.gz"], files["uniprot_sprot.dat.gz"]
    from gofer.inputs.downloads.download import checked

    digests = {file: checked(path) for file, path in files.items()}
    return fasta, [annotations], {"source": source.name, "release": source.release, "sha256": digests}


def _sentence(added: Any, model: str) -> str:
    vectors = "" if added.embedded else ", without vectors"
    lines = [f"{added.proteins:,} known proteins were added to the model {model}{vectors}: {added.path}"]
    for accounting in added.accounting:
        for row in accounting.table().itertuples():
            if row.item in REPORTED:
                lines.append(f"  {row.item}{f', {row.reason}' if row.reason else ''}: {row.count:,}")
    return "\n".join(lines)


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
    from gofer.inputs.proteins.kept_database import remove_databases
    from gofer.retrieval.model_file import ModelFile
    from gofer.retrieval.user_bank import SUFFIX, bank_folder

    path = bank_folder(ModelFile.open(model).digest) / f"{name}{SUFFIX}"
    if not path.is_file():
        raise GoferError(f"there is no bank {name} of this model", help="gofer bank list names all of them")
    path.unlink()
    remove_databases(path.parent)
    return f"{path} was removed."
