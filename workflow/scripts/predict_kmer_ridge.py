"""Rule predict_kmer_ridge: kernel ridge regression on k-mers and composition, for validation and test proteins."""

from gofer.artefacts import agreed_files, read_table
from gofer.baselines.kmer_ridge import kmer_ridge
from gofer.inputs.ontology.propagation import seen_in_training
from gofer.inputs.proteins.protein_table import read_sequences
from gofer.retrieval.cafa_format import write_cafa
from gofer.retrieval.kernel_ridge import KernelWeights
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    terms, splits = read_table(files.terms), read_table(files.splits, ["protein_id", "split"])
    seen = terms[seen_in_training(terms)].reset_index(drop=True)
    sequence_of = read_sequences(files.proteins)
    train = splits.loc[splits["split"] == "train", "protein_id"].tolist()
    held_out = splits.loc[splits["split"].isin(["val", "test"]), "protein_id"].tolist()
    labels = read_table(files.pid2pos, ["protein_id", "true_ids"], where={"split": ["train"]})
    true_ids = labels.set_index("protein_id")["true_ids"].to_dict()
    table = kmer_ridge(
        ([sequence_of[protein_id] for protein_id in train], [true_ids.get(protein_id, []) for protein_id in train]),
        (held_out, [sequence_of[protein_id] for protein_id in held_out]),
        seen,
        KernelWeights.from_config(params.labels).of_kmers(),
        relations=params.relations,
        min_score=params.settings["min_score"],
        seed=params.seed,
    )
    manifest = agreed_files(*files).with_facts(method="kmer_ridge", settings=params.labels)
    write_cafa(snakemake.output.predictions, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
