# Copyright (c) 2026 dockyard.openshift contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a run in Chromium: found without fault by axe-core, filtered by keyboard, and quick with 1,000 hosts.

PICTURES=docs/images writes the pictures of docs/page.md.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / ".cache/collections"))

from ansible_collections.dockyard.openshift.plugins.plugin_utils.fleet import page, report  # noqa: E402

AXE = REPOSITORY / ".cache/page/axe_playwright_python/axe.min.js"
CASES = yaml.safe_load((REPOSITORY / "tests/data/fleet/subjects.yml").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=timezone.utc)
SIZES = {"desk": (1200, 900), "phone": (360, 740)}
#: Limits for 1,000 hosts, of which no two say the same.
MANY, BYTES, OPEN_SECONDS, FILTER_SECONDS = 1000, 10_000_000, 2.0, 0.2


def everything() -> dict[str, Any]:
    """Make the report of a run that met every case of the table."""
    kinds = {"host": "node", "cluster": "cluster"}
    subjects = []
    for number, case in enumerate(CASES):
        kind = case.get("kind", "host")
        subjects.append(report.Subject(f"{kinds[kind]}{number}.example.com", kind, case["results"]))
    return report.document(subjects, "plan", NOW, check_mode=True)


def many() -> dict[str, Any]:
    """Make the report of 1,000 hosts with twenty registries each, every one different from all others."""
    subjects = []
    for number in range(MANY):
        names = [f"registry{one}.site{number}.example.com:5000" for one in range(20)]
        change = {
            "what": "/etc/containers/registries.conf.d/50-dockyard.conf", "why": "registry_policy asks for it",
            "before": "search old.example.com\n", "after": "".join(f"search {name}\n" for name in names),
            "disruption": "restart", "whom": "crio", "undo": "its present content is put back",
        }  # fmt: skip
        result = {
            "changed": number % 10 != 0, "account": ["would change" if number % 10 else "unchanged"],
            "plan": {"id": f"{number:016x}", "disruption": "restart", "changes": [change] if number % 10 else []},
            "policy": {"search": names}, "warnings": [f"'{names[0]}' is trusted but neither searched nor allowed"],
        }  # fmt: skip
        subjects.append(report.Subject(f"node{number:04d}.example.com", "host", {"registries": result}))
    return report.document(subjects, "plan", NOW, check_mode=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    yield started
    started.quit()


@pytest.fixture
def opened(browser: webdriver.Chrome, tmp_path: Path) -> Callable[[dict[str, Any]], webdriver.Chrome]:
    """opened(report) shows its page; the network is off."""

    def show(found: dict[str, Any]) -> webdriver.Chrome:
        (tmp_path / "plan.html").write_text(page.render(found), encoding="utf-8")
        browser.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
        browser.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        browser.get_log("browser")
        browser.get((tmp_path / "plan.html").as_uri())
        return browser

    return show


def looks(browser: webdriver.Chrome, size: str, scheme: str, medium: str = "") -> None:
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": medium, "features": features})


def rows(browser: webdriver.Chrome) -> list[str]:
    script = "return Array.from(document.querySelectorAll('#rows tr:not([hidden]) bdi'), (one) => one.textContent)"
    return list(browser.execute_script(script))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_no_fault(opened: Callable[..., webdriver.Chrome], size: str, scheme: str) -> None:
    browser = opened(everything())
    looks(browser, size, scheme)
    # axe-core is not ours, so the policy of the page would keep it out: the driver puts it in from outside.
    browser.execute_script(AXE.read_text(encoding="utf-8"))
    found = browser.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations', 'incomplete']}).then(done)"
    )
    assert found["passes"], "axe-core did not run"
    wrong = {one["id"]: [node["html"][:200] for node in one["nodes"][:3]] for one in found["violations"]}
    assert wrong == {}, json.dumps(wrong, indent=1)
    # nothing is wider than the screen
    assert browser.execute_script("return document.documentElement.scrollWidth") <= SIZES[size][0]
    place = Path(os.environ.get("PICTURES") or REPOSITORY / ".cache/page/pictures")
    place.mkdir(parents=True, exist_ok=True)
    browser.save_screenshot(str(place / f"page-{size}-{scheme}.png"))


