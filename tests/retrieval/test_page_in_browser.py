"""The page of a query in headless Chromium: it works from a file, without a network, and runs nothing of a user."""

import json
import shutil
import time
from urllib.parse import quote

import pytest
from retrieval.pages import HOSTILE_ID, HOSTILE_NAME, write_page

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed: pip install --group dev")
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.support.ui import WebDriverWait  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium") or shutil.which("chromium-browser"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium and chromedriver are not installed"),
]
OPTIONS = ("--headless=new", "--no-sandbox", "--window-size=1400,1000", "--disable-dev-shm-usage")
PATIENCE = 60


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return write_page(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def browser(page):
    options = webdriver.ChromeOptions()
    for option in OPTIONS:
        options.add_argument(option)
    options.binary_location = CHROMIUM
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    downloads = {"behavior": "allow", "downloadPath": str(page.path.parent)}
    driver.execute_cdp_cmd("Page.setDownloadBehavior", downloads)
    yield driver
    driver.quit()


@pytest.fixture
def opened(page, browser):
    """Opens the page anew; gives a function that runs JavaScript and waits until it gives something."""
    browser.get("about:blank")
    browser.get(page.path.as_uri())

    def until(script, *arguments):
        return WebDriverWait(browser, PATIENCE, 0.05).until(lambda _: browser.execute_script(script, *arguments))

    until("return document.body.dataset.ready && document.querySelector('#predictions .tabulator-row')")
    return until


def names(opened, css="#predictions .tabulator-row"):
    return opened("return [...document.querySelectorAll(arguments[0])].map((row) => row.innerText)", css)


def count(opened, wanted):
    """Waits until the line above the table says so."""
    opened("return document.getElementById('count').textContent.startsWith(arguments[0])", f"{wanted:,} prediction")


def choose(opened, name, value):
    opened(
        "const box = document.getElementById(arguments[0]); box.value = arguments[1]; "
        "box.dispatchEvent(new Event('input', {bubbles: true})); return true",
        name,
        value,
    )


def test_it_shows_the_most_specific_terms_first_and_all_on_request(page, opened):
    table = page.table
    count(opened, (table["recommended"] == "best").sum())
    choose(opened, "level", "1")
    count(opened, (table["recommended"] != "no").sum())
    choose(opened, "level", "2")
    count(opened, len(table))


def test_a_click_on_a_heading_sorts_all_rows(page, opened):
    choose(opened, "level", "2")
    count(opened, len(page.table))
    opened("document.querySelector('[tabulator-field=score]').click(); return true")
    best = page.table["score"].max()
    opened("return document.querySelector('[tabulator-field=score]').ariaSort === 'descending'")
    opened("return document.querySelector('.tabulator-row .score')?.innerText.trim() === arguments[0]", f"{best:.2f}")
    opened("document.querySelector('[tabulator-field=term]').click(); return true")
    first = page.table["name"].min()
    opened("return document.querySelector('.tabulator-row')?.innerText.includes(arguments[0])", first)


def test_rows_are_filtered_by_aspect_score_term_set_and_text(page, opened):
    best = page.table[page.table["recommended"] == "best"]
    choose(opened, "least", "0.5")
    count(opened, (best["score"] >= 0.5).sum())
    choose(opened, "least", "0")
    opened("document.querySelector('[name=aspect][value=\"0\"]').click(); return true")
    count(opened, (best["aspect"] != "MFO").sum())
    opened("document.querySelector('[name=aspect][value=\"0\"]').click(); return true")
    opened("document.querySelector('[name=set][value=\"0\"]').click(); return true")
    count(opened, (best["term_set"] != "common").sum())
    opened("document.querySelector('[name=set][value=\"0\"]').click(); return true")
    go_id = best["go_id"].iloc[0]
    choose(opened, "text", f"{go_id.lower()} q00")
    count(opened, ((best["go_id"] == go_id) & best["protein_id"].str.startswith("Q00")).sum())
    choose(opened, "text", "nothing has this")
    count(opened, 0)
    assert "No prediction passes these filters." in opened("return document.querySelector('#predictions').innerText")


def test_a_protein_opens_with_residues_known_proteins_and_graph(page, opened, browser):
    of_protein = page.table[page.table["protein_id"] == "Q000"]
    best = of_protein[of_protein["recommended"] == "best"]
    opened(
        "[...document.querySelectorAll('#predictions a')].find((link) => link.hash === '#Q000').click(); return true"
    )
    rows = names(opened, "#terms-of-protein .tabulator-row")
    assert len(rows) == len(best)
    assert best["name"].iloc[0] in rows[0]
    text = opened("return document.getElementById('protein').innerText")
    for part in ("Where in the sequence", "Nearest known proteins", "P00000", f"{len(of_protein)} predictions in all"):
        assert part in text
    marks = opened("return document.querySelectorAll('.track i').length")
    assert marks == sum(len(ranges.split(",")) for ranges in best["evidence"] if ranges)
    boxes = "return document.querySelectorAll('.box').length"
    folded = opened(boxes)
    opened("document.querySelector('.box[role=button]').dispatchEvent(new Event('click')); return true")
    assert opened(boxes) == folded + 1
    links = opened("return [...document.querySelectorAll('#protein a[target]')].map((link) => link.href)")
    assert any(link.startswith("https://www.ebi.ac.uk/QuickGO/term/GO:") for link in links)
    assert any(link.startswith("https://amigo.geneontology.org/amigo/term/GO:") for link in links)
    assert "https://www.uniprot.org/uniprotkb/P00000/entry" in links


def test_it_is_used_by_keyboard(opened, browser):
    active = "return document.activeElement"
    body = browser.find_element("tag name", "body")
    body.send_keys("/")
    assert opened(active).get_attribute("id") == "text"
    heading = browser.find_element("css selector", "#predictions [tabulator-field=score]")
    heading.send_keys("\ue007")
    opened("return document.querySelector('[tabulator-field=score]').ariaSort === 'descending'")
    browser.find_element("css selector", "#predictions .tabulator-row a").send_keys("\ue007")
    opened("return !document.getElementById('protein').hidden")
    first = opened("return location.hash")
    body.send_keys("n" if first != "#Q019" else "p")
    opened("return location.hash !== arguments[0]", first)
    body.send_keys("\ue00c")
    opened("return document.getElementById('protein').hidden")


def test_the_list_of_proteins_names_those_without_a_term_and_why(page, opened):
    opened("document.getElementById('by-protein').click(); return document.querySelector('#proteins .tabulator-row')")
    opened("return document.getElementById('count').textContent === '20 proteins'")
    choose(opened, "text", "q002")
    opened("return document.getElementById('count').textContent === '1 protein'")
    assert "no term reaches the score 0.01" in opened("return document.querySelector('#proteins').innerText")


def test_what_is_shown_is_downloaded_and_no_cell_is_a_formula(page, opened):
    choose(opened, "level", "2")
    count(opened, len(page.table))
    opened("document.getElementById('download').click(); return true")
    end = time.monotonic() + PATIENCE
    while not (found := list(page.path.parent.glob("my*.shown.tsv"))) and time.monotonic() < end:
        time.sleep(0.05)
    [target] = found
    header, *lines = [line.split("\t") for line in target.read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(page.table)
    assert {len(line) for line in lines} == {len(header)}
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    assert [[row["protein_id"], row["go_id"]] for row in rows] == page.table[["protein_id", "go_id"]].values.tolist()
    assert [float(row["score"]) for row in rows] == pytest.approx(page.table["score"].tolist(), abs=6e-5)
    assert [row["evidence"] for row in rows] == page.table["evidence"].tolist()
    assert not [cell for line in lines for cell in line if cell[:1] in {"=", "+", "@"}]
    assert any(row["protein_name"].startswith("'=HYPERLINK") for row in rows)


def test_hostile_names_are_text_nothing_is_requested_and_no_error_is_logged(page, opened, browser):
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(page.path.as_uri() + "#" + quote(HOSTILE_ID, safe=""))
    opened("return !document.getElementById('protein').hidden && document.querySelector('#protein .box')")
    text = opened("return document.getElementById('protein').innerText")
    assert HOSTILE_ID in text
    assert " ".join(HOSTILE_NAME.split()) in text
    assert not browser.execute_script(
        "return document.querySelector('#protein img, #protein script, #protein table b')"
    )
    ran = (
        "const script = document.createElement('script'); script.textContent = 'window.ran = true'; "
        "document.body.append(script); "
        "const image = document.createElement('div'); image.innerHTML = '<img src=x onerror=\"window.ran = true\">'; "
        "document.body.append(image); return window.ran === undefined"
    )
    messages = [entry["message"] for entry in browser.get_log("browser")]
    assert messages == []
    assert opened(ran)
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = {event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"}
    assert not [url for url in urls if url.split(":")[0] not in {"file", "data", "blob"}]
