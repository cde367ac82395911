# Report: one HTML page per run that stands alone, tables first, pictures made from the tables.
#
# Inputs:   evaluation/metrics.tsv, evaluation/evidence.parquet, inputs/*.parquet, training/curriculum.tsv, stage-<S>/metrics.tsv,
#           inputs/release_changes.{parquet,tsv} where the run has a previous_ontology,
#           retrieval/<query>/predictions.tsv where the run has a query; benchmarks/*.tsv, as far as they are there
# Outputs:  report.html
# Steps:    make_report


rule make_report:
    """Write the page: how good the predictions are, what they rest on, what came in, and what the run was made from."""
    message:
        "Writing the report"
    input:
        metrics=results("evaluation/metrics.tsv"),
        status=results("evaluation/metrics.tsv.json"),
        terms=results("inputs/terms.parquet"),
        term_sets=results("inputs/term_sets.parquet"),
        splits=results("inputs/splits.parquet"),
        accounting=expand(
            results("inputs/accounting-{what}.parquet"), what=["proteins", "ontology", "annotations", "splits", "labels"]
        ),
        release=(
            expand(
                results("inputs/{name}"),
                name=["release_changes.parquet", "release_changes.tsv", "accounting-release.parquet"],
            )
            if config["previous_ontology"]
            else []
        ),
        training=expand(results("training/stage-{stage}/metrics.tsv"), stage=list(STAGES)),
        curriculum=results("training/curriculum.tsv"),
        evidence=results("evaluation/evidence.parquet"),
        predictions=expand(results("retrieval/{query}/predictions.tsv"), query=QUERY_NAMES),
    output:
        page=report(results("report.html"), caption="../workflow/report/page.rst", category="Overview"),
    params:
        config=config,
        code=code("gofer.report.page"),
    log:
        results("logs/make_report.log"),
    benchmark:
        results("benchmarks/make_report.tsv")
    conda:
        "../envs/report.yaml"
    script:
        "../workflow/scripts/make_report.py"
