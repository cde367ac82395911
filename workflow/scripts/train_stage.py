"""Rule train_stage: one of the stages A–D, from the previous stage's checkpoint to its own."""

from pathlib import Path

from gofer.artefacts import agreed_files, read_table, sha256_of, write_tsv
from gofer.embeddings.go_cache import GoLookupCache
from gofer.embeddings.residue_store import ESMResidueStore
from gofer.mining.curriculum import curriculum_table
from gofer.mining.faiss_index import read_index
from gofer.mining.miner import Miner
from gofer.training.checkpoint import write_checkpoint
from gofer.training.resume import ResumePoint, flat
from gofer.training.settings import StageConfig, TrainingConfig
from gofer.training.stage import steps_of, train_stage
from gofer.training.stage_data import LabelledProteins, StageData, begin_model
from gofer.training.tracking import Tracker
from gofer.training.vocabulary import Vocabulary
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params, name = snakemake.input, snakemake.params, snakemake.wildcards.stage
    manifest = agreed_files(files.proteins, files.terms, files.pid2pos, files.residues, files.texts, files.index)
    stage = StageConfig.from_config(params.training, name)
    config = TrainingConfig.from_config(params.training, params.mining, params.seed)
    vocabulary = Vocabulary.of_tables(
        read_table(files.terms),
        read_table(files.term_sets),
        GoLookupCache.read(files.texts, expected=manifest),
        relations=params.relations,
    )
    store, pid2pos = ESMResidueStore(files.residues), read_table(files.pid2pos)
    proteins = read_table(files.proteins, ["protein_id", "sequence_sha256"])
    train, val = (
        LabelledProteins.of_split(store, proteins, pid2pos, split, vocabulary.go_ids) for split in ("train", "val")
    )
    data = StageData(train, val, vocabulary)
    model = begin_model(data, params.training, seed=params.seed, previous=files.get("checkpoint"))
    miner = Miner(read_index(files.index)[0], vocabulary.go_ids, vocabulary.text_TG)
    settings, folder = {**params.training}, Path(snakemake.output.model).parent
    minutes, wandb = settings.pop("checkpoint_minutes"), settings.pop("wandb")
    about = {**flat(settings), **params.mining, **manifest.release, "seed": params.seed, "code": params.code}
    about["previous stage"] = sha256_of(files.checkpoint) if files.get("checkpoint") else "none"
    with ResumePoint(folder / "resume", about, minutes=minutes) as resume:
        kept = resume.state.plain["tracker"] if resume.state else None
        tracker = Tracker(name, mode=wandb, folder=folder, run=params.run, settings=settings, kept=kept)
        tracker.preview(curriculum_table(stage.curriculum, name, steps_of(data, stage, config)))
        model = train_stage(model, data, miner, stage, config, tracker, resume)
    write_tsv(snakemake.output.metrics, tracker.table())
    write_tsv(snakemake.log.costs, tracker.costs())
    write_checkpoint(snakemake.output.model, model, manifest.told(stage=name, training=settings))
    resume.clear()
    tracker.finish()
