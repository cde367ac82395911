# Common: the checked config, and the few functions that every other rules file uses.
#
# Inputs:   config files and --config
# Provides: results(), data_file(), code(), predictions(), QUERY, QUERY_NAMES
# Steps:    check

import os
import re
import sys
from pathlib import Path

ROOT = Path(workflow.current_basedir).parent

# The library is found by this process, and by scripts in whatever environment they run.
sys.path.insert(0, str(ROOT / "src"))
os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])

from gofer.config import check_config, input_path, protein_files, query_path
from gofer.errors import GoferError
from gofer.workflow import fingerprint

try:
    check_config(config, workflow.configfiles, ROOT / "workflow/schemas/config.schema.yaml")
except GoferError as error:
    sys.exit(f"gofer: {error}")


def results(path):
    """A path below the run's folder."""
    return f"results/{config['run']}/{path}"


def data_file(name):
    """An input file of the config, below the folder `data`."""
    return input_path(config, name)


def code(*modules):
    """Digest of the library code that a rule uses: as a parameter it reruns the rule when that code changes."""
    return fingerprint(*modules)


def query_name(path):
    """What the results of a query are called: its file name without endings, other than plain characters as _."""
    stem = re.sub(r"\.(fasta|fa|faa|fas)?(\.(gz|bz2))?$", "", Path(path).name)
    return re.sub(r"[^A-Za-z0-9._-]", "_", stem).lstrip(".-") or "query"


QUERY = query_path(config)
QUERY_NAMES = [query_name(QUERY)] if QUERY else []


def predictions():
    """Everything that a query gives."""
    names = ["predictions.tsv", "predictions.cafa.tsv", "predictions.gaf"]
    return expand(results("retrieval/{query}/{name}"), query=QUERY_NAMES, name=names)


wildcard_constraints:
    query="|".join(map(re.escape, QUERY_NAMES)) or "none",
