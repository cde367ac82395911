"""The field's evaluator, `cafaeval`, run as a program, with input files that avoid its traps.

cafaeval (CAFA-evaluator, Piovesan et al. 2024, doi:10.1093/bioadv/vbae043) is GPL-3: it runs as a separate process
and is never imported. What it does silently, and what is done about it here:

- it drops terms that it does not know, and live terms with `is_obsolete: false`: a minimal ontology is written;
- scores below its first threshold, .01, cannot count: they are left out, and a file without any other is not run;
- it reads NaN as 0, accepts 7.5 and skips short lines: `gofer.retrieval.cafa_format` refuses them before;
- it follows is_a and part_of only: a parent over another relation of inputs.relations is written as part_of;
- it counts the roots: `-no_orphans`, and no root in the truth;
- a blank line in the accretion file crashes it: there is none;
- its "best S" is unweighted: Smin is taken as the least `s_w` over the thresholds.
"""

import logging
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.artefacts import write_text
from gofer.errors import ArtefactError, GoferError
from gofer.inputs.ontology.go_graph import TRUE_PATH, GoGraph
from gofer.names import ASPECTS
from gofer.retrieval.cafa_format import write_cafa

logger = logging.getLogger(__name__)

FIRST_THRESHOLD = 0.01
RESULT = "evaluation_all.tsv"


@dataclass(frozen=True)
class AspectFigures:
    """What cafaeval found for one method in one aspect.

    Attributes:
        fmax: Highest F over the thresholds, [0, 1].
        weighted_fmax: Highest F weighted by information accretion, [0, 1].
        smin: Least distance weighted by information accretion, bits.
        coverage: Share of proteins with a prediction at the lowest threshold.
    """

    fmax: float
    weighted_fmax: float
    smin: float
    coverage: float


def write_ontology(path: Path | str, terms: pd.DataFrame, relations: Iterable[str] = TRUE_PATH) -> None:
    """Write a minimal OBO file: id, name, namespace and parents of each term.

    Args:
        path: The file.
        terms: Columns go_id, name, aspect and one of parents per relation; live terms only.
        relations: Relations to follow; all but is_a are written as part_of, since cafaeval knows no other.
    """
    relations = list(relations)
    stanzas = ["format-version: 1.2\n"]
    for term in terms.itertuples():
        name = " ".join(str(term.name).split())
        namespace = ASPECTS.get(term.aspect, term.aspect)
        lines = ["[Term]", f"id: {term.go_id}", f"name: {name}", f"namespace: {namespace}"]
        for relation in relations:
            tag = "is_a:" if relation == "is_a" else "relationship: part_of"
            lines += [f"{tag} {parent}" for parent in getattr(term, relation)]
        stanzas.append("\n".join(lines) + "\n")
    write_text(path, "\n".join(stanzas))


def write_truth(path: Path | str, truth: pd.DataFrame) -> None:
    """Write the ground truth, `protein<TAB>term`.

    Args:
        path: The file.
        truth: Columns protein_id, go_id; roots left out.
    """
    pairs = sorted(set(zip(truth["protein_id"], truth["go_id"], strict=True)))
    write_text(path, "".join(f"{protein}\t{term}\n" for protein, term in pairs))


def write_accretion(path: Path | str, terms: pd.DataFrame) -> None:
    """Write `term<TAB>information accretion`, one line per term, no blank line.

    Args:
        path: The file.
        terms: Columns go_id, information_accretion.

    Raises:
        ArtefactError: An information accretion that is negative or not finite.
    """
    accretion = terms["information_accretion"]
    bad = ~(np.isfinite(accretion) & (accretion >= 0))
    if bad.any():
        first = terms[bad].iloc[0]
        raise ArtefactError(
            f"information accretion of {first.go_id} is {first.information_accretion}",
            help="rebuild inputs/terms.parquet",
        )
    write_text(path, "".join(f"{go_id}\t{ia:.6f}\n" for go_id, ia in zip(terms["go_id"], accretion, strict=True)))


