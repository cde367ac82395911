"""The documentation: the site is built without a warning and loads nothing from elsewhere; no page is out of date."""

import re

import pytest
from docs.write_reference import PAGES

EXTERNAL = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*>""")
LOADED_BY_STYLE = re.compile(r"""(?:@import|url\()\s*["']?https?:""")


@pytest.fixture(scope="module")
def site(root, tmp_path_factory):
    build = pytest.importorskip("mkdocs.commands.build", reason="mkdocs is not installed: pip install --group docs")
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp("site")
    config = load_config(str(root / "mkdocs.yml"), site_dir=str(folder))
    config.plugins.on_startup(command="build", dirty=False)
    build.build(config)  # strict: a warning, such as a dead link, ends it
    return folder


def test_the_site_is_built_without_a_warning_and_has_every_page_of_the_repository(site, root):
    pages = {path.relative_to(site).with_suffix(".md").as_posix() for path in site.rglob("*.html")}
    assert {path.name for path in (root / "docs").glob("*.md")} <= pages
    assert {"index.md", "config/index.md", "ARCHITECTURE.md", "examples/index.md"} <= pages


def test_links_between_files_of_the_repository_work_in_the_site(site):
    assert 'href="RESULTS.html"' in (site / "index.html").read_text()
    assert 'href="../benchmarks.html"' in (site / "config/index.html").read_text()


def test_nothing_is_loaded_from_elsewhere(site):
    for page in site.rglob("*.html"):
        assert EXTERNAL.findall(re.sub(r'<link rel="canonical"[^>]*>', "", page.read_text())) == [], page.name
    for style in site.rglob("*.css"):
        assert not LOADED_BY_STYLE.search(style.read_text()), style.name


def test_reference_pages_are_those_that_make_docs_writes(root):
    assert [page for page, write in PAGES.items() if (root / "docs" / page).read_text() != write()] == []
