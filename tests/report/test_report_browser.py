"""The page in a browser: what a reader clicks, types, hovers over and prints."""

from __future__ import annotations

import base64
import csv
import shutil
import time
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import FORMULA, IMAGE, SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import anndata
    import pandas as pd
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no chromium with its driver"),
]
ARGUMENTS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
    " --window-size=1280,900"
)
PAGE = 15
PATIENCE = 10  # seconds


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the browser saves to."""
    return tmp_path_factory.mktemp("saved")


@pytest.fixture(scope="module")
def browser(page: str, saved: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """The page, opened from a file."""
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(page, encoding="utf-8")
    options = ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in ARGUMENTS.split():
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.add_experimental_option("prefs", {"download.default_directory": str(saved)})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(str(DRIVER)))
    try:
        driver.get(file.as_uri())
        yield driver
        assert driver.get_log("browser") == [], "nothing was said on the console"
    finally:
        driver.quit()


def _until(holds: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def _comes(read: Any, expected: object) -> None:
    """Wait for a value; what is there instead is shown when it does not come."""
    end = time.monotonic() + PATIENCE
    while read() != expected and time.monotonic() < end:
        time.sleep(0.05)
    assert read() == expected


def _find(where: Any, selector: str) -> WebElement:
    return where.find_element("css selector", selector)


def _all(where: Any, selector: str) -> list[WebElement]:
    return where.find_elements("css selector", selector)


def _click(browser: Chrome, element: WebElement) -> None:
    """Click what stands still: figures above may take their place while the page scrolls."""
    from selenium.common.exceptions import ElementClickInterceptedException

    end = time.monotonic() + PATIENCE
    while True:
        _show(browser, element)
        try:
            element.click()
        except ElementClickInterceptedException:
            assert time.monotonic() < end, "something lies over it"
        else:
            return


def _box(browser: Chrome, name: str) -> WebElement:
    """The table of that name, opened, nothing typed, in view."""
    box = _find(browser, f'details[data-name="{name}"]')
    browser.execute_script("arguments[0].open = true", box)
    _show(browser, box, "start")
    return box


def _show(browser: Chrome, element: WebElement, block: str = "center") -> None:
    """Bring it into view at once; a reader would see it slide there."""
    script = "arguments[0].scrollIntoView({behavior: 'instant', block: arguments[1]})"
    browser.execute_script(script, element, block)


def _column(box: WebElement, name: str) -> list[str]:
    """Cells of one column as they are shown."""
    names = [button.text for button in _all(box, "thead button")]
    place = names.index(name) + 1
    return [cell.text for cell in _all(box, f"tbody td:nth-child({place})")]


def _count(box: WebElement) -> str:
    return _find(box, ".pages .count").text


def _header(box: WebElement, name: str) -> WebElement:
    return next(button for button in _all(box, "thead button") if button.text == name)


def _type(box: WebElement, text: str) -> None:
    field = _find(box, "input")
    field.clear()
    field.send_keys(text or " ", *([] if text else ["\ue003"]))


def _links(adata: anndata.AnnData) -> pd.DataFrame:
    return adata.uns["cytosig"]["links"]


def test_the_console_is_silent_and_no_label_runs(browser: Chrome) -> None:
    from selenium.common.exceptions import NoAlertPresentException

    assert browser.get_log("browser") == []
    with pytest.raises(NoAlertPresentException):
        browser.switch_to.alert.dismiss()
    assert not _all(browser, "img")
    assert IMAGE in _find(browser, "h1").text
    assert SCRIPT in _find(browser, "main").text


def test_nothing_was_fetched(browser: Chrome) -> None:
    entries = "return performance.getEntriesByType('resource').map(e => e.name)"
    fetched = [name for name in browser.execute_script(entries) if not name.startswith("data:")]
    assert fetched == []


def test_every_figure_can_be_seen(browser: Chrome) -> None:
    drawings = _all(browser, "figure svg")
    assert len(drawings) > 8
    for drawing in drawings:
        assert drawing.rect["width"] > 150
        assert drawing.rect["height"] > 80
    script = (
        "return [...document.querySelectorAll('figure svg')].every(s => {"
        "const b = s.getBBox(); return b.width > 100 && b.height > 50})"
    )
    assert browser.execute_script(script)


def test_a_click_sorts_over_all_rows(browser: Chrome, hostile: anndata.AnnData) -> None:
    box, table = _box(browser, "links"), _links(hostile)
    _click(browser, _header(box, "strength"))
    _comes(lambda: _count(box), f"Rows 1 to {PAGE} of {len(table):,}")
    ascending = table["strength"].sort_values(kind="stable").head(PAGE)
    _until(lambda: _numbers(box, "strength") == _rounded(ascending, box))
    _click(browser, _header(box, "strength"))
    descending = table["strength"].sort_values(ascending=False, kind="stable").head(PAGE)
    _until(lambda: _numbers(box, "strength") == _rounded(descending, box))
    sorted_ = [th.get_attribute("aria-sort") for th in _all(box, "thead th")]
    assert sorted_.count("descending") == 1
    assert sorted_.count("none") == len(sorted_) - 1


def _numbers(box: WebElement, name: str) -> list[float]:
    cells = [cell.replace("−", "-") for cell in _column(box, name)]
    return [float(cell) for cell in cells if cell not in ("–", "")]


def _rounded(values: pd.Series, box: WebElement) -> list[float]:
    shown = _column(box, "strength")
    digits = max((len(cell.partition(".")[2]) for cell in shown), default=0)
    return [float(f"{value:.{digits}f}") for value in values.dropna()]


def test_the_keyboard_sorts_and_turns_pages(browser: Chrome, hostile: anndata.AnnData) -> None:
    box, table = _box(browser, "links"), _links(hostile)
    _header(box, "cytokine").send_keys("\ue007")  # Enter
    order = sorted(table["cytokine"], key=_natural)
    _comes(lambda: _column(box, "cytokine"), order[:PAGE])
    on = _find(box, ".pages .on")
    on.send_keys(" ")
    _comes(lambda: _column(box, "cytokine"), order[PAGE : 2 * PAGE])
    assert _count(box) == f"Rows {PAGE + 1} to {2 * PAGE} of {len(table):,}"
    _find(box, ".pages .back").send_keys("\ue007")
    _comes(lambda: _column(box, "cytokine"), order[:PAGE])
    assert not _find(box, ".pages .back").is_enabled()


def _natural(name: str) -> list[object]:
    """As a reader sorts: IL2 before IL10."""
    import re

    return [int(p) if p.isdigit() else p.lower() for p in re.split(r"(\d+)", name)]


def test_words_and_numbers_find_rows_among_all(browser: Chrome, hostile: anndata.AnnData) -> None:
    box, table = _box(browser, "links"), _links(hostile)
    is_ = table["cytokine"] == "IFNG"
    _type(box, "cytokine=ifng")
    _comes(lambda: _count(box), f"Rows 1 to {PAGE} of {is_.sum()} found among {len(table):,}")
    assert set(_column(box, "cytokine")) == {"IFNG"}
    strong = is_ & (table["strength"] > 0.1)
    _type(box, "cytokine=ifng strength>0.1")
    _until(lambda: f" of {strong.sum()} found" in _count(box))
    assert min(_numbers(box, "strength")) > 0.09
    _type(box, "no such word")
    _comes(lambda: _count(box), f"No row found among {len(table):,}")
    _type(box, "")
    _until(lambda: _count(box).endswith(f"of {len(table):,}"))


def test_rows_without_a_script_are_those_of_the_script(browser: Chrome) -> None:
    """What stands in the file is what the script draws: same rows, digits and words."""
    browser.refresh()
    cells = "return [...arguments[0].querySelectorAll('tbody td')].map(cell => cell.innerText)"
    for box in _all(browser, "details.table.main"):
        before = browser.execute_script(cells, box)
        name = _find(box, "thead button").text
        _type(box, "x")
        _until(lambda box=box: "found among" in _count(box) or "No row" in _count(box))
        _type(box, "")
        _until(lambda box=box: "found" not in _count(box))
        assert browser.execute_script(cells, box) == before, name


def test_all_columns_can_be_shown(browser: Chrome, hostile: anndata.AnnData) -> None:
    box, table = _box(browser, "balance"), hostile.uns["cytosig"]["balance"]
    first = len(_all(box, "thead th"))
    button = _find(box, ".tools .all")
    _click(browser, button)
    _comes(lambda: len(_all(box, "thead th")), table.shape[1] + 1)
    assert button.get_attribute("aria-pressed") == "true"
    _comes(lambda: len(_all(box, "tbody tr:first-child td")), table.shape[1] + 1)
    _click(browser, button)
    _comes(lambda: len(_all(box, "thead th")), first)


def test_a_folded_table_fills_when_it_is_opened(browser: Chrome) -> None:
    box = _find(browser, 'details[data-name="balance_rules"]')
    assert box.get_attribute("open") is None
    summary = _find(box, "summary")
    _show(browser, summary)
    _click(browser, summary)
    _comes(lambda: len(_all(box, "tbody tr")), PAGE)


def test_a_table_is_saved_whole(browser: Chrome, hostile: anndata.AnnData, saved: Path) -> None:
    box = _box(browser, "balance")
    _type(box, "no such word")  # a file has all rows, whatever is shown
    _click(browser, _find(box, ".tools .save"))
    file = saved / "balance.tsv"
    _until(file.is_file)
    with file.open(encoding="utf-8", newline="") as text:
        header, *rows = csv.reader(text, delimiter="\t")
    table = hostile.uns["cytosig"]["balance"]
    assert header[1:] == list(table.columns)
    assert [row[0].removeprefix("'") for row in rows] == list(table.index)
    assert f"'{FORMULA}" in [row[0] for row in rows]
    place = header.index("balance")
    assert [float(row[place]) for row in rows] == table["balance"].tolist()
    _type(box, "")


def _is_on_top(browser: Chrome, mark: WebElement) -> bool:
    """Whether its middle is its own: the middle of a group may be bare."""
    script = (
        "const b = arguments[0].getBoundingClientRect();"
        "const e = document.elementFromPoint(b.x + b.width / 2, b.y + b.height / 2);"
        "return Boolean(e) && arguments[0].contains(e)"
    )
    return bool(browser.execute_script(script, mark))


def test_pointing_at_a_mark_says_what_it_is(browser: Chrome) -> None:
    from selenium.webdriver import ActionChains

    card = _find(browser, "#figure-balance .card")
    _show(browser, card)
    mark = next(mark for mark in _all(card, ".mark") if _is_on_top(browser, mark))
    tip = _find(browser, "#tip")
    assert not tip.is_displayed()
    ActionChains(browser).move_to_element(mark).perform()
    _until(tip.is_displayed)
    said = {m.get_attribute("aria-label") for m in _all(card, ".mark")}
    assert tip.text.split("\n")[0] in {" ".join(text.split("\n")[0].split()) for text in said}
    assert not _all(card, "title"), "the browser shows no text of its own besides"
    ActionChains(browser).move_to_element(_find(browser, "#balance h2")).perform()
    _until(lambda: not tip.is_displayed())


def test_the_keyboard_goes_from_mark_to_mark(browser: Chrome) -> None:
    card = _find(browser, "#figure-coverage .card, #figure-balance .card")
    labels = [mark.get_attribute("aria-label") for mark in _all(card, ".mark")]
    if not labels:
        card = _find(browser, "#figure-balance .card")
        labels = [mark.get_attribute("aria-label") for mark in _all(card, ".mark")]
    said, tip = _find(browser, "#said"), _find(browser, "#tip")
    card.send_keys("\ue014")  # Right
    _comes(lambda: said.get_attribute("textContent"), labels[0])
    assert tip.is_displayed()
    card.send_keys("\ue014")
    _comes(lambda: said.get_attribute("textContent"), labels[1])
    card.send_keys("\ue012", "\ue012")  # Left, twice
    _comes(lambda: said.get_attribute("textContent"), labels[-1])
    card.send_keys("\ue00c")  # Escape
    _until(lambda: not tip.is_displayed())


def test_a_dark_screen_gets_a_dark_page_with_light_figures(browser: Chrome) -> None:
    def colours() -> tuple[str, str, str]:
        script = (
            "const of = (s, p) => getComputedStyle(document.querySelector(s))[p];"
            "return [of('body', 'backgroundColor'), of('body', 'color'),"
            " of('.card', 'backgroundColor')]"
        )
        return tuple(browser.execute_script(script))

    light = colours()
    wanted = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
    dark = colours()
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert _brightness(light[0]) > 200 > 90 > _brightness(light[1])
    assert _brightness(dark[0]) < 60 < 180 < _brightness(dark[1])
    assert _brightness(light[2]) == _brightness(dark[2]) == 255


def _brightness(colour: str) -> float:
    parts = colour.removeprefix("rgba(").removeprefix("rgb(").rstrip(")").split(",")
    return sum(map(float, parts[:3])) / 3


def test_a_narrow_screen_does_not_scroll_sideways(browser: Chrome) -> None:
    size = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width <= 400


def test_paper_gets_rows_and_figures_and_no_buttons(browser: Chrome) -> None:
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    seen = {
        selector: [e for e in _all(browser, selector) if e.is_displayed()]
        for selector in (".contents", ".tools", ".pages button", "figure svg", "tbody tr")
    }
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert not seen[".contents"] + seen[".tools"] + seen[".pages button"]
    assert len(seen["figure svg"]) > 8
    assert len(seen["tbody tr"]) > 3 * PAGE
    printed = browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
    paper = base64.b64decode(printed["data"])
    assert paper.startswith(b"%PDF")
    pages = paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page ")
    assert pages == 0 or 5 < pages < 60
