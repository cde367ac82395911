"""The web app in headless Chromium: paste, wait, look; without any script, and with no error of the browser."""

import shutil

import pytest

webdriver = pytest.importorskip("selenium.webdriver")
WebDriverWait = pytest.importorskip("selenium.webdriver.support.ui").WebDriverWait
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("chromium") and shutil.which("chromedriver")), reason="no Chromium is here"),
]


@pytest.fixture
def browser(tmp_path):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))
    browser = webdriver.Chrome(options=options, service=service)
    browser.set_window_size(420, 860)
    yield browser
    browser.quit()


def asked(browser, address, text):
    """The page that answers what is pasted."""
    browser.get(address)
    browser.find_element("id", "text").send_keys(text)
    browser.find_element("tag name", "button").click()
    WebDriverWait(browser, 120).until(lambda b: "Another query" in b.page_source or "Begin again" in b.page_source)
    return browser.find_element("tag name", "body").text


def test_sequences_and_a_term_are_answered_and_the_browser_has_nothing_to_report(served, browser, tiny):
    address = f"http://127.0.0.1:{served.effective_port}/"
    sequence = tiny.proteins["sequence"].iloc[0]
    assert "predictions.tsv" in asked(browser, address, f">Q1 <b>bold</b>\n{sequence}\n")
    browser.find_element("link text", "Look at the predictions").click()
    WebDriverWait(browser, 60).until(lambda b: "Q1" in b.find_element("tag name", "body").text)
    browser.back()
    width = browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert width, "a phone would have to scroll sideways"
    assert "GO:0016787" in asked(browser, address, "GO:0016787")
    assert "P00003" in asked(browser, address, "P00003")
    severe = [entry for entry in browser.get_log("browser") if "favicon" not in entry["message"]]
    assert severe == []