def run_cafaeval(
    predictions: pd.DataFrame,
    *,
    truth: pd.DataFrame,
    terms: pd.DataFrame,
    out: Path | str,
    relations: Iterable[str] = TRUE_PATH,
    threads: int = 1,
) -> bool:
    """Run cafaeval on one method's predictions; what it reads stays in `out`, to run it by hand.

    cafaeval holds dense tables of all proteins and terms, so it gets only the terms that can matter: those of the
    truth or a counted prediction, and their ancestors. On 320 proteins and 41,503 terms that gives the same figures.

    Args:
        predictions: What `read_cafa` gave.
        truth: Columns protein_id, go_id: the labels of the proteins to evaluate, roots left out.
        terms: Columns go_id, name, aspect, one of parents per relation, information_accretion; live terms only.
        out: Folder for what cafaeval reads (`ontology.obo`, `truth.tsv`, `accretion.tsv`, `predictions/`) and for its
            result, `evaluation_all.tsv`.
        relations: Relations along which annotations propagate in this run.
        threads: Threads that cafaeval may use.

    Returns:
        Whether there was anything to evaluate; if not, cafaeval is not run and `evaluation_all.tsv` is empty.

    Raises:
        GoferError: A term is unknown, or cafaeval failed; the message has its last lines.
    """
    out = Path(out)
    counted = predictions[predictions["protein_id"].isin(truth["protein_id"])]
    counted = counted[counted["score"] >= FIRST_THRESHOLD]
    if counted.empty:
        logger.info("no prediction of %g or more for a protein of the truth: nothing to evaluate", FIRST_THRESHOLD)
        write_text(out / RESULT, "")
        return False
    relations = list(relations)
    terms = with_ancestors(terms, [*counted["go_id"].unique(), *truth["go_id"].unique()], relations)
    ontology, truth_file, accretion = out / "ontology.obo", out / "truth.tsv", out / "accretion.tsv"
    write_ontology(ontology, terms, relations)
    write_truth(truth_file, truth)
    write_accretion(accretion, terms)
    write_cafa(out / "predictions" / "predictions.tsv", counted["protein_id"], counted["go_id"], counted["score"])
    options = ["-ia", str(accretion), "-no_orphans", "-threads", str(threads), "-out_dir", str(out)]
    _run([sys.executable, "-m", "cafaeval", str(ontology), str(out / "predictions"), str(truth_file), *options])
    if not (out / RESULT).exists():
        raise GoferError(f"cafaeval ended without writing {out / RESULT}", help="see the log of rule run_cafaeval")
    return True


def with_ancestors(terms: pd.DataFrame, go_ids: Iterable[str], relations: Iterable[str] = TRUE_PATH) -> pd.DataFrame:
    """The rows of the given terms and of all their ancestors.

    Args:
        terms: Columns go_id and one of parents per relation.
        go_ids: Ids to keep.
        relations: Relations that lead to ancestors.

    Raises:
        GoferError: An id that the table lacks.
    """
    graph, wanted = GoGraph.of_terms(terms, relations), set(go_ids)
    if unknown := sorted(wanted - set(graph.go_ids)):
        raise GoferError(
            f"{len(unknown)} terms are not in this GO release, the first is {unknown[0]}",
            help="predict and evaluate with one release of the ontology",
        )
    return terms[terms["go_id"].isin(graph.ancestors(wanted))]


def _run(command: list[str]) -> None:
    logger.info("%s", " ".join(command))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    logger.info("%s", done.stderr.strip())
    if "No module named cafaeval" in done.stderr:
        raise GoferError("cafaeval is not installed", help="run with --use-conda, or pip install cafaeval")
    if done.returncode:
        last = "\n".join(done.stderr.strip().splitlines()[-3:])
        raise GoferError(
            f"cafaeval ended with status {done.returncode}: {last}", help="see the log of rule run_cafaeval"
        )


def read_figures(path: Path | str) -> Mapping[str, AspectFigures]:
    """The figures of each aspect in an `evaluation_all.tsv`; aspects without protein or prediction are absent.

    Args:
        path: The file; an empty one has no figures.

    Raises:
        ArtefactError: The file is missing or is not what cafaeval writes.
    """
    path = Path(path)
    aspects = {namespace: aspect for aspect, namespace in ASPECTS.items()}
    try:
        if not path.stat().st_size:
            return {}
        table = pd.read_csv(path, sep="\t")
        return {
            aspects.get(namespace, namespace): AspectFigures(
                fmax=float(rows["f"].max()),
                weighted_fmax=float(rows["f_w"].max()),
                smin=float(rows["s_w"].min()),
                coverage=float(rows["cov"].max()),
            )
            for namespace, rows in table.groupby("ns")
        }
    except (OSError, KeyError, ValueError) as error:
        raise ArtefactError(
            f"{path} is not a result of cafaeval ({error!r})", help="delete it and run snakemake again"
        ) from error
