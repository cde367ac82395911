"""Rule predict_text_cosine: cosine of a term's text with the texts of the labels of the nearest training proteins."""

from pathlib import Path

from gofer.artefacts import agreed_files, read_manifest, read_table
from gofer.baselines.text_cosine import TextProfiles
from gofer.embeddings.texts.go_lookup import GoLookupCache
from gofer.inputs.held_out import read_annotations_of, read_labels
from gofer.inputs.ontology.go_graph import GoGraph
from gofer.retrieval.cafa_format import write_cafa
from gofer.retrieval.unthresholded_scores import UnthresholdedWriter
from gofer.workflow import logged_to

with logged_to(snakemake.log[0]):
    files, relations = snakemake.input, snakemake.params.relations
    k = read_manifest(files.chosen).made_by["k"]
    manifest = agreed_files(*files).with_facts(method="text_cosine", k=k)
    terms = read_table(files.terms)
    go_ids, below_T = terms["go_id"].tolist(), ~GoGraph.of_terms(terms, relations, within_aspect=True).is_root_T
    tables = {
        "neighbours": read_table(files.neighbours),
        "labels": read_labels(files.pid2pos, "train").astype("str"),
        "terms": terms,
        "texts_TG": GoLookupCache.read(files.texts).subset(go_ids).vectors_TG,
        "k": k,
    }
    splits = read_table(files.splits, ["protein_id", "split"])
    val = read_labels(files.pid2pos, "val").astype("str")
    calibration = TextProfiles.of_neighbours(val["protein_id"].unique(), **tables).calibrate(val, terms)
    held_out = splits.loc[splits["split"].isin(["val", "test"]), "protein_id"]
    table = TextProfiles.of_neighbours(held_out, **tables).predictions(
        calibration, below_T, go_ids, min_score=snakemake.params.settings["min_score"]
    )
    write_cafa(snakemake.output.predictions, table["protein_id"], table["go_id"], table["score"], manifest=manifest)
    test = TextProfiles.of_neighbours(splits.loc[splits["split"] == "test", "protein_id"], **tables)
    labels = read_annotations_of(files.annotations, splits, "test")
    with UnthresholdedWriter(Path(snakemake.output.unthresholded).parent, terms, labels, relations) as unthresholded:
        for block in test.scored(calibration):
            unthresholded.add(*block)
        unthresholded.write(snakemake.output.unthresholded, snakemake.output.ranks, manifest)
