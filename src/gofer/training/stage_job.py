"""Rule train_stage, from its input files to its outputs: what each process does."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from gofer.artefacts import Manifest, agreed_files, read_table, sha256_of, write_tsv
from gofer.embeddings.compute import Compute
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.mining.curriculum import curriculum_table
from gofer.mining.faiss_index import read_index
from gofer.mining.miner import Miner
from gofer.mining.vocabulary import Vocabulary
from gofer.training.checkpoint import write_checkpoint
from gofer.training.parallel import Team
from gofer.training.resume import ResumePoint, flat
from gofer.training.settings import StageConfig, TrainingConfig
from gofer.training.stage import steps_of, train_stage
from gofer.training.stage_data import LabelledProteins, StageData, begin_model
from gofer.training.tracking import Tracker
from gofer.training.wandb_run import WandbRun

CUBLAS = ("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS is deterministic only with a fixed workspace


@dataclass(frozen=True)
class StageJob:
    """The settings and files of the rule, which other processes read as JSON.

    Attributes:
        stage: A, B, C or D.
        files: Paths of the inputs by name; without `checkpoint` for stage A.
        model: The checkpoint to write; the state of a stopped stage is kept in the folder `resume` next to it.
        metrics: The table of metrics to write.
        costs: The table of time and memory to write.
        training: The section of the config, with this stage's block.
        mining: The section of the config.
        relations: Relations along which annotations propagate.
        seed: Seed of all random draws.
        run: Name of the run.
        epochs_before: Epochs of the stages before, for W&B.
        code: Digest of the code behind the rule.
    """

    stage: str
    files: Mapping[str, str]
    model: str
    metrics: str
    costs: str
    training: Mapping[str, Any]
    mining: Mapping[str, Any]
    relations: list[str]
    seed: int
    run: str
    epochs_before: int
    code: str

    @property
    def folder(self) -> Path:
        """Folder of the outputs."""
        return Path(self.model).parent

    def write(self, path: Path | str) -> None:
        """As JSON."""
        Path(path).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path | str) -> "StageJob":
        """What `write` wrote."""
        return cls(**json.loads(Path(path).read_text(encoding="utf-8")))


def run_job(job: StageJob, *, started: bool = False) -> None:
    """Train the stage and write its outputs; only the first of several processes writes.

    Args:
        job: What to train.
        started: Whether torchrun started this process, as one of several.

    Raises:
        GoferError: As `train_stage`; or files disagree, or the device does not exist.
        SystemExit: A stop was requested, and the state was kept.
    """
    compute = Compute.chosen(job.training["device"], job.training["precision"], section="training")
    if compute.device.type == "cuda":
        os.environ.setdefault(*CUBLAS)
    with Team.joined(compute.device, started=started) as team:
        _train(job, team)


def _train(job: StageJob, team: Team) -> None:
    stage = StageConfig.from_config(job.training, job.stage)
    config = TrainingConfig.from_config(job.training, job.mining, job.seed)
    data, manifest = _read(job)
    model = begin_model(data, job.training, seed=job.seed, previous=job.files.get("checkpoint"))
    vocabulary, gpu = data.vocabulary, team.device.index  # None on a CPU
    miner = Miner(read_index(job.files["index"])[0], vocabulary.go_ids, vocabulary.text_TG, gpu=gpu)
    settings = {name: value for name, value in job.training.items() if name not in ("checkpoint_minutes", "wandb")}
    about, minutes = _about(job, settings, manifest), job.training["checkpoint_minutes"]
    with ResumePoint(job.folder / "resume", about, minutes=minutes, writes=team.leads) as resume:
        wandb = None
        if team.leads and job.training["wandb"] != "disabled":
            wandb = _wandb(job, stage, settings, about, steps_of(data, stage, config))
        tracker = Tracker(job.stage, wandb)
        model = train_stage(model, data, miner, stage, config, tracker, resume, team)
    if team.leads:
        write_tsv(job.metrics, tracker.table())
        write_tsv(job.costs, tracker.costs())
        write_checkpoint(job.model, model, manifest.with_facts(stage=job.stage, training=settings))
        resume.clear()
    tracker.finish()


def _read(job: StageJob) -> tuple[StageData, Manifest]:
    files = job.files
    manifest = agreed_files(*(files[name] for name in ("proteins", "terms", "pid2pos", "residues", "texts", "index")))
    vocabulary = Vocabulary.of_tables(
        read_table(files["terms"]),
        read_table(files["term_sets"]),
        GoLookupCache.read(files["texts"], expected=manifest),
        relations=job.relations,
    )
    store, pid2pos = ESMResidueStore(files["residues"]), read_table(files["pid2pos"], where={"split": ["train", "val"]})
    proteins = read_table(files["proteins"], ["protein_id", "sequence_sha256"])
    train, val = (
        LabelledProteins.of_split(store, proteins, pid2pos, split, vocabulary.go_ids) for split in ("train", "val")
    )
    return StageData(train, val, vocabulary), manifest


def _wandb(
    job: StageJob, stage: StageConfig, settings: Mapping[str, Any], about: Mapping[str, Any], steps: int
) -> WandbRun:
    # The settings of each stage have a separate key, so that W&B keeps those of the stages before.
    shown = {name: value for name, value in settings.items() if name != "stages"}
    return WandbRun.begin(
        job.stage,
        mode=job.training["wandb"],
        folder=job.folder.parent,
        name=job.run,
        settings={**shown, f"stage_{job.stage}": settings["stages"][job.stage], **job.mining, "seed": job.seed},
        about=about,
        plan=curriculum_table(stage.curriculum, job.stage, steps),
        epochs_before=job.epochs_before,
        epoch_steps=steps // stage.epochs,
    )


def _about(job: StageJob, settings: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    # What a kept state must have been made from. How often it is kept, and W&B, do not matter.
    previous = job.files.get("checkpoint")
    return {
        **flat(settings),
        **job.mining,
        **manifest.release,
        "seed": job.seed,
        "code": job.code,
        "previous stage": sha256_of(previous) if previous else "none",
    }
