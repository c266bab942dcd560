"""The comparison page in a real browser: headless Chromium, driven by selenium."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medagentbenchv2.questions.compare import read_run
from medagentbenchv2.questions.page import write_page
from medagentbenchv2.questions.ratings import read_ratings
from medagentbenchv2.questions.scoring import score_models
from tests.model_server import Reply, Request, serving
from tests.questions.asking import hosted, run

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore")]
webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
if not (shutil.which("chromium") and shutil.which("chromedriver")):
    pytest.skip("Chromium and its driver are not installed", allow_module_level=True)

from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.ui import Select  # noqa: E402

HOSTILE = """Normal start.

<script>document.title = "owned"</script><img src=x onerror="document.title='owned'">
<iframe srcdoc="<script>parent.document.title='owned'</script>"></iframe>

[click](javascript:document.title='owned') ![x](https://tracker.example/pixel.png)

</script><script>document.title='owned'</script>"""

TABLE = """**Calcium gluconate** 10 mL of 10 % over 3 minutes, because it stabilises the membrane.

| Step | Drug | Onset |
|------|------|-------|
| 1 | Calcium gluconate | 1 to 3 min |
| 2 | Insulin with glucose | 10 to 20 min |
| 3 | Salbutamol, nebulised | 30 min |

Then treat the cause:

1. Stop potassium-sparing drugs.
2. Check renal function.

```
K+ 6.8 mmol/L -> repeat in 1 h
```"""

ASKED = [
    {"question": "Which drug first at a potassium of 6.8 mmol/L with peaked T waves, and why?", "id": "hyperkalaemia",
     "reference": "Intravenous calcium, to stabilise the membrane", "tags": ["emergency"]},
    {"question": "Which reverses warfarin fastest?", "choices": ["Vitamin K", "Prothrombin complex"], "reference": "B",
     "tags": ["emergency", "choice"]},
    {"question": "What is HER2-low?", "tags": ["oncology"]},
    {"question": "What if an answer is hostile?", "tags": ["security"]},
]  # fmt: skip


def script(request: Request) -> Reply:
    """Three models: one thorough, one short of breath, one that fails on what it does not like."""
    first = request.question.split("\n")[0]
    if "hostile" in first:
        return Reply(HOSTILE)
    if request.model == "acme/brief":
        if "HER2" in first:
            return Reply(status=400, body={"error": {"message": "this question is refused"}})
        return Reply("A. Vitamin K" if "warfarin" in first else "Calcium, because it", finish_reason="length")
    if "warfarin" in first:
        return Reply("The answer is **B**." if request.model == "acme/thorough" else "B. It works within minutes.")
    text = TABLE if "potassium" in first else "HER2-low means IHC 1+ or 2+ without amplification."
    return Reply(text if request.model == "acme/thorough" else f"{text}\n\nAs another would say.")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    with serving(script) as server:
        run(folder, [hosted(server, name) for name in ("acme/thorough", "acme/brief", "zeta/other")], ASKED)
    found = read_run(folder / "answers")
    return write_page(found, score_models(found), folder / "compare.html")


@pytest.fixture
def browser(page: Path, tmp_path: Path) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(argument)
    options.binary_location = str(shutil.which("chromium"))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    options.add_experimental_option("prefs", {"download.default_directory": str(tmp_path / "downloads")})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(shutil.which("chromedriver"))))
    driver.set_window_size(1360, 900)
    driver.get(page.as_uri())
    yield driver
    picture(driver, "last")
    driver.quit()


def picture(driver: Any, name: str) -> None:
    """Keep a picture where MEDAGENTBENCHV2_PICTURES names a folder, to be looked at."""
    folder = os.environ.get("MEDAGENTBENCHV2_PICTURES")
    if folder:
        driver.save_screenshot(str(Path(folder) / f"{name}.png"))


def of(driver: Any, selector: str) -> list[Any]:
    return driver.find_elements(By.CSS_SELECTOR, selector)


def texts(driver: Any, selector: str) -> list[str]:
    return [element.text for element in of(driver, selector)]


def press(driver: Any, *keys: str) -> None:
    for key in keys:
        driver.find_element(By.TAG_NAME, "body").send_keys(key)


def begin_blind(driver: Any, rater: str) -> None:
    of(driver, "#mode-blind")[0].click()
    of(driver, "#rater")[0].send_keys(rater, Keys.ENTER)


def scheme(driver: Any, name: str) -> None:
    media = {"features": [{"name": "prefers-color-scheme", "value": name}]}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)


def test_every_models_answer_stands_beside_the_others(browser: Any) -> None:
    assert texts(browser, "#cards h2") == ["acme/brief", "acme/thorough", "zeta/other"]
    assert "truncated after 20 tokens" in of(browser, ".card.truncated .note")[0].text
    assert len(of(browser, ".card table tr")) == 8
    assert "F1" in of(browser, ".card .mark")[0].text
    of(browser, "#scores summary")[0].click()
    assert "choice accuracy" in of(browser, "#scores")[0].text
    browser.execute_script("window.scrollTo(0, 0)")
    for name in ("light", "dark"):
        scheme(browser, name)
        picture(browser, name)


def test_errors_are_shown_as_errors(browser: Any) -> None:
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert "this question is refused" in of(browser, ".card.error .reason")[0].text


def test_questions_are_picked_and_turned_by_key(browser: Any) -> None:
    press(browser, Keys.ARROW_RIGHT)
    assert "Which reverses warfarin fastest?" in of(browser, "#question")[0].text
    assert "Reference: B" in of(browser, "#question")[0].text
    assert texts(browser, ".card .mark.bad") == ["chose A"]
    of(browser, "#questions button")[2].click()
    assert "HER2-low" in of(browser, "#question")[0].text
    press(browser, Keys.ARROW_LEFT)
    assert "warfarin" in of(browser, "#question")[0].text


@pytest.mark.parametrize(
    ("control", "value", "numbers"),
    [
        ("tag", "oncology", [3]),
        ("tag", "emergency", [1, 2]),
        ("status", "truncated", [1, 2]),
        ("status", "error", [3]),
        ("status", "wrong", [2]),
        ("status", "differ", [2]),
    ],
)
def test_questions_are_filtered_by_tag_and_status(browser: Any, control: str, value: str, numbers: list[int]) -> None:
    Select(of(browser, f"#{control}")[0]).select_by_value(value)
    assert [int(text.split(".")[0]) for text in texts(browser, "#questions button")] == numbers
    assert texts(browser, "#count") == [f"{len(numbers)} of 4 questions"]


def test_words_are_looked_for_in_questions_and_answers(browser: Any) -> None:
    of(browser, "#words")[0].send_keys("salbutamol")
    assert texts(browser, "#count") == ["1 of 4 questions"]
    of(browser, "#words")[0].send_keys("xyz")
    assert texts(browser, "#question") == ["No question passes the filter."]


def test_models_can_be_left_out(browser: Any) -> None:
    of(browser, "#models input")[0].click()
    assert texts(browser, "#cards h2") == ["acme/thorough", "zeta/other"]
    of(browser, "#mode-blind")[0].click()
    of(browser, "#mode-browse")[0].click()
    assert texts(browser, "#cards h2") == ["acme/thorough", "zeta/other"]


def test_while_rating_no_name_and_no_giveaway_stands_in_the_page(browser: Any) -> None:
    begin_blind(browser, "Ann")
    visible = browser.find_element(By.TAG_NAME, "body").text
    live = browser.execute_script(
        "const copy = document.body.cloneNode(true); copy.querySelectorAll('script').forEach(s => s.remove());"
        "return copy.innerHTML"
    )
    for name in ("acme", "thorough", "brief", "zeta"):
        assert name not in visible
        assert name not in live
    assert "tokens:" not in visible
    assert "chose" not in visible
    picture(browser, "blind")


def test_rating_by_key_saves_a_file_that_reads_back(browser: Any, page: Path, tmp_path: Path) -> None:
    # Two questions with three answers each, one with two, and one where all say the same: seven pairs.
    begin_blind(browser, "Ann B")
    assert texts(browser, "#progress") == ["0 of 7 pairs rated"]
    press(browser, "1", "2", "3", "4", "1", "u", "1", "1", "2")
    assert texts(browser, "#progress") == ["7 of 7 pairs rated"]
    assert of(browser, "#done")[0].is_displayed()
    of(browser, "#reveal")[0].click()
    won = texts(browser, "#wins tbody tr")
    assert len(won) == 3
    picture(browser, "rated")
    press(browser, "s")
    saved = tmp_path / "downloads/ratings-Ann_B.jsonl"
    deadline = time.monotonic() + 10
    while not saved.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    lines = [json.loads(line) for line in saved.read_text(encoding="utf-8").splitlines()]
    assert [line["rating"] for line in lines] == ["left", "right", "tie", "neither", "left", "left", "right"]
    assert {line["rater"] for line in lines} == {"Ann B"}
    ratings, stale = read_ratings(saved, read_run(page.parent / "answers"))
    assert (len(ratings), stale) == (7, 0)


def test_sides_are_mixed_and_the_same_for_the_same_rater(browser: Any, page: Path) -> None:
    def order(rater: str) -> list[str]:
        browser.get(page.as_uri())
        of(browser, "#rater")  # the page is there
        begin_blind(browser, rater)
        browser.execute_script("localStorage.clear()")
        return browser.execute_script("return pairs.map((pair) => `${pair.place}:${pair.left}:${pair.right}`)")

    first = order("Ann")
    assert first == order("Ann")
    assert first != order("Bob")
    lower_left = sum(int(pair.split(":")[1]) < int(pair.split(":")[2]) for pair in first)
    assert 0 < lower_left < len(first)


def test_a_closed_page_goes_on_where_the_rater_stopped(browser: Any, page: Path) -> None:
    begin_blind(browser, "Ann")
    press(browser, "1", "2")
    browser.execute_script("unsaved = false")
    browser.get(page.as_uri())
    begin_blind(browser, "Ann")
    assert texts(browser, "#progress") == ["2 of 7 pairs rated"]


def test_a_hostile_answer_runs_and_loads_nothing(browser: Any, page: Path) -> None:
    press(browser, *[Keys.ARROW_RIGHT] * 3)
    time.sleep(0.3)
    assert "Normal start." in of(browser, ".card .answer")[0].text
    assert "owned" not in browser.title
    for selector in ("img", "iframe", "a", "script"):
        assert of(browser, f".answer {selector}") == []
    # Should one get through all the same, the policy stops it.
    browser.execute_script(
        "const box = document.createElement('div'); document.body.append(box);"
        'box.innerHTML = \'<img src=x onerror="document.title=1"><a id=trap href="javascript:document.title=2">x</a>\';'
        "const s = document.createElement('script'); s.textContent = 'document.title = 3'; box.append(s);"
        "document.getElementById('trap').click();"
    )
    time.sleep(0.3)
    assert browser.title == "Answers compared"
    logged = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [m["params"] for m in logged if m["method"] == "Network.requestWillBeSent"]
    ours = {p["request"]["url"] for p in asked if p["documentURL"].startswith("file:")}
    stopped = [m["params"].get("blockedReason") for m in logged if m["method"] == "Network.loadingFailed"]
    # The page itself, and the picture that was put in just now, which the policy stopped.
    assert ours == {page.as_uri(), page.with_name("x").as_uri()}
    assert "csp" in stopped
    picture(browser, "hostile")


def test_the_page_has_no_error_of_its_own(browser: Any) -> None:
    press(browser, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    begin_blind(browser, "Ann")
    press(browser, "1", "u")
    assert [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Any) -> None:
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.refresh()
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    picture(browser, "phone")
    begin_blind(browser, "Ann")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    picture(browser, "phone_blind")
