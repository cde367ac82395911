# Report: one self-contained HTML page per run, tables first, pictures made from the tables.
#
# Inputs:   evaluation/{metrics,differences,leaks}.tsv, evaluation/{evidence.parquet,faithfulness.tsv}, inputs/*.parquet, training/curriculum.tsv, stage-<S>/metrics.tsv,
#           inputs/release_changes.{parquet,tsv} if the run has a previous_ontology,
#           retrieval/<query>/predictions.tsv if the run has a query; benchmarks/*.tsv, if they exist
# Outputs:  report.html; RESULTS.md (by name only)
# Steps:    make_report; results_page (by name only)


rule make_report:
    """Write the page: quality of the predictions, their evidence, the inputs, and how the run was made."""
    message:
        "Writing the report"
    input:
        metrics=results("evaluation/metrics.tsv"),
        status=results("evaluation/metrics.tsv.json"),
        differences=results("evaluation/differences.tsv"),
        leaks=results("evaluation/leaks.tsv"),
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
        faithfulness=results("evaluation/faithfulness.tsv"),
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


rule results_page:
    """Write the figures of the run as Markdown, with command, seed, data and date; run by name only."""
    message:
        "Writing RESULTS.md"
    input:
        metrics=results("evaluation/metrics.tsv"),
        status=results("evaluation/metrics.tsv.json"),
        differences=results("evaluation/differences.tsv"),
        leaks=results("evaluation/leaks.tsv"),
        faithfulness=results("evaluation/faithfulness.tsv"),
    output:
        page=results("RESULTS.md"),
    params:
        config=config,
        configfiles=[os.path.relpath(path, ROOT) for path in workflow.configfiles],
        code=code("gofer.report.results_page"),
    log:
        results("logs/results_page.log"),
    benchmark:
        results("benchmarks/results_page.tsv")
    conda:
        "../envs/report.yaml"
    script:
        "../workflow/scripts/results_page.py"
