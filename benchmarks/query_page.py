"""How long the page of a query takes to write and to open, and how large it is: stand-in predictions over a real GO.

    python benchmarks/query_page.py go.obo.gz --proteins 20000 --most 500 --page index.html
    python benchmarks/query_page.py --open my-predictions/index.html

Scores are random, with a term never below a more specific one; what is measured depends on the number of rows only.
The page is opened in headless Chromium, where that and selenium are installed.
"""

import argparse
import math
import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from gofer.inputs.ontology.go_graph import GoGraph, hierarchy_consistent
from gofer.inputs.ontology.term_table import read_ontology
from gofer.retrieval.forms import FORMS, Context
from gofer.retrieval.prediction_rows import Cutoffs, TermFacts, kept_rows
from gofer.retrieval.predictor import PROTEINS, Predicted
from gofer.tables import NOT_PREDICTED

CUTOFFS = {"MFO": 0.4, "BPO": 0.4, "CCO": 0.4}
CHUNK, DIFFERENT = 64, 128


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("obo", type=Path, nargs="?", help="an OBO file")
    options.add_argument("--open", type=Path, help="a page that is there: only open it")
    options.add_argument("--proteins", type=int, default=1000)
    options.add_argument("--most", type=int, default=500, help="terms of a protein")
    options.add_argument("--page", type=Path, default=Path("index.html"), help="where to write it")
    chosen = options.parse_args()
    if chosen.open:
        print(f"{chosen.open}: {chosen.open.stat().st_size / 1e6:.1f} MB")
        opened(chosen.open)
        return
    if not chosen.obo:
        options.error("name an OBO file, or a page with --open")
    terms = read_ontology(chosen.obo).terms
    rng = np.random.default_rng(1)
    terms = terms.assign(
        information_accretion=rng.gamma(2, 2, len(terms)).round(2),
        term_set=rng.choice(["common", "few", "zero"], len(terms), p=[0.5, 0.3, 0.2]),
    )
    some = list(stand_in(terms, min(DIFFERENT, chosen.proteins), chosen.most))
    rows = sum(len(predicted.table) for predicted in repeated(some, chosen.proteins))
    before = time.process_time()
    context = Context(
        terms, "stand-in", {"go_release": "stand-in"}, "made of random scores", None, "stand_in", 50, CUTOFFS
    )
    FORMS["page"].write(chosen.page, lambda: repeated(some, chosen.proteins), context)
    took, size = time.process_time() - before, chosen.page.stat().st_size
    print(f"{chosen.proteins:,} proteins, {rows:,} rows")
    per_1000 = 1000 * took / chosen.proteins
    print(f"written in {took:.1f} CPU seconds ({per_1000:.2f} s per 1,000 proteins), {size / 1e6:.1f} MB")
    print(
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB of memory at most, with the stand-in rows"
    )
    opened(chosen.page)


