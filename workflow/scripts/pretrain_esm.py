"""Rule pretrain_esm: an ESM-2 trained on the run's proteins, evaluated on held-out clusters."""

from dataclasses import asdict
from pathlib import Path

from gofer.artefacts import Manifest, read_manifest, read_table, write_tsv
from gofer.embeddings.pretraining.crops import hold_out
from gofer.embeddings.pretraining.pretrain import PretrainingConfig, best_esm2, figures, pretrain, run_mark
from gofer.embeddings.residues.esm import write_esm2
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    config = PretrainingConfig.from_config(params.pretraining, params.seed)
    sequences = read_table(files.proteins, ["sequence"])["sequence"].drop_duplicates().tolist()
    train, held_out = hold_out(sequences, share=config.held_out, identity=params.identity, seed=config.seed)
    state = pretrain(
        train,
        held_out,
        config,
        state_file=Path(snakemake.output.model).parent / "state" / "state.safetensors",
        mark=run_mark(config, train, held_out, code=params.code),
    )
    write_tsv(snakemake.output.metrics, figures(state, train, held_out))
    write_esm2(
        snakemake.output.model,
        best_esm2(state, config),
        Manifest(read_manifest(files.proteins).release, {"pretraining": asdict(config), "steps": state.step}),
        half=config.float16,
        lm_head=True,
    )
