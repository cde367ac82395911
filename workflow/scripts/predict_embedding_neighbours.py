"""Rule predict_embedding_neighbours: labels of the k nearest training proteins, k chosen on validation proteins."""

from gofer.artefacts import agreed_files, read_table
from gofer.baselines.embedding_neighbours import choose_k, neighbour_labels
from gofer.inputs.held_out import read_labels
from gofer.retrieval.cafa_format import write_cafa
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0]):
    files, min_score = snakemake.input, snakemake.params.settings["min_score"]
    terms, neighbours = read_table(files.terms), read_table(files.neighbours)
    train, val = (read_labels(files.pid2pos, split).astype("str") for split in ("train", "val"))
    of_val = neighbours[neighbours["protein_id"].isin(val["protein_id"])]
    k = choose_k(of_val, train, val, terms, snakemake.params.relations)
    logger.info("k = %d by the mean Fmax of the validation proteins", k)
    table = neighbour_labels(neighbours, train, terms, k=k, min_score=min_score)
    manifest = agreed_files(*files).with_facts(method="embedding_neighbours", k=k)
    write_cafa(snakemake.output.predictions, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