def stand_in(terms: pd.DataFrame, proteins: int, most: int) -> Iterator[Predicted]:
    """Predictions for proteins that there are not, in chunks."""
    rng, graph = np.random.default_rng(2), GoGraph.of_terms(terms, within_aspect=True)
    facts = TermFacts.of_terms(terms, graph, Cutoffs(CUTOFFS), "stand-in")
    roots_T = np.array([not above for above in terms["is_a"]])
    for first in range(0, proteins, CHUNK):
        ids = [f"Q{number:05d}" for number in range(first, min(first + CHUNK, proteins))]
        scores_BT = np.zeros((len(ids), len(terms)), np.float32)
        for row in range(len(ids)):
            leaves = rng.integers(0, len(terms), rng.integers(4, max(5, most // 8)))
            scores_BT[row, leaves] = rng.random(len(leaves)) ** 4
        scores_BT = hierarchy_consistent(scores_BT, graph)
        lengths = rng.integers(60, 900, len(ids))
        tables = []
        for protein_id, scores_T, length in zip(ids, scores_BT, lengths.tolist(), strict=True):
            lowest = max(0.01, np.sort(scores_T)[-most - 1]) if most < len(scores_T) else 0.01
            table, kept_K = kept_rows(facts, protein_id, scores_T, (scores_T > lowest) & ~roots_T)
            tables.append(table.assign(**_evidence(rng, len(kept_K), length)))
        about = [
            (name, f"Protein {name} of a stand-in OS=Nobody OX=9", length)
            for name, length in zip(ids, lengths.tolist(), strict=True)
        ]
        yield Predicted(
            facts.joined(tables), pd.DataFrame(columns=NOT_PREDICTED), pd.DataFrame(about, columns=PROTEINS)
        )


def repeated(some: list[Predicted], proteins: int) -> Iterator[Predicted]:
    """The same chunks under other names, until there are so many proteins."""
    for number in range(math.ceil(proteins / CHUNK)):
        one = some[number % len(some)]
        name_of = {name: f"Q{number * CHUNK + place:05d}" for place, name in enumerate(one.proteins["protein_id"])}
        table, about = (part.assign(protein_id=part["protein_id"].map(name_of)) for part in (one.table, one.proteins))
        yield Predicted(table, one.not_predicted, about)


def _evidence(rng: np.random.Generator, rows: int, length: int) -> dict[str, list]:
    known, starts = rng.integers(0, 30, rows), rng.integers(0, max(1, length // 16 - 3), (rows, 2)) * 16
    near = rng.random(30) < 0.3
    identity = np.where(near, np.nan, rng.uniform(0.2, 1, 30))
    return {
        "nearest_protein": [f"P{10000 + number}" for number in known],
        "nearest_name": [f"Known protein {number} of a stand-in" for number in known],
        "nearest_by": ["near" if near[number] else "aligned" for number in known],
        "nearest_identity": identity[known].tolist(),
        "nearest_coverage": np.where(near, np.nan, rng.uniform(0.3, 1, 30))[known].tolist(),
        "evidence": [f"{min(pair) + 1}-{min(pair) + 32},{max(pair) + 1}-{max(pair) + 32}" for pair in starts.tolist()],
        "evidence_note": [""] * rows,
    }


def opened(page: Path) -> None:
    """Print how long a browser takes."""
    chromium = shutil.which("chromium")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        from selenium.webdriver.support.ui import WebDriverWait
    except ImportError:
        chromium = None
    if not chromium:
        print("not opened: Chromium or selenium is not installed")
        return
    options = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--window-size=1400,1000", "--enable-precise-memory-info"):
        options.add_argument(option)
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))

    def timed(what: str, action: str, until: str) -> None:
        before = time.perf_counter()
        browser.execute_script(action)
        WebDriverWait(browser, 300, 0.02).until(lambda browser: browser.execute_script(f"return {until}"))
        heap = browser.execute_script("return performance.memory.usedJSHeapSize") / 1e6
        print(f"{what}: {time.perf_counter() - before:.2f} s, JavaScript heap {heap:,.0f} MB")

    try:
        browser.set_page_load_timeout(300)
        before = time.perf_counter()
        browser.get(page.resolve().as_uri())
        print(f"loaded: {time.perf_counter() - before:.2f} s")
        timed("ready after that", "", "document.body.dataset.ready && document.querySelector('.tabulator-row')")
        seen = "!document.querySelector('.tabulator-row') || Overview.rows.length"
        timed(
            "sorted by score",
            "window.was = Overview.order; Overview.table.setSort('score', 'desc')",
            f"Overview.order !== window.was && ({seen})",
        )
        search = "window.was = Overview.order; one('text').value = 'kinase'; Page.changed()"
        timed("searched", search, "Overview.order !== window.was")
        everything = "window.was = Overview.order; one('text').value = ''; one('level').value = 2; Page.changed()"
        timed("all predictions", everything, "Overview.order !== window.was")
        timed("all, searched", search, "Overview.order !== window.was")
        last = "location.hash = encodeURIComponent(Data.proteins.at(-1).id)"
        timed("protein opened", last, "document.querySelector('#terms-of-protein .tabulator-row')")
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
