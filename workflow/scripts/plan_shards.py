"""Rule plan_shards: which sequence is embedded in which shard."""

from gofer.artefacts import agreed_files, read_table, write_table
from gofer.embeddings.residues.shards import plan_shards
from gofer.inputs.splits.representatives import embedded
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    proteins = read_table(snakemake.input.proteins, ["protein_id", "sequence_sha256", "length"])
    if snakemake.input.get("splits"):
        splits = read_table(snakemake.input.splits, ["protein_id", "split"])
        proteins = proteins[proteins["protein_id"].isin(splits.loc[embedded(splits), "protein_id"])]
    plan = plan_shards(proteins, snakemake.params.shards)
    write_table(snakemake.output.plan, plan, agreed_files(snakemake.input.proteins))
    residues = plan.groupby("shard")["length"].sum().to_dict()
    logger.info("%d proteins, %d distinct sequences; residues by shard: %s", len(proteins), len(plan), residues)
