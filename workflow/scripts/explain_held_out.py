"""Rule explain_held_out: residue evidence of some correct predictions for test proteins."""

from gofer.artefacts import agreed_files, read_table, write_table, write_tsv
from gofer.embeddings.go_cache import GoLookupCache
from gofer.embeddings.residue_store import ESMResidueStore
from gofer.evaluation.cafa import read_cafa
from gofer.evaluation.intervals import Bootstrap
from gofer.inputs.demo import planted_positions
from gofer.retrieval.faithfulness import faithfulness
from gofer.retrieval.held_out import choose_examples, explained_examples
from gofer.retrieval.term_space import TermSpace
from gofer.training.checkpoint import read_checkpoint
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(
        *(files[name] for name in ("predictions", "annotations", "terms", "splits", "proteins", "residues", "texts")),
        files.checkpoint,
    )
    model, _ = read_checkpoint(files.checkpoint)
    space = TermSpace.of_model(
        model, read_table(files.terms), GoLookupCache.read(files.texts, expected=manifest), params.relations
    )
    splits = read_table(files.splits)
    test = splits.loc[splits["split"] == "test", "protein_id"].tolist()
    predictions, annotations = read_cafa(files.predictions), read_table(files.annotations, ["protein_id", "go_id"])
    examples = choose_examples(predictions, annotations, space.terms, test, most=params.examples)
    proteins = read_table(files.proteins, ["protein_id", "sequence_sha256"])
    chosen = ProteinEmbDataset(
        ESMResidueStore(files.residues), proteins[proteins["protein_id"].isin(examples["protein_id"])]
    )
    planted = planted_positions(files.planted) if files.get("planted") else None
    table = explained_examples(space, chosen, examples, planted, windows=params.settings["evidence_windows"])
    write_table(snakemake.output.evidence, table, manifest.told(settings=params.settings))
    write_tsv(
        snakemake.output.faithfulness, faithfulness(space, chosen, table, Bootstrap(params.resamples, params.seed))
    )
