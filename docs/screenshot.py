"""Picture of a page of a query, in Chromium: `python docs/screenshot.py index.html PROTEIN docs/page.webp [HEIGHT]`."""

import base64
import shutil
import sys
import time
from pathlib import Path
from urllib.parse import quote

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

WIDTH, HEIGHT = 1180, 1420


def main() -> None:
    """Open a protein of a page and save what is seen."""
    page, protein, picture = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    options = webdriver.ChromeOptions()
    for option in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(option)
    browser = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    height = int(sys.argv[4]) if len(sys.argv) > 4 else HEIGHT
    size = {"width": WIDTH, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(f"{page.resolve().as_uri()}#{quote(protein, safe='')}")
    WebDriverWait(browser, 60).until(lambda _: browser.execute_script("return document.querySelector('#protein .box')"))
    time.sleep(1)  # until the table is drawn
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "webp", "quality": 85})
    Path(picture).write_bytes(base64.b64decode(taken["data"]))
    browser.quit()


if __name__ == "__main__":
    main()
