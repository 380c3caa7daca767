"""The review report in a real browser: silent, asking nobody, within the page, readable by all."""

from __future__ import annotations

import json
import shutil
import threading
from importlib.util import find_spec
from pathlib import Path

import pytest
from texts import prose

from colophon.runners.review import check_files, gather, write_report
from colophon.runners.review.server import make_server

pytestmark = pytest.mark.slow

WIDTHS = (375, 1440)
SCHEMES = ("light", "dark")


@pytest.fixture(scope="module")
def browser():
    """Chromium, driven by its own driver; no network is needed."""
    paths = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if not all(paths) or not find_spec("selenium"):
        pytest.skip(
            "the report is tried in Debian's chromium with chromium-driver and selenium, which are not all here"
        )
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = paths[0]
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(paths[1]))
    yield driver
    driver.quit()


@pytest.fixture(scope="module")
def dataset(curate_once, tmp_path_factory) -> Path:
    """Copies and failures, in a folder whose name must be quoted."""
    folder = tmp_path_factory.mktemp("in") / "notes"
    folder.mkdir()
    for n in range(8):
        (folder / f"a rather long name of a file about rivers and their basins, number {n}.txt").write_text(
            prose(n)
        )
    (folder / "copy.txt").write_text(prose(1))
    (folder / "near.txt").write_text(prose(2) + "\n\nOne more line was added to this text afterwards.\n")
    (folder / "empty.txt").write_text("")
    (folder / f"{'w' * 180}.txt").write_text("Short.")
    titled = {"text": prose(30), "title": "<script>document.title = 'hit'</script>" + "x" * 500, "year": 2019}
    (folder / "records.jsonl").write_text((json.dumps(titled) + "\n") * 2)
    made = curate_once(folder)
    write_report(made.folder, gather(made.folder, check_files(made.folder)))
    return made.folder


@pytest.fixture(scope="module")
def axe() -> str:
    """The axe-core library as a script to inject."""
    found = find_spec("axe_playwright_python")
    if not found or not found.submodule_search_locations:
        pytest.skip("axe-playwright-python brings axe-core, and is not here")
    (path,) = Path(found.submodule_search_locations[0]).glob("axe.min.js")
    return path.read_text()


def show(browser, url: str, width: int, scheme: str) -> None:
    """Open a page at a width in a scheme, everything unfolded."""
    browser.get_log("browser"), browser.get_log("performance")
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
    browser.get(url)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")


def asked(browser) -> set[str]:
    """Addresses that the page asked for."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    }


def faults(browser, url: str, axe: str) -> list[str]:
    """What axe-core finds serious or critical; the page's own policy would not let its script in."""
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    browser.get(url)
    browser.execute_script("document.querySelectorAll('details').forEach(one => one.open = true)")
    # Behind a gradient axe-core cannot tell a contrast; without it, it can.
    browser.execute_script(
        "document.querySelectorAll('.scroll').forEach(one => one.style.background = 'none')"
    )
    browser.execute_script(axe)
    found = browser.execute_async_script("axe.run().then(arguments[arguments.length - 1])")
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
    assert len(found["passes"]) > 15
    return [
        f"{one['id']}: {one['help']}: {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_the_report(browser, dataset, axe, width, scheme):
    url = (dataset / "review" / "report.html").as_uri()
    show(browser, url, width, scheme)
    assert browser.get_log("browser") == []
    assert asked(browser) == {url}
    assert browser.title != "hit"
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(int(n) for n in dark[4:-1].split(",")) < 384) == (scheme == "dark")
    assert faults(browser, url, axe) == []


def test_the_whole_report_is_reached_by_keyboard(browser, dataset):
    from selenium.webdriver.common.keys import Keys

    show(browser, (dataset / "review" / "report.html").as_uri(), 1440, "light")
    seen = []
    for _ in range(8):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(browser.switch_to.active_element.get_attribute("href") or "")
    assert seen[0].endswith("#report")
    assert seen[1].endswith("#verdict")
    outline = browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_search(browser, dataset, axe, width):
    with make_server(dataset, 0) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/search?q=river"
            show(browser, url, width, "dark")
            assert browser.get_log("browser") == []
            assert asked(browser) == {url}
            assert "8 documents" in browser.find_element("tag name", "main").text
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width
            assert faults(browser, url, axe) == []
        finally:
            server.shutdown()
            thread.join()
