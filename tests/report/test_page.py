import os
import pickle
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

import gofer
from gofer.artefacts import Manifest, read_table, write_table
from gofer.errors import ArtefactError
from gofer.report import input_tables as tables
from gofer.report.svg import COLOURS

pytestmark = pytest.mark.slow

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """What a browser would load, which ids there are, and whether all tags are closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        if attributes.get("src") or (tag in ("link", "image", "use") and attributes.get("href")):
            self.loaded.append(str(attributes.get("src") or attributes.get("href")))
        if tag == "a":
            self.links.append(str(attributes["href"]))
        if attributes.get("id"):
            self.ids.append(str(attributes["id"]))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@pytest.mark.fault(73)
def test_the_page_loads_nothing_from_elsewhere(html):
    page = Page(html)
    assert "script" not in page.tags
    assert all(address.startswith(("#", "data:")) for address in page.loaded)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style


def test_every_id_is_unique_and_every_reference_inside_the_page_has_its_target(html):
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    inner = set(re.findall(r'(?:href="|url\()#([^")]+)', html))
    assert inner <= set(page.ids)
    assert len(inner) > 10


@pytest.mark.fault(19, 73)
def test_the_page_forbids_scripts_and_everything_from_elsewhere(html):
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.split("; ") == ["default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"]


@pytest.mark.fault(19)
def test_a_protein_called_script_is_only_text(make_run):
    run = make_run(protein_id="<script>alert(1)</script>")
    run.config["run"] = "<b>&run"
    html = run.page()
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 2  # among the evidence and among the predictions
    assert "<b>&run" not in html
    assert "Run &lt;b&gt;&amp;run" in html


def test_a_figure_that_is_not_defined_is_na_and_never_zero(make_run):
    html = make_run(diamond="diamond is not installed").page()
    rows = re.findall(r'<tr><th scope="row">DIAMOND</th>.*?</tr>', html, re.DOTALL)
    assert rows
    for row in rows:
        cells = re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)
        assert set(cells) == {"n/a"}


def test_a_method_that_could_not_run_is_reported_with_its_reason(make_run, html):
    page = make_run(diamond="diamond is not <installed>").page()
    assert "Not run: DIAMOND (diamond is not &lt;installed&gt;)" in page
    assert "could not run" not in html


def test_a_demo_and_an_untrained_encoder_are_named_at_the_top(make_run):
    run = make_run()
    run.config["embeddings"]["residues"]["model"] = "untrained_t4_d96_h8"
    top = run.page().split("<main>")[0]
    assert '<span class="badge">Synthetic demo</span>' in top
    assert '<span class="badge">Untrained encoder</span>' in top
    assert "do not show what real ESM-2" in top


def test_a_real_run_has_no_badges(make_run):
    run = make_run()
    del run.config["demo"]
    run.config["embeddings"]["residues"]["model"] = "esm2_t6_8M_UR50D"
    html = run.page()
    assert 'class="badge"' not in html
    assert "Untrained encoder" not in html


def test_the_same_artefacts_give_the_same_bytes_in_another_process(make_run):
    run = make_run()
    program = (
        "import sys, pickle; from gofer.report.page import build_page; "
        "run = pickle.load(sys.stdin.buffer); sys.stdout.buffer.write(build_page(*run).encode())"
    )
    given = pickle.dumps((run.files, run.config, run.root))
    done = subprocess.run([sys.executable, "-c", program], input=given, capture_output=True, check=True, env=_env())
    assert done.stdout.decode() == run.page()


def test_the_page_is_made_without_torch():
    program = "import sys, gofer.report.page; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, env=_env()).returncode == 0


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(gofer.__file__).parents[1]), "PYTHONHASHSEED": "7"}


def test_few_shot_terms_are_described_as_they_were_chosen(make_run, html):
    assert "Few-shot terms have 1 to 12 training proteins." in html
    run = make_run()
    run.config["inputs"]["term_sets"]["few_list"] = "few.txt"
    assert "Few-shot terms are those that are in few.txt and in training." in run.page()


def test_a_missing_aspect_is_left_out(make_run):
    html = make_run(aspects=("BPO",)).page()
    assert "Biological process" in html
    assert "Molecular function" not in html
    Page(html)


def test_a_run_without_any_figure_still_has_a_page(make_run):
    html = make_run(aspects=()).page()
    assert "n/a: no aspect could be measured" in html
    Page(html)


def test_a_run_without_a_query_says_how_to_give_one(make_run):
    assert "This run has no query" in make_run(query=False).page()


def test_a_run_without_examples_says_so(make_run):
    assert "no correct test prediction to explain" in make_run(examples=0).page()


def test_residues_of_a_real_run_are_shown_without_a_truth(make_run):
    html = make_run(planted="").page()
    text = re.sub(r"<[^>]+>", "", html)
    assert "Evidence 3–6, 9–9" in text
    assert "planted 3–6" not in text
    assert "Against the planted motifs" not in html


def test_files_are_linked_from_where_the_page_is(html):
    page = Page(html)
    assert "retrieval/mine/predictions.tsv" in page.links
    assert "retrieval/mine/predictions.gaf" in page.links
    assert "retrieval/mine/predictions.cafa.tsv" not in page.links  # it is not there
    assert "evaluation/metrics.tsv" in page.links


def test_pictures_take_their_colours_from_the_page(html):
    pictures = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "var(--blue)" in pictures
    assert not re.findall(r"#[0-9a-f]{6}\b", pictures)
    assert "DejaVu" not in pictures
    for name in COLOURS:
        assert html.split("</style>")[0].count(f"--{name}:") == 2  # light and dark


def test_the_pages_of_other_releases_are_refused(make_run):
    run = make_run()
    splits = read_table(run.files.splits)
    write_table(run.files.splits, splits, Manifest({"go_release": "releases/2020-01-01"}))
    with pytest.raises(ArtefactError, match="releases/2020-01-01"):
        run.page()


def test_a_picture_without_any_figure_says_so_instead_of_showing_empty_axes(make_run):
    run = make_run(aspects=("MFO",))
    text = Path(run.files.metrics).read_text(encoding="utf-8")
    lines = [re.sub(r"(macro_auroc)\t.*", r"\1\tn/a\tn/a\tn/a\t0", line) for line in text.splitlines()]
    Path(run.files.metrics).write_text("\n".join(lines) + "\n", encoding="utf-8")
    html = run.page()
    assert html.count("n/a: not defined.</p></figure>") == 1
    assert "macro_auroc-MFO" not in html  # the beginning of that picture's ids


def test_agreement_over_a_few_examples_is_not_marked(make_run, html):
    marked = re.compile(r'Impact of masking a residue, AUROC</th>\s*<td class="num best')
    assert not marked.search(html)
    assert marked.search(make_run(examples=30).page())


def test_a_long_list_of_ids_folds_into_one_line_that_opens(tmp_path):
    path = tmp_path / "accounting-annotations.parquet"
    ids = [f"GO:{number:07d}" for number in range(30)]
    content = {"item": ["kept", *["unknown term"] * 30], "reason": ["", *ids], "count": [5, *[1] * 30]}
    write_table(path, pd.DataFrame(content), Manifest())
    table = tables.accounting(path)
    assert table.rows == [("kept", "", "5")]
    assert table.lists == [("unknown term", 30, ", ".join(f"{go_id} (1)" for go_id in ids))]


def test_the_nearest_training_proteins_are_described_and_drawn(make_run):
    run = make_run()
    run.config["inputs"]["splits"]["method"] = "identity"
    html = run.page()
    assert "1 of 3 test proteins has a training protein at 30 % identity or more" in html
    assert "the limit that the split keeps" in html
    assert 'aria-label="Validation and test proteins by identity to the nearest training protein"' in html
    run.config["inputs"]["splits"]["method"] = "random"
    assert "the limit that the split keeps" not in run.page()
