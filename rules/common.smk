# Common: the checked config, and the functions that the other rules files use.
#
# Inputs:   config/defaults.yaml, the user's config files, --config
# Provides: results(), data_file(), environment(), listed(), read(), up_to(), code(); EVALUATION; STAGES and what a stage starts from; QUERY, QUERY_NAMES, predictions();
#           predicted()
# Steps:    none

import re
import sys
from pathlib import Path

STAGES = "ABCD"
OF_SOME = ["bce_twin", "terms", "protein_sets"]  # keys of evaluation that only some rules depend on
ROOT = Path(workflow.current_basedir).parent

sys.path.insert(0, str(ROOT / "src"))

from gofer.config import (
    annotation_files,
    check_config,
    check_query,
    complete,
    content,
    input_path,
    judged_annotation_files,
    protein_files,
    protein_sets,
    query_annotations,
    query_name,
    query_parts,
    query_path,
    read_config,
    split_lists,
    taxon_settings,
)
from gofer.errors import GoferError
from gofer.methods import METHODS
from gofer.names import SHIPPED_MODEL
from gofer.tables import IMPOSSIBLE_IN_TAXON, PREDICTION_FILES, PREDICTION_SUMMARY, WITHOUT_PREDICTION
from gofer.workflow import fingerprint, share_interpreter, share_library

share_library()
share_interpreter(environments="conda" in str(workflow.deployment_settings.deployment_method).lower())

AS_MODULE = workflow.modifier.skip_configfile  # another workflow gives the config, as docs/module.md shows
DEFAULTS = read_config(ROOT / "config/defaults.yaml")
CONFIG_FILES = [] if AS_MODULE else workflow.configfiles

complete(config, DEFAULTS, {} if AS_MODULE else workflow.config_settings.config)
# Without a config file, a user's proteins go to the model that ships with gofer, and not to the demo's.
if config["model"] is None and "demo" in config and not workflow.config_settings.configfiles and SHIPPED_MODEL.is_file():
    if config["query"] and Path(query_path(config)).parent != Path(config["data"]):
        config["model"] = str(SHIPPED_MODEL)
OWN_MODEL = f"results/{config['run']}/model/{config['run']}.gofer"
# `snakemake predict` never trains: an existing model is the input, and no rule makes it again.
if config["model"] is None and "predict" in sys.argv and Path(OWN_MODEL).is_file():
    config["model"] = OWN_MODEL
DOWNLOADED = []
try:
    if config["download"]:
        from gofer.inputs.downloads.run_files import names_of

        DOWNLOADED = [input_path(config, name) for name in names_of(config["download"])]
    if workflow.is_main_process:  # its jobs know nothing of how it was called
        check_config(config, CONFIG_FILES, ROOT / "workflow/schemas/config.schema.yaml", DEFAULTS, DOWNLOADED)
except GoferError as error:
    sys.exit(f"gofer: {error}")


EVALUATION = {key: value for key, value in config["evaluation"].items() if key not in OF_SOME}


def results(path):
    """A path below the run's folder."""
    return f"results/{config['run']}/{path}"


def data_file(name):
    """An input file of the config, below the folder `data`."""
    return input_path(config, name)


def environment(name):
    """A conda environment that has a CUDA variant: the one that the config asks for."""
    return f"../envs/{name}-cuda.yaml" if config["cuda_environments"] else f"../envs/{name}.yaml"


def listed(path, *, when=True):
    """The file of ids that a config key names, if any."""
    return data_file(path) if path and when else []


def read(*files):
    """Digest of what files of the user hold, so that as a parameter it reruns the rule when one is replaced, whatever
    its date. Files that the run makes itself have none."""
    made = f"{config['data']}/" if "demo" in config else "results/"
    return content(
        [path for path in files if path and path not in DOWNLOADED and not str(path).startswith((made, "results/"))]
    )


def up_to(threads):
    """Threads of a rule. A job of the demo takes seconds: two side by side are done before two with two threads each."""
    return 1 if ONLY_DEMO else threads


def code(*modules):
    """Digest of the library code behind a rule, so that as a parameter it reruns the rule when that code changes."""
    return fingerprint(*modules)


QUERY = query_path(config)
QUERY_ANNOTATIONS = query_annotations(config)
QUERY_NAMES = [query_name(QUERY)] if QUERY else []
ONLY_DEMO = "demo" in config and (not QUERY or Path(QUERY).parent == Path(config["data"]))  # no protein of a user
QUERY_PARTS = query_parts(QUERY) if QUERY else 1
MODEL_FILE = config["model"] or OWN_MODEL
MODEL_NAME = query_name(Path(MODEL_FILE).stem)
# The predictions of another run's model go into the folder of that run's name.
PREDICTION_FOLDER = f"results/{MODEL_NAME}/retrieval/{{query}}"

if workflow.is_main_process:
    try:
        check_query(
            QUERY,
            MODEL_FILE,
            PREDICTION_FOLDER.format(query=(QUERY_NAMES or [""])[0]),
            wanted="predict" in sys.argv,
            given=sys.argv,
        )
    except GoferError as error:
        sys.exit(f"gofer: {error}")
    if "demo" in config and MODEL_FILE == OWN_MODEL and not ONLY_DEMO:
        logger.warning("No --configfile: this uses the demo's model, which knows a synthetic world and no real protein.")


def predictions():
    """Everything that a query gives."""
    names = [*PREDICTION_FILES.values(), WITHOUT_PREDICTION, PREDICTION_SUMMARY]
    return expand(f"{PREDICTION_FOLDER}/{{name}}", query=QUERY_NAMES, name=names)


def text_phase(stage):
    """The phase of GO texts that a stage reads."""
    return config["training"]["stages"][stage]["text_phase"]


def previous_checkpoint(wildcards):
    """The checkpoint that a stage starts from: that of the previous stage; none for stage A."""
    stage = STAGES.index(wildcards.phase if hasattr(wildcards, "phase") else wildcards.stage)
    return results(f"training/stage-{STAGES[stage - 1]}/model.safetensors") if stage else []


def longest_shortlist(wildcards):
    """The maximum number of terms that a phase's index is asked for."""
    return max(config["training"]["stages"][wildcards.phase]["curriculum"]["shortlist_M"])


def stage_settings(wildcards):
    """The training section with this stage's block only, so that changed settings of another stage do not rerun it."""
    block = {wildcards.stage: config["training"]["stages"][wildcards.stage]}
    return {**config["training"], "stages": block}


def predicted(suffix):
    """A file of a method's predictions: in evaluation/predictions or baselines."""
    return lambda wildcards: results(
        f"{'baselines' if METHODS[wildcards.method].baseline else 'evaluation/predictions'}/{wildcards.method}.{suffix}"
    )


wildcard_constraints:
    query="|".join(map(re.escape, QUERY_NAMES)) or "none",
