"""The report in a real browser: nothing is fetched, nothing complains, nothing overflows."""

from __future__ import annotations

import runpy
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from personas.report import Dossier, render_report

# asyncio, on which the browser driver runs, needs a socket pair; the report itself may fetch nothing.
pytestmark = pytest.mark.enable_socket

MADE = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "report" / "conftest.py"))
ANALYSES = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "report" / "hand_made_analyses.py"))
PAST = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "report" / "hand_made_history.py"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Elements whose text is cut off: wider inside than outside, and not meant to scroll.
CLIPPED = """() => [...document.querySelectorAll("main *")].filter(e =>
    e instanceof HTMLElement && !e.matches(".hidden, .hidden *, .scroll, .ticks *, i") &&
    e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 &&
    getComputedStyle(e).display !== "inline" && !e.querySelector(".hidden")
).map(e => e.outerHTML.slice(0, 90))"""

# Boxes of the labels and of the frame of the visible map.
MAP = """() => {
    const map = [...document.querySelectorAll("svg.map")].find(e => e.getBoundingClientRect().width);
    const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
    return [box(map), [...map.querySelectorAll("text")].map(box)];
}"""

# Boxes of the labels and of the frame of the visible lineage.
LINEAGE = MAP.replace("svg.map", "#since svg.sankey")

SMALLEST_TEXT = """() => Math.min(...[...document.querySelectorAll("main *")].filter(e =>
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.getBoundingClientRect().width > 1
).map(e => {
    const svg = e.ownerSVGElement;
    const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
    return parseFloat(getComputedStyle(e).fontSize) * scale;
}))"""


@pytest.fixture(scope="module")
def browser():
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.fail(
            f"No browser found; expected one of {', '.join(BROWSERS)} on the PATH. "
            "Install one, for example: apt-get install chromium fonts-noto-cjk"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(
    scope="module", params=[("zh-CN", "make_judged_model"), ("en", "make_judged_model"), ("en", "make_model")]
)
def report(request, tmp_path_factory) -> Path:
    language, make = request.param
    path = tmp_path_factory.mktemp("report") / f"{language}.html"
    dossier = Dossier(MADE[make](), MADE["VERSION"], contract=MADE["CONTRACT"], scored=MADE["SCORED"])
    html = render_report(dossier, language=language)
    path.write_text(html, encoding="utf-8")
    return path


@pytest.fixture(params=[390, 1280])
def opened(request, browser: Browser, report: Path):
    page = browser.new_page(viewport={"width": request.param, "height": 900})
    heard: list[str] = []
    page.on("request", lambda r: heard.append(f"request {r.url}") if r.url != report.as_uri() else None)
    page.on(
        "console", lambda m: heard.append(f"{m.type} {m.text}") if m.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda e: heard.append(f"pageerror {e}"))
    page.goto(report.as_uri())
    yield page, heard
    page.close()


def _open_details(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")


def test_the_file_alone_is_loaded_and_the_browser_has_no_complaint(opened):
    page, heard = opened
    _open_details(page)
    page.mouse.wheel(0, 100_000)
    page.wait_for_timeout(200)

    assert heard == []


def test_the_page_never_scrolls_sideways(opened):
    page, _ = opened
    _open_details(page)

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_no_text_is_cut_off_or_too_small(opened):
    page, _ = opened
    _open_details(page)

    assert page.evaluate(CLIPPED) == []
    assert page.evaluate(SMALLEST_TEXT) >= 10


def test_map_labels_stay_apart_and_inside(opened):
    page, _ = opened
    frame, labels = page.evaluate(MAP)

    assert len(labels) == 5
    for i, (left, top, right, bottom) in enumerate(labels):
        assert frame[0] <= left < right <= frame[2]
        assert frame[1] <= top < bottom <= frame[3]
        for other in labels[i + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_the_navigation_sticks_and_leads_to_every_section(opened):
    page, _ = opened
    links = page.locator("nav.top a")

    for i in range(links.count()):
        target = links.nth(i).get_attribute("href")
        assert page.locator(f"section{target} :is(h1, h2)").count() == 1
    page.locator("nav.top a[href='#quality']").click()
    page.wait_for_timeout(1500)
    assert page.locator("nav.top").bounding_box()["y"] == 0
    assert 0 <= page.locator("#quality").bounding_box()["y"] < 200


def test_keyboard_users_reach_the_content_and_can_open_details(opened):
    page, _ = opened
    page.keyboard.press("Tab")

    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details').open")


def test_every_picture_and_table_has_a_name(opened):
    page, _ = opened

    assert page.evaluate(
        "[...document.querySelectorAll('[role=img]')].every(e => e.getAttribute('aria-label'))"
    )
    assert page.evaluate("[...document.querySelectorAll('table')].every(e => e.caption?.textContent.trim())")


def test_wide_tables_scroll_in_their_box(opened):
    page, _ = opened
    box = page.locator(".scroll:has(table.selection)")

    assert box.evaluate("e => e.getBoundingClientRect().right <= innerWidth")
    if page.viewport_size["width"] == 390:
        assert box.evaluate("e => e.scrollWidth > e.clientWidth && getComputedStyle(e).overflowX === 'auto'")


def test_the_chapters_on_categories_fit_the_page_and_their_tables_can_be_downloaded(browser, tmp_path):
    path = tmp_path / "report.html"
    dossier = Dossier(MADE["make_model"](), MADE["VERSION"], analyses=tuple(ANALYSES["every"]()))
    html = render_report(dossier, language="en")
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    heard: list[str] = []
    page.on("console", lambda m: heard.append(m.text) if m.type in ("error", "warning") else None)
    page.goto(path.as_uri())
    _open_details(page)
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CLIPPED) == []
        assert page.evaluate(SMALLEST_TEXT) >= 10
    with page.expect_download() as download:
        page.locator("#attach .downloads a").first.click()
    content = Path(download.value.path()).read_text(encoding="utf-8-sig")
    page.close()

    assert download.value.suggested_filename == "attach-matrix-2026-01-01.csv"
    assert "smart lock" in content
    assert heard == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_chapter_since_last_time_fits_the_page_and_its_labels_stay_apart(browser, tmp_path, language):
    path = tmp_path / "report.html"
    model = replace(MADE["make_model"](), continuity=PAST["continuity"]())
    html = render_report(Dossier(model, PAST["V3"], history=PAST["history"]()), language=language)
    path.write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(path.as_uri())
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(CLIPPED) == []
        assert page.evaluate(SMALLEST_TEXT) >= 10
        frame, labels = page.evaluate(LINEAGE)
        for i, (left, top, right, bottom) in enumerate(labels):
            assert frame[0] <= left < right <= frame[2] + 1
            assert frame[1] <= top < bottom <= frame[3]
            for other in labels[i + 1 :]:
                assert right <= other[0] or other[2] <= left or bottom <= other[1] + 1 or other[3] <= top + 1
    with page.expect_download() as download:
        page.locator("#since .downloads a").last.click()
    page.close()

    assert download.value.suggested_filename == "since-gate-2025-01-10.csv"
