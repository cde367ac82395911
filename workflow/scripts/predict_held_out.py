"""Rule predict_held_out: the model's predictions for validation and test proteins, over all terms."""

from dataclasses import replace

from gofer.artefacts import agreed_files, read_table
from gofer.evaluation.held_out_predictions import write_held_out
from gofer.inputs.proteins.known_hits import read_hits
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.names import HELD_OUT
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.stated_terms import StatedTerms
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings, relations = snakemake.input, snakemake.params.settings, snakemake.params.relations
    manifest = agreed_files(*files)
    sequence_of, hits = read_sequences(files.proteins), read_hits(files.known_hits)
    scorer = Scorer.read(files, relations, expected=manifest)
    used = bool(files.get("own_annotations"))
    held_out = ProteinVectors.read(files.vectors).of_splits(*HELD_OUT)
    write_held_out(
        replace(scorer, label_model=scorer.label_model.with_hits(hits, sequence_of)),
        held_out,
        sequence_of,
        read_table(files.annotations, ["protein_id", "go_id"], where={"protein_id": held_out.protein_ids}),
        relations,
        snakemake.output,
        manifest.with_facts(method="gofer", settings=settings, **({"own_annotations": True} if used else {})),
        min_score=settings["min_score"],
        stated=StatedTerms.read(files.own_annotations, scorer.space.terms, relations) if used else None,
    )
