"""report.html in headless Chromium: 4,500 rollouts open quickly, filter, link, and escape what models wrote."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard

from medagentbenchv2.results.api import read
from medagentbenchv2.results.board import build_board
from medagentbenchv2.results.page import build_page
from medagentbenchv2.results.plots import draw_all
from medagentbenchv2.results.tables import all_tables
from tests.results.made import FAMILIES, rows, trace, write_run

pytestmark = pytest.mark.browser
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (CHROMIUM and DRIVER):
    pytest.skip("chromium and chromedriver are not installed", allow_module_level=True)
FIRST = "#list tbody a"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifteen models, a hundred tasks, three attempts, a trace for each."""
    root = tmp_path_factory.mktemp("browser")
    for m in range(15):
        write_run(root / "runs" / f"m{m}", f"lab/model-{m:02d}", rows(m, 10, 3, seed=0), traces=True)
    board = build_board("new_patient_tasks", read([root / "runs"]).runs, {}, FAMILIES)
    path = root / "report.html"
    path.write_text(build_page(board, all_tables(board), draw_all(board, root / "plots")))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One headless Chromium for all tests."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1300,1000"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


class Page:
    """What a reader does with the page."""

    def __init__(self, driver: object, path: Path) -> None:
        self.driver, self.url = driver, path.as_uri()

    def js(self, script: str, *arguments: object) -> object:
        return self.driver.execute_script(f"return {script}", *arguments)

    def open(self, fragment: str = "") -> float:
        """Load the page afresh; seconds until its list stands."""
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        start = time.monotonic()
        self.driver.get(self.url + fragment)
        self.until("document.documentElement.dataset.ready === 'yes'")
        return time.monotonic() - start

    def until(self, condition: str, seconds: float = 20) -> None:
        """Wait until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.js(condition):
            assert time.monotonic() < end, f"waited {seconds} s for {condition}"
            time.sleep(0.02)

    def choose(self, control: str, value: str) -> str:
        """Set a filter; the line that counts the rollouts found."""
        event = "input" if control == "task" else "change"
        script = f"((c) => {{ c.value = {value!r}; c.dispatchEvent(new Event('{event}')); }})"
        self.js(f"{script}(document.getElementById('{control}'))")
        return str(self.js("document.getElementById('count').textContent"))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements."""
        return list(self.js("[...document.querySelectorAll(arguments[0])].map((e) => e.textContent)", selector))  # type: ignore[call-overload]

    def show(self, width: int, height: int, scheme: str) -> None:
        """Set the screen and the preferred colour scheme."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@pytest.fixture
def reader(browser: object, page: Path) -> Page:
    """The page on a desktop screen, light."""
    reader = Page(browser, page)
    reader.show(1300, 1000, "light")
    return reader


def test_4500_rollouts_open_in_less_than_three_seconds_from_at_most_50_megabytes(reader: Page, page: Path) -> None:
    assert page.stat().st_size < 50_000_000
    assert reader.open() < 3
    assert reader.js("document.getElementById('count').textContent") == "4500 of 4500 rollouts, 150 shown"


def test_the_console_stays_empty_and_nothing_is_fetched(reader: Page) -> None:
    reader.open()
    reader.driver.get_log("performance")
    reader.js(f"document.querySelector('{FIRST}').click()")
    reader.until("!document.getElementById('rollout').hidden")
    assert [entry["message"] for entry in reader.driver.get_log("browser")] == []
    assert "Network.requestWillBeSent" not in str(
        [e["message"] for e in reader.driver.get_log("performance") if '"http' in e["message"]]
    )


def test_filters_work_together(reader: Page) -> None:
    reader.open()
    assert reader.choose("model", "3").startswith("300 of 4500")
    assert reader.choose("family", "2").startswith("30 of 4500")
    assert set(reader.texts("#list tbody td:first-child")) == {"lab/model-03"}
    assert all(task.startswith("task3_") for task in reader.texts("#list tbody td:nth-child(2)"))
    assert reader.choose("task", "task3_10").startswith("3 of 4500")


def test_the_status_filter_shows_that_status_only(reader: Page) -> None:
    reader.open()
    statuses = [text for text in reader.texts("#status option") if text != "all"]
    assert statuses == ["agent_invalid_action", "completed", "limit_reached", "no_finish"]
    reader.choose("status", "2")
    assert set(reader.texts("#list tbody td:nth-child(5)")) == {"limit_reached"}


def test_failed_in_all_attempts_shows_whole_tasks_without_a_success(reader: Page) -> None:
    reader.open()
    reader.choose("model", "14")
    count = int(reader.choose("outcome", "never").split()[0])
    assert count % 3 == 0
    assert 0 < count < int(reader.choose("outcome", "wrong").split()[0])


def test_more_rollouts_are_shown_on_request(reader: Page) -> None:
    reader.open()
    reader.js("document.getElementById('more').click()")
    assert len(reader.texts("#list tbody tr")) == 300


def test_a_deep_link_opens_one_rollout_with_its_parts(reader: Page) -> None:
    reader.open("#rollout=lab%2Fmodel-14/task1_1/2")
    reader.until("!document.getElementById('rollout').hidden")
    headings = reader.texts("#rollout h2, #rollout h3")
    assert headings[0] == "lab/model-14, task1_1, attempt 2"
    assert headings[1:] == ["Checks", "Before: active orders", "After: orders filed", "Messages", "The patient's chart"]
    assert "traces.jsonl.zst, row 2" in reader.texts("#rollout dd")
    assert reader.js("document.getElementById('report').hidden")


def test_a_deep_link_to_nothing_says_so(reader: Page) -> None:
    reader.open("#rollout=nobody/task1_1/1")
    assert reader.texts("#rollout p")[0] == "There is no rollout nobody, task1_1, attempt 1 in this report."


def test_back_leads_to_the_list_and_keeps_the_filter(reader: Page) -> None:
    reader.open()
    reader.choose("model", "3")
    reader.js(f"document.querySelector('{FIRST}').click()")
    reader.until("!document.getElementById('rollout').hidden")
    reader.driver.back()
    reader.until("document.getElementById('rollout').hidden")
    assert reader.js("document.getElementById('count').textContent").startswith("300 of 4500")  # type: ignore[union-attr]


def test_results_are_folded_and_filled_when_they_are_opened(reader: Page) -> None:
    reader.open("#rollout=lab%2Fmodel-00/task1_1/1")
    reader.until("!document.getElementById('rollout').hidden")
    result = "[...document.querySelectorAll('#rollout details')].find((d) => d.firstChild.textContent === 'result')"
    assert reader.js(f"{result}.open") is False
    assert reader.js(f"{result}.lastChild.textContent") == ""
    reader.js(f"({result}.open = true)")
    reader.until(f"{result}.lastChild.textContent.includes('resources')")


def test_what_models_write_stays_text(reader: Page) -> None:
    reader.open("#rollout=lab%2Fmodel-00/task1_1/1")
    reader.until("!document.getElementById('rollout').hidden")
    assert any("<script>document.title='owned'</script>" in text for text in reader.texts("#rollout pre"))
    assert any("</script><img src=x onerror=alert(1)>" in text for text in reader.texts("#rollout pre"))
    assert reader.js("document.querySelectorAll('#rollout img, #rollout script').length") == 0
    assert reader.driver.title == "MedAgentBench V2: new_patient_tasks"


@pytest.mark.parametrize(("scheme", "paper"), [("light", "rgb(255, 255, 255)"), ("dark", "rgb(21, 25, 29)")])
def test_it_follows_the_preferred_scheme_and_the_button_turns_it(reader: Page, scheme: str, paper: str) -> None:
    reader.show(1300, 1000, scheme)
    reader.open()
    assert reader.js("getComputedStyle(document.body).backgroundColor") == paper
    shown = "[...document.querySelectorAll('figure img')].filter((i) => i.offsetWidth > 0).map((i) => i.className)"
    assert set(reader.js(shown)) == {scheme}  # type: ignore[call-overload]
    reader.js("document.getElementById('theme').click()")
    assert reader.js("getComputedStyle(document.body).backgroundColor") != paper
    assert set(reader.js(shown)) == {"dark" if scheme == "light" else "light"}  # type: ignore[call-overload]


@pytest.mark.parametrize("fragment", ["", "#rollout=lab%2Fmodel-00/task1_1/1"])
def test_a_phone_scrolls_down_only(reader: Page, fragment: str) -> None:
    reader.show(390, 844, "light")
    reader.open(fragment)
    assert reader.js("document.documentElement.scrollWidth") <= 390  # type: ignore[operator]


def test_every_picture_is_drawn_and_described(reader: Page) -> None:
    reader.open()
    assert reader.js("[...document.images].every((i) => i.alt.length > 10)")
    reader.until("[...document.images].filter((i) => i.offsetWidth).every((i) => i.complete && i.naturalWidth > 300)")
    assert reader.js("document.images.length") == 16


def test_a_megabyte_of_hostile_text_is_cut_and_harmless_and_a_missing_chart_says_why(
    browser: object, tmp_path: Path
) -> None:
    (one,) = rows(0, 1, 1, seed=0)[:1]
    write_run(tmp_path / "m", "m", [one])
    hostile = "<script>document.title='owned'</script>\u202e\x00\ufffe" * 25_000
    said = trace(one, random.Random(0)) | {"chart": None}
    said["messages"] += [{"role": "assistant", "content": hostile}]
    (tmp_path / "m" / "traces.jsonl.zst").write_bytes(zstandard.compress(json.dumps(said).encode() + b"\n"))
    board = build_board("new_patient_tasks", read([tmp_path / "m"]).runs, {}, FAMILIES)
    (tmp_path / "report.html").write_text(build_page(board, all_tables(board), []))
    reader = Page(browser, tmp_path / "report.html")
    reader.show(1300, 1000, "light")
    assert len(hostile) > 1_000_000
    assert reader.open(f"#rollout=m/{one.task_id}/1") < 3
    reader.until("!document.getElementById('rollout').hidden")
    assert any("cut after 32768 of" in text for text in reader.texts("#rollout pre"))
    assert reader.driver.title == "MedAgentBench V2: new_patient_tasks"
    assert "The run does not say which EHR it used." in reader.texts("#rollout p")
