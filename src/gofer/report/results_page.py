"""RESULTS.md: the figures of one run as Markdown, each with the command, seed, data and day that it comes from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gofer.artefacts import read_manifest
from gofer.methods import METHODS, method_name
from gofer.report import labels_and_help as words
from gofer.report import subset_tables as breakdowns
from gofer.report.faithfulness_section import Faithfulness
from gofer.report.leak_section import Leaks
from gofer.report.metric_tables import (
    MAIN,
    RETRIEVAL,
    THRESHOLDS,
    WHOLE,
    Block,
    Cell,
    Metrics,
    main_blocks,
    term_set_blocks,
)
from gofer.report.subset_tables import Differences


def results_markdown(files: Mapping[str, Path | str], config: Mapping[str, Any], configfiles: Sequence[str]) -> str:
    """The whole page.

    Args:
        files: `metrics`, `status`, `differences`, `leaks` and `faithfulness` of the run.
        config: The run's config.
        configfiles: Config files that the run was given, as they are to be named in the command.

    Raises:
        ArtefactError: A file is missing or is something else.
    """
    metrics = Metrics.read(files["metrics"], files["status"])
    differences = Differences.read(files["differences"])
    by_count = term_set_blocks(metrics, metrics.count_bins, WHOLE)
    apart = breakdowns.apart_blocks(metrics)
    parts = [
        f"# Results of the run {config['run']}",
        "Written by `snakemake results_page` from the tables of the run; do not edit. Every value is followed by its "
        "95 % interval over resampled test proteins. n/a: cannot be had. ↓: lower is better.",
        _origin(files, config, configfiles),
        *(f"**{name} could not run:** {reason}" for name, reason in metrics.missing),
        _section("All terms", _tables(main_blocks(metrics), MAIN)),
        _less_each_other("gofer", metrics, differences),
        _section("Threshold: the oracle's, and that of the validation proteins", _of_all(metrics, THRESHOLDS)),
        _section("Retrieval both ways, calibration error", _of_all(metrics, RETRIEVAL)),
        _section("Zero-shot terms", _of_sets(term_set_blocks(metrics, ["zero"], WHOLE), WHOLE)),
        _section("Unseen terms among all terms", _of_sets(breakdowns.generalised_blocks(metrics), breakdowns.OF_RANKS)),
        _section("By training proteins of the term", _of_sets(by_count, WHOLE)),
        _section(
            "By identity to the nearest training protein",
            _of_sets(breakdowns.identity_blocks(metrics), breakdowns.OF_IDENTITY),
        ),
        *([_section("Judged apart", _of_sets(apart, breakdowns.OF_IDENTITY))] if apart else []),
        *_evidence(Faithfulness.read(files["faithfulness"])),
        _section("Is what is evaluated new to training?", *_leaks(Leaks.read(files["leaks"]))),
        _section("Methods", _methods(metrics)),
    ]
    return "\n\n".join(parts) + "\n"


def _less_each_other(method: str, metrics: Metrics, differences: Differences) -> str:
    name = method_name(method)
    return _section(
        f"{name} less each other method",
        f"Paired on the same resamples. Bold: the whole interval speaks for {name}.",
        _tables(differences.blocks(metrics, method), [name for _, name in breakdowns.COMPARED], _compared()),
    )


def _origin(files: Mapping[str, Path | str], config: Mapping[str, Any], configfiles: Sequence[str]) -> str:
    facts = read_manifest(files["status"]).release
    day = datetime.fromtimestamp(Path(files["metrics"]).stat().st_mtime, UTC).date().isoformat()
    # One option with all files: of a repeated --configfile Snakemake takes the last alone.
    files_given = [f"--configfile {' '.join(map(str, configfiles))}"] if configfiles else []
    given = " ".join(files_given + ["--config data=DIR"] * ("demo" not in config))
    rows = {
        "Command": f"`snakemake evaluate --cores 2 {given}`",
        "Seed": str(config["seed"]),
        "Resamples": str(config["evaluation"]["resamples"]),
        "Proteins": _listed(config["proteins"]),
        "Annotations": _listed(config["annotations"]),
        "Ontology": _listed(config["ontology"]),
        "Split": f"{config['inputs']['splits']['method']}, identity {config['inputs']['splits']['identity']:g}",
        **{name.replace("_", " ").capitalize(): value for name, value in sorted(facts.items())},
        "Measured on": day,
    }
    return _table(["What", "Value"], [[name, value] for name, value in rows.items()])


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _of_all(metrics: Metrics, names: list[str]) -> str:
    return _tables(main_blocks(metrics, names), names)


def _compared() -> list[str]:
    return [_head(name) + (", zero-shot" if term_set == "zero" else "") for term_set, name in breakdowns.COMPARED]


def _of_sets(aspects: Iterable[tuple[str, list[Block]]], names: list[str]) -> str:
    parts = []
    for aspect, blocks in aspects:
        rows = [[block.title, method_name(row.method), *_cells(row.cells)] for block in blocks for row in block.rows]
        parts += [f"### {aspect}", _table(["Set", "Method", *map(_head, names)], rows)]
    return "\n\n".join(parts)


def _tables(blocks: Iterable[Block], names: Sequence[str], heads: Sequence[str] | None = None) -> str:
    parts = []
    for block in blocks:
        rows = [[method_name(row.method), *_cells(row.cells)] for row in block.rows]
        title = f"### {block.title}" + (f" ({block.about})" if block.about else "")
        parts += [title, _table(["Method", *(heads or map(_head, names))], rows)]
    return "\n\n".join(parts)


def _cells(cells: Iterable[Cell]) -> list[str]:
    told = []
    for cell in cells:
        value = f"**{cell.text}**" if cell.best else cell.text
        told.append(f"{value} ({cell.interval})" if cell.interval else value)
    return told


def _head(name: str) -> str:
    measure = words.MEASURES[name]
    return measure.name + (" ↓" if measure.lower_is_better else "")


def _methods(metrics: Metrics) -> str:
    told = [f"- **{method_name(m)}** {METHODS[m].meaning if m in METHODS else ''}".rstrip() for m in metrics.methods]
    return "\n".join(told)


def _evidence(curves: Faithfulness) -> list[str]:
    if not curves.examples:
        return []
    told = (
        f"Mean similarity with the term over {words.counted(curves.examples, 'correct test prediction')} while "
        "residues are taken away (lower is better) or kept alone (higher is better), most important first, from a "
        "tenth to nine tenths of the protein. Chance in blocks takes stretches of residues as long as those that "
        "impact takes, laid elsewhere at random: the fair comparison, since losing a stretch is another thing than "
        "losing scattered residues. Differences are paired; bold: the whole interval speaks for the impact."
    )
    heads = ["Order", "Taken away ↓", "Kept"]
    rows = [[name, *_cells(cells)] for name, cells in [*curves.areas(), *curves.rows()]]
    return [_section("Residue evidence", told, _table(heads, rows))]


def _leaks(leaks: Leaks) -> list[str]:
    return [_table(["Looked for", "Found", "What that means"], leaks.rows()), leaks.ancestors()]


def _section(title: str, *parts: str) -> str:
    return "\n\n".join([f"## {title}", *parts])


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
