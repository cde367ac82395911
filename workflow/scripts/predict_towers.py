"""Rule predict_towers: predictions of the two towers only, for validation and test proteins, over all terms."""

from gofer.artefacts import agreed_files, read_table
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.evaluation.held_out_predictions import write_held_out
from gofer.retrieval.protein_vectors import ProteinVectors
from gofer.retrieval.scorer import TextScorer
from gofer.retrieval.term_space import TermSpace
from gofer.training.dataset import ProteinEmbDataset, truth_matrix
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings, relations = snakemake.input, snakemake.params.settings, snakemake.params.relations
    manifest = agreed_files(*files)
    space = TermSpace.read(files, relations, expected=manifest)
    proteins = read_table(files.proteins, ["protein_id", "sequence", "sequence_sha256"])
    proteins = proteins.merge(read_table(files.splits, ["protein_id", "split"]), on="protein_id")
    proteins = proteins[proteins["split"].isin(["val", "test"])]
    dataset = ProteinEmbDataset(ESMResidueStore(files.residues), proteins)
    held_out = ProteinVectors.of_model(space.model, dataset, proteins["split"].to_numpy(str))
    val = held_out.of_splits("val")
    pid2pos = read_table(files.pid2pos, where={"split": ["val"]})
    truth_BT = truth_matrix(pid2pos, val.protein_ids, space.go_ids).toarray()
    write_held_out(
        TextScorer(space, space.calibrate(val.vectors_ND, truth_BT)),
        held_out,
        proteins.set_index("protein_id")["sequence"].to_dict(),
        read_table(files.annotations, ["protein_id", "go_id"], where={"protein_id": held_out.protein_ids}),
        relations,
        snakemake.output,
        manifest.with_facts(method=snakemake.wildcards.method, settings=settings),
        min_score=settings["min_score"],
    )