def test_the_page_says_nothing_to_the_console(opened: Callable[..., webdriver.Chrome]) -> None:
    results = {"<img src=x>": {"failed": True, "msg": "<b>"}}
    hostile = report.Subject("<script>document.title='x'</script>", "host", results)
    browser = opened(report.document([hostile], "plan", NOW))
    assert browser.get_log("browser") == [] and browser.title.startswith("Registries")


def test_a_script_that_is_not_ours_does_not_run(opened: Callable[..., webdriver.Chrome], tmp_path: Path) -> None:
    browser = opened(everything())
    whole = (tmp_path / "plan.html").read_text(encoding="utf-8")
    (tmp_path / "plan.html").write_text(whole.replace("</main>", "<script>document.title = 'x'</script></main>"))
    browser.refresh()
    assert browser.title.startswith("Registries")
    assert any("Content Security Policy" in entry["message"] for entry in browser.get_log("browser"))


def test_filters_by_keyboard(opened: Callable[..., webdriver.Chrome]) -> None:
    found = everything()
    browser = opened(found)
    looks(browser, "desk", "light")
    names = [one["name"] for one in found["subjects"]]
    assert rows(browser) == names
    search = browser.find_element(By.ID, "search")
    search.send_keys("quay.io")  # stands in what is said of a host, not in its row
    said = [one["name"] for one in found["subjects"] if "quay.io" in json.dumps(one)]
    assert rows(browser) == said and 0 < len(said) < len(names)
    assert browser.find_element(By.ID, "shown").text == f"{len(said)} of {len(names)} shown"
    visible = [one for one in browser.find_elements(By.CSS_SELECTOR, "article") if one.is_displayed()]
    assert len(visible) == len({one["group"] for one in found["subjects"] if one["name"] in said})
    search.send_keys(Keys.ESCAPE)
    browser.execute_async_script("setTimeout(arguments[0], 50)")
    assert rows(browser) == names
    browser.find_element(By.ID, "outcome").send_keys("failed")
    assert rows(browser) == [one["name"] for one in found["subjects"] if one["outcome"] == "failed"]


def test_a_link_leads_to_what_is_said(opened: Callable[..., webdriver.Chrome]) -> None:
    browser = opened(everything())
    link = browser.find_element(By.CSS_SELECTOR, "#rows a")
    target = link.get_attribute("href").partition("#")[2]
    link.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == target


def test_printed_it_shows_everything(opened: Callable[..., webdriver.Chrome]) -> None:
    subjects = [report.Subject(f"node{number}", "host", {"registries": {"changed": False}}) for number in range(40)]
    browser = opened(report.document(subjects, "plan", NOW))
    looks(browser, "desk", "light", "print")
    assert not browser.find_element(By.ID, "filters").is_displayed()
    assert browser.execute_script("return document.querySelector('.names details p').checkVisibility()")
    looks(browser, "desk", "light")


#: Puts a text into the search, as a person does, and returns how many seconds pass until the next picture is there.
SEARCH = """
  const [text, done] = arguments, box = document.getElementById("search"), before = performance.now();
  box.value = text;
  box.dispatchEvent(new Event("input", {bubbles: true}));
  requestAnimationFrame(() => requestAnimationFrame(() => done((performance.now() - before) / 1000)));
"""
LOADED = "return performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


def test_a_thousand_hosts(opened: Callable[..., webdriver.Chrome]) -> None:
    """Measure several times: the quickest counts, because the others say how busy the machine was."""
    found = many()
    assert len(found["groups"]) == MANY
    size = len(page.render(found).encode())
    browser = opened(found)
    looks(browser, "desk", "light")
    loads = [browser.execute_script(LOADED)]
    for _time in range(3):
        browser.refresh()
        loads.append(browser.execute_script(LOADED))
    texts = ("site77", "node00", "", "would change")
    times = {text: min(browser.execute_async_script(SEARCH, text) for _time in range(4)) for text in texts}
    assert rows(browser) == [one["name"] for one in found["subjects"] if one["outcome"] == "would change"]
    print(f"{size} bytes, opened in {min(loads):.2f} s, filtered in {max(times.values()):.3f} s")
    assert size <= BYTES
    assert min(loads) <= OPEN_SECONDS
    assert max(times.values()) <= FILTER_SECONDS
