"""Rule predict_query: predictions for a user's proteins, as a table, in CAFA form and as GAF 2.2."""

from gofer.artefacts import agreed, agreed_files, read_manifest, read_table, write_tsv
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.retrieval.cafa_format import write_cafa
from gofer.retrieval.gaf_writer import write_gaf
from gofer.retrieval.protein_vectors import NearestAnnotated
from gofer.retrieval.query import Reported, known_sequences, predict_proteins
from gofer.retrieval.scorer import Scorer
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings, output = snakemake.input, snakemake.params.settings, snakemake.output
    # The query has other proteins than the run; of its files, only the encoder must be that of the run.
    manifest = agreed_files(*(path for name, path in files.items() if name not in ("query", "residues", "proteins")))
    agreed({path: read_manifest(path).only("residue_encoder") for path in (files.checkpoint, files.residues)})
    query = read_table(files.query)
    for query_id, known_id in known_sequences(query, read_table(files.proteins, ["protein_id", "sequence_sha256"])):
        logger.info("%s has the sequence of %s of this run", query_id, known_id)
    scorer = Scorer.read(files, snakemake.params.relations, expected=manifest)
    table = predict_proteins(
        scorer,
        ProteinEmbDataset(ESMResidueStore(files.residues), query),
        query.set_index("protein_id")["sequence"].to_dict(),
        NearestAnnotated.read(files, snakemake.params.known, scorer.space.terms),
        read_table(files.term_sets),
        Reported(settings["min_score"], settings["max_terms"], settings["evidence_windows"]),
    )
    write_tsv(output.table, table)
    write_cafa(output.cafa, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
    likely, release = table[table["score"] >= settings["gaf_min_score"]], manifest.release["go_release"]
    write_gaf(output.gaf, likely, query, scorer.space.terms, run=snakemake.params.run, release=release)
    logger.info("%d predictions for %d proteins; %d in the GAF", len(table), len(query), len(likely))
