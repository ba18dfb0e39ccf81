"""The built site as a reader's browser shows it: every page in headless Chromium, with no network but this machine."""

import os
import shutil
import sys
import threading
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

from build_notebooks import Course  # noqa: E402
from build_site import build_site  # noqa: E402

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}  # pixels
SMALLEST_TEXT = 14  # pixels
PATIENCE = 120_000  # milliseconds, for the longest page while other tests run

# WCAG 2.2, levels A and AA, and headings in order, which WCAG only advises.
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"heading-order": {"enabled": True}},
    "resultTypes": ["violations"],
    "preload": False,  # it looks for what a style sheet imports beside the page, not beside the sheet
}
# The pages of the reference all look alike. Contrast, by far the slowest rule, is looked at on one of each kind.
CONTRAST_IN_REFERENCE = ("api.html", "api/helpers.covers.html", "api/helpers.gan.html", "api/helpers.gan.losses.html")

LOOK = """() => {
    const shown = selector => [...document.querySelectorAll(selector)].filter(element => element.checkVisibility());
    return {
        pictures: shown("img").map(({src, alt, naturalWidth}) => ({src, alt, naturalWidth})),
        headings: shown("h1, h2, h3, h4, h5, h6").map(({tagName}) => Number(tagName[1])),
        colab: shown("article a").concat([...document.querySelectorAll("a.dropdown-item")])
            .map(link => link.href).filter(href => href.includes("colab.research.google.com")),
    };
}"""
LOOK_ON_PHONE = """() => ({
    overflow: document.scrollingElement.scrollWidth - innerWidth,
    text: Math.min(...[...document.querySelectorAll("article :is(p, li, td, pre)")]
        .map(element => parseFloat(getComputedStyle(element).fontSize))),
})"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@dataclass
class Visit:
    """What a browser found on one page."""

    errors: list[str]  # on the console
    foreign: list[str]  # addresses elsewhere that it asked for
    pictures: list[dict]  # {"src", "alt", "naturalWidth"}
    headings: list[int]  # levels in order
    colab: list[str]  # addresses of links to Colab
    overflow: int  # by how many pixels the page is wider than a phone
    text: float  # pixels, the smallest text of the article on a phone
    violations: list[str]  # found by axe-core


@pytest.fixture(scope="module")
def browser():
    installed = filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome")))
    with sync_playwright() as playwright:
        path = next(installed, playwright.chromium.executable_path)
        if not Path(path).exists():
            pytest.skip("there is no browser: install Chromium, or run `playwright install chromium`")
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0  # Chromium's sandbox refuses to run as root
        with playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if is_root else []) as browser:
            yield browser


@pytest.fixture(scope="module")
def site(browser, tmp_path_factory) -> Path:
    """The folder of the site, built from the committed notebooks."""
    return build_site(Course(), tmp_path_factory.mktemp("site")).parent


@pytest.fixture(scope="module")
def address(site):
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def visits(browser, site, address) -> dict[str, Visit]:
    """Every page of the site, by its path."""
    pages = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    pages = [page for page in pages if not page.startswith("_static/")]  # the themes' templates lie there
    with new_context(browser) as context:
        return {page: visit(context, address, page) for page in pages}


def new_context(browser: Browser, **options) -> BrowserContext:
    context = browser.new_context(viewport=DESKTOP, **options)
    context.set_default_timeout(PATIENCE)
    return context


def visit(context: BrowserContext, address: str, path: str) -> Visit:
    errors, requested = [], []
    page = context.new_page()
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requested.append(request.url))
    page.goto(address + path)
    page.add_style_tag(content="*, ::before, ::after { transition: none !important }")  # colours as they end up
    found = page.evaluate(LOOK)
    with_contrast = not path.startswith("api") or path in CONTRAST_IN_REFERENCE
    rules = AXE["rules"] | {"color-contrast": {"enabled": with_contrast}}
    axe = Axe().run(page, options=AXE | {"rules": rules}).response["violations"]
    page.set_viewport_size(PHONE)
    found |= page.evaluate(LOOK_ON_PHONE)
    page.close()
    violations = [f"{rule['id']}: {node['html'][:200]}" for rule in axe for node in rule["nodes"]]
    foreign = [url for url in requested if not url.startswith((address, "data:"))]
    return Visit(errors=errors, foreign=foreign, violations=violations, **found)


def test_pages_load_without_errors_and_without_the_network(visits):
    assert {page: found.errors for page, found in visits.items() if found.errors} == {}
    assert {page: found.foreign for page, found in visits.items() if found.foreign} == {}


def test_there_is_a_page_for_every_notebook_with_buttons_for_the_student_version(visits):
    course = Course()
    for source in course.sources():
        found = visits[f"notebooks/{source.stem}.html"]
        assert len(found.colab) >= 2 and set(found.colab) == {course.colab_address(source)}
        assert (course.students / f"{source.stem}.ipynb").exists()
    assert visits["index.html"].colab == [course.colab_address(course.sources()[0])]


def test_pictures_show_and_are_described(visits):
    pictures = [(page, picture) for page, found in visits.items() for picture in found.pictures]
    assert sum(page.startswith("notebooks/") for page, _ in pictures) >= 10
    assert [picture for picture in pictures if not picture[1]["naturalWidth"]] == []
    # A file's name is what is left where a picture was not described.
    assert [p for p in pictures if not p[1]["alt"].strip() or p[1]["alt"].endswith((".png", ".jpeg", ".gif"))] == []


def test_headings_are_in_order(visits):
    for page, found in visits.items():
        assert found.headings[:1] == [1] and found.headings.count(1) == 1, page
        steps = zip(found.headings, found.headings[1:], strict=False)
        assert all(below <= above + 1 for above, below in steps), page


def test_it_reads_well_on_a_phone(visits):
    assert {page: found.overflow for page, found in visits.items() if found.overflow > 0} == {}
    assert {page: found.text for page, found in visits.items() if found.text < SMALLEST_TEXT} == {}


def test_axe_finds_nothing_against_wcag(visits):
    assert {page: found.violations for page, found in visits.items() if found.violations} == {}


def test_axe_finds_nothing_on_dark_pages_either(browser, address):
    with new_context(browser, color_scheme="dark") as context:
        for path in ("index.html", "notebooks/06_ms_ssim.html", "api/helpers.covers.html"):
            assert visit(context, address, path).violations == [], path


def test_search_finds_ms_ssim(browser, address):
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(f"{address}search.html")
        page.get_by_role("main").get_by_role("searchbox").fill("MS-SSIM")
        page.keyboard.press("Enter")
        page.wait_for_selector("#search-results a[href*='06_ms_ssim']")
