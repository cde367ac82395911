# gofer: protein function by retrieval in a space shared by proteins and the texts of GO terms.
#
#   snakemake --cores 2                                                   the embedded demo
#   snakemake check --cores 1 --configfile my.yaml                        what is wrong, before any job
#   snakemake --cores 8 --configfile my.yaml                              a run on your data (config/template.yaml)
#   snakemake predict --cores 2 --configfile my.yaml --config query=my.fasta   predictions for your proteins
#
# config/defaults.yaml holds every key and is always loaded first (rules/common.smk).
# Stages, in the order of the data: inputs, embeddings, mining, training, retrieval, baselines, evaluation, report.

from snakemake.utils import min_version

min_version("9.0")

if not workflow.configfiles:

    configfile: f"{workflow.current_basedir}/config/demo.yaml"


report: "workflow/report/workflow.rst"


include: "rules/common.smk"
include: "rules/inputs.smk"
include: "rules/embeddings.smk"
include: "rules/mining.smk"
include: "rules/training.smk"
include: "rules/retrieval.smk"
include: "rules/baselines.smk"
include: "rules/evaluation.smk"
include: "rules/report.smk"


rule all:
    """The whole workflow: metrics, predictions for the query, and the report."""
    input:
        results("report.html"),
        rules.collect_metrics.output.metrics,
        [] if config["model"] else OWN_MODEL,
        predictions(),
    default_target: True
    localrule: True


rule predict:
    """Predictions for the proteins of the config key query."""
    input:
        predictions(),
    localrule: True


rule embeddings:
    """Residue embeddings of the run's proteins."""
    input:
        RESIDUE_MANIFEST,
    localrule: True


rule evaluate:
    """The metrics of every method on the test proteins."""
    input:
        rules.collect_metrics.output.metrics,
    localrule: True


if {"--list", "--list-rules", "-l"} & set(sys.argv):
    print("First: all (the default), check, predict, evaluate, embeddings, ablation, results_page. All rules by name:")


onsuccess:
    if made := [path for path in [results("report.html"), OWN_MODEL, *predictions()[:1]] if Path(path).exists()]:
        print(f"Results: {', '.join(made)}. Logs: {results('logs')}")


onerror:
    print(f"Stopped. The same command resumes from here. Logs: {results('logs')}")
