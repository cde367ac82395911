"""The page of a run: reads the artefacts, makes rows and pictures, and fills the template `page.html.j2`.

The page is self-contained: no script, style, font or picture comes from elsewhere. Everything from a user is escaped.
The same artefacts give the same bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import yaml
from markupsafe import Markup

from gofer.artefacts import agreed_files, read_manifest, read_table
from gofer.methods import METHODS, method_name, shown_everywhere
from gofer.names import HELD_OUT, SPLITS, TERM_SETS, titled
from gofer.report import input_tables as tables
from gofer.report import labels_and_help as words
from gofer.report import metric_tables as quality
from gofer.report import plots as figures
from gofer.report import prediction_section as predictions
from gofer.report import subset_tables as breakdowns
from gofer.report import verdict
from gofer.report.evidence_section import Agreement, agreements, choose_shown, examples_of, ranges_text
from gofer.report.faithfulness_section import Faithfulness
from gofer.report.leak_section import Leaks
from gofer.report.metric_tables import Metrics
from gofer.report.release_section import ReleaseStory
from gofer.report.reliability_plot import reliability_diagram
from gofer.report.svg import style
from gofer.report.training_section import TrainingStory

COUNTED_FROM = 0.3  # identity to a training protein, where the split promises none
MARKERS = {"o": "●", "s": "■", "D": "◆", "^": "▲", "P": "✚"}


@dataclass(frozen=True)
class Artefacts:
    """The files that the page is made from; names as in `rules/report.smk`."""

    metrics: Path | str
    status: Path | str
    differences: Path | str
    leaks: Path | str
    terms: Path | str
    term_sets: Path | str
    splits: Path | str
    accounting: Sequence[Path | str]
    training: Sequence[Path | str]
    curriculum: Path | str
    evidence: Path | str
    faithfulness: Path | str
    predictions: Sequence[Path | str]
    release: Sequence[Path | str] = ()  # of rule compare_releases, where it ran: changes, the same as text, accounting


def build_page(files: Artefacts, config: Mapping[str, Any], root: Path | str) -> str:
    """The whole page as HTML.

    Args:
        files: What it is made from.
        config: The run's config.
        root: Folder of the page: files are linked from here, `benchmarks/` and `logs/` are looked for below it.

    Raises:
        ArtefactError: A file is missing or damaged, or two of them come from different releases.
    """
    joined = [files.status, files.terms, files.term_sets, files.splits, files.evidence, *files.release[:1]]
    facts = dict(sorted(agreed_files(*joined).release.items()))
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    metrics = Metrics.read(files.metrics, files.status)
    context = {
        "config": config,
        "facts": facts,
        "metrics": metrics,
        "words": words,
        "methods": METHODS,
        "method_name": method_name,
        "untrained": words.is_untrained(config),
        "mini": config["embeddings"]["residues"]["model"] == "mini",
        "demo": "demo" in config,
        **_quality(metrics, breakdowns.Differences.read(files.differences)),
        "leaks": Leaks.read(files.leaks),
        **_inputs(files, config["inputs"]["splits"]),
        "changes": ReleaseStory.read(*files.release, root=Path(root)) if files.release else None,
        **_training(files, config, Path(root)),
        **_evidence(files),
        **_provenance(files, config, Path(root)),
        "queries": [predictions.query_preview(path, root) for path in files.predictions],
    }
    return environment.get_template("page.html.j2").render(context)


def _quality(metrics: Metrics, differences: breakdowns.Differences) -> dict[str, Any]:
    bins = {name: words.count_bin(name) for name in metrics.count_bins}
    return {
        "main": quality.main_blocks(metrics),
        "thresholds": quality.main_blocks(metrics, quality.THRESHOLDS),
        "threshold_names": quality.THRESHOLDS,
        "retrieval": quality.main_blocks(metrics, quality.RETRIEVAL),
        "retrieval_names": quality.RETRIEVAL,
        "differences": differences.blocks(metrics),
        "compared": [(term_set, name) for term_set, name in breakdowns.COMPARED],
        "by_identity": breakdowns.identity_blocks(metrics),
        "identity_names": breakdowns.OF_IDENTITY,
        "subsets": breakdowns.subset_blocks(metrics),
        "generalised": breakdowns.generalised_blocks(metrics),
        "rank_names": breakdowns.OF_RANKS,
        "main_names": quality.MAIN,
        "fewest": quality.FEWEST,
        "headline": verdict.headline(metrics),
        "verdicts": verdict.verdicts(metrics),
        "legend": [(method_name(method), *_mark(method)) for method in metrics.measured],
        "reliability_legend": [(method_name(method), *_mark(method)) for method in shown_everywhere(metrics.measured)],
        "by_set": quality.term_set_blocks(metrics, {name: titled(title) for name, title in TERM_SETS.items()}),
        "of_zero": quality.term_set_blocks(metrics, ["zero"]),
        "by_count": quality.term_set_blocks(metrics, bins),
        "term_set_names": quality.OF_TERM_SETS,
        "zero_shot": verdict.zero_shot_sentence(metrics),
        **_pictures(metrics, bins),
    }


def _pictures(metrics: Metrics, bins: Mapping[str, str]) -> dict[str, list[tuple[str, Markup | None]]]:
    # Per aspect its name and picture; None where no figure is defined.
    def drawn(
        term_sets: Iterable[str], names: Sequence[str], draw: Callable[[str], Markup]
    ) -> list[tuple[str, Markup | None]]:
        return [
            (words.ASPECT_NAMES[aspect], draw(aspect) if metrics.has_values(aspect, term_sets, names) else None)
            for aspect in metrics.aspects
        ]

    sets = {name: titled(title) for name, title in TERM_SETS.items()}
    by_metric = partial(figures.dots_by_metric, metrics, names=quality.PICTURED)
    by_set = partial(figures.dots_by_terms, metrics, metric="macro_auroc", term_sets=sets, chance=0.5)
    by_count = partial(figures.dots_by_terms, metrics, metric="macro_aupr", term_sets=bins)
    of_calibration = partial(reliability_diagram, metrics, methods=shown_everywhere(metrics.measured))
    return {
        "reliability_pictures": [(words.ASPECT_NAMES[aspect], of_calibration(aspect)) for aspect in metrics.aspects],
        "main_pictures": drawn(["all"], quality.PICTURED, by_metric),
        "set_pictures": drawn(sets, ["macro_auroc"], by_set),
        "count_pictures": drawn(bins, ["macro_aupr"], by_count),
    }


def _mark(method: str) -> tuple[str, str]:
    colour, marker = style(method)
    return colour, MARKERS[marker]


def _inputs(files: Artefacts, settings: Mapping[str, Any]) -> dict[str, Any]:
    splits = read_table(files.splits)
    promised = settings["identity"] if settings["method"] == "identity" else None
    names = {split: titled(SPLITS[split]) for split in HELD_OUT}
    terms = read_table(files.terms, ["go_id", "aspect"])
    counts = tables.terms_by_aspect(terms, read_table(files.term_sets))
    return {
        "accounting": [tables.accounting(path) for path in files.accounting],
        "splits": tables.split_rows(splits),
        "split_counts": tables.split_counts(splits),
        "nearest": tables.nearest_sentence(splits, promised or COUNTED_FROM),
        "nearest_picture": figures.nearest_identities(tables.nearest_counts(splits), names, promised),
        "split_made_by": tables.made_by(read_manifest(files.splits)),
        "term_sets_made_by": tables.made_by(read_manifest(files.term_sets)),
        "term_counts": [(words.ASPECT_NAMES[aspect], row) for aspect, row in counts.to_dict("index").items()],
        "n_terms": len(terms),
        "n_zero": int(counts["zero"].sum()),
        "n_held_out": int(counts["held_out"].sum()),
        "terms_picture": figures.terms_by_aspect(counts) if len(counts) else None,
    }


def _training(files: Artefacts, config: Mapping[str, Any], root: Path) -> dict[str, Any]:
    story = TrainingStory.read(files.training, files.curriculum, sorted(root.glob("logs/train_stage_*.costs.tsv")))
    return {"stages": story.rows(config["training"]), "curves": story.panels(), "knobs": story.knobs()}


def _evidence(files: Artefacts) -> dict[str, Any]:
    examples = examples_of(read_table(files.evidence))
    shown = [
        {
            "example": example,
            "evidence": ranges_text(example.evidence) or "none",
            "planted": ranges_text(example.planted),
            "svg": figures.residues(example, f"residues-{number}"),
        }
        for number, example in enumerate(choose_shown(examples), start=1)
    ]
    curves = Faithfulness.read(files.faithfulness)
    return {
        "examples": shown,
        "n_examples": len(examples),
        "agreements": [_told(row) for row in agreements(examples)],
        "faithful": {"examples": curves.examples, "pictures": curves.pictures(), "rows": list(curves.rows())},
    }


def _told(row: Agreement) -> dict[str, Any]:
    return {
        "what": row.what,
        "cell": quality.Cell(
            words.number(row.value, 3),
            words.interval(row.low, row.high, 2),
            best=row.n >= quality.FEWEST and row.low > row.chance,
        ),
        "chance": words.number(row.chance, 2),
        "n": f"{row.n:,}",
    }


def _provenance(files: Artefacts, config: Mapping[str, Any], root: Path) -> dict[str, Any]:
    jobs = tables.job_rows(root / "benchmarks")
    return {
        "versions": tables.versions(),
        "jobs": jobs,
        "total_time": tables.total_time(jobs),
        "config_yaml": yaml.safe_dump(_as_plain(config), sort_keys=False, allow_unicode=True, width=100),
        "evaluation_files": [
            (path.name, path.relative_to(root).as_posix())
            for path in map(Path, [files.metrics, files.evidence])
            if path.is_relative_to(root)
        ],
    }


def _as_plain(value: Any) -> Any:
    # Snakemake's config holds subclasses of dict, list and str that YAML would not write plainly.
    if isinstance(value, Mapping):
        return {str(key): _as_plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_as_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value
