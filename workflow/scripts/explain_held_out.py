"""Rule explain_held_out: residue evidence of some correct predictions for test proteins."""

from gofer.artefacts import agreed_files, read_table, write_table, write_tsv
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.evaluation.evidence_examples import choose_examples, explained_examples
from gofer.evaluation.faithfulness import faithfulness
from gofer.inputs.demo.demo_world import planted_positions
from gofer.inputs.held_out import read_annotations_of
from gofer.metrics.bootstrap import Bootstrap
from gofer.retrieval.cafa_format import read_cafa
from gofer.retrieval.term_space import TermSpace
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import logged_to

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, params = snakemake.input, snakemake.params
    manifest = agreed_files(*(path for name, path in files.items() if name != "planted"))
    space = TermSpace.read(files, params.relations, expected=manifest)
    splits = read_table(files.splits)
    test = splits.loc[splits["split"] == "test", "protein_id"].tolist()
    predictions, annotations = read_cafa(files.predictions), read_annotations_of(files.annotations, splits, "test")
    examples = choose_examples(predictions, annotations, space.terms, test, most=params.examples)
    proteins = read_table(files.proteins, ["protein_id", "sequence_sha256"])
    chosen = ProteinEmbDataset(
        ESMResidueStore(files.residues), proteins[proteins["protein_id"].isin(examples["protein_id"])]
    )
    planted = planted_positions(files.planted) if files.get("planted") else None
    table = explained_examples(space, chosen, examples, planted, windows=params.settings["evidence_windows"])
    write_table(snakemake.output.evidence, table, manifest.with_facts(settings=params.settings))
    write_tsv(
        snakemake.output.faithfulness, faithfulness(space, chosen, table, Bootstrap(params.resamples, params.seed))
    )
