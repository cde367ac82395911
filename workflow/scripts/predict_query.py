"""Rule predict_query: predictions for a user's proteins, as a table, in CAFA form and as GAF 2.2."""

from gofer.artefacts import agreed, agreed_files, read_json, read_manifest, read_table, write_tsv
from gofer.embeddings.residues.residue_store import ESMResidueStore
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.metrics.logistic_calibration import Calibration
from gofer.retrieval.cafa_format import write_cafa
from gofer.retrieval.ensemble import Mixture
from gofer.retrieval.gaf_writer import write_gaf
from gofer.retrieval.label_model import LabelHead
from gofer.retrieval.protein_vectors import NearestCarriers, ProteinVectors
from gofer.retrieval.query import Reported, known_sequences, predict_proteins
from gofer.retrieval.scorer import Scorer
from gofer.retrieval.term_space import TermSpace
from gofer.training.checkpoint import read_checkpoint
from gofer.training.dataset import ProteinEmbDataset
from gofer.workflow import logged_to, logger

with logged_to(snakemake.log[0], threads=snakemake.threads):
    files, settings, output = snakemake.input, snakemake.params.settings, snakemake.output
    joined = ("checkpoint", "terms", "term_sets", "texts", "head", "calibration", "vectors", "annotations")
    manifest = agreed_files(*(files[name] for name in joined))
    # Of the query only the encoder must be that of the run: its proteins are others on purpose.
    agreed({path: read_manifest(path).only("residue_encoder") for path in (files.checkpoint, files.residues)})
    model, _ = read_checkpoint(files.checkpoint)
    space = TermSpace.of_model(
        model, read_table(files.terms), GoLookupCache.read(files.texts, expected=manifest), snakemake.params.relations
    )
    query = read_table(files.query)
    run_proteins = read_table(files.proteins, ["protein_id", "sequence", "sequence_sha256"])
    for query_id, known_id in known_sequences(query, run_proteins[["protein_id", "sequence_sha256"]]):
        logger.info("%s has the sequence of %s of this run", query_id, known_id)
    known = ProteinVectors.read(files.vectors).known(snakemake.params.known)
    carriers = NearestCarriers.of_tables(
        known,
        run_proteins.set_index("protein_id")["sequence"].to_dict(),
        read_table(files.annotations, ["protein_id", "go_id"]),
        space.terms,
    )
    fitted = read_json(files.calibration)
    head, mixture = LabelHead.read(files.head), Mixture.from_json(fitted["mixture"])
    table = predict_proteins(
        Scorer(space, Calibration.from_json(fitted), head, mixture),
        ProteinEmbDataset(ESMResidueStore(files.residues), query),
        query.set_index("protein_id")["sequence"].to_dict(),
        carriers,
        read_table(files.term_sets),
        Reported(settings["min_score"], settings["max_terms"], settings["evidence_windows"]),
    )
    write_tsv(output.table, table)
    write_cafa(output.cafa, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
    likely = table[table["score"] >= settings["gaf_min_score"]]
    release = manifest.release["go_release"]
    write_gaf(output.gaf, likely, query, space.terms, run=snakemake.params.run, release=release)
    logger.info("%d predictions for %d proteins; %d in the GAF", len(table), len(query), len(likely))
