import asyncio
import hashlib
from pathlib import Path
from typing import Final, Literal

import axe_playwright_python
import pytest
from playwright.async_api import Page, expect

from live import a_live_fleet
from schemas.stream import Bye
from services.api.app import create_app
from services.api.context import Deps
from services.api.server import serve
from stage import CALM, PAGE, UNHEARD, Stage, leaking_rack, power_history, rack_ids

pytestmark = pytest.mark.real

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
Scheme = Literal["light", "dark"]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")

FIFTH = "Hall1-R01-K05"
NONE = "\N{EN DASH}"


@pytest.fixture
def axe() -> str:
    """axe-core, as a package of the tests brings it."""
    return AXE.read_text()


async def until(page: Page, fact: str) -> None:
    """Wait for a fact, told in JavaScript, of the page."""
    async with asyncio.timeout(10):
        while not await page.evaluate(f"() => {fact}"):  # noqa: ASYNC110  # another process's state
            await asyncio.sleep(0.02)


async def drawn(page: Page, stage: Stage) -> None:
    """Wait until the page shows all that was said."""
    await until(page, f"window.__twin?.ready && window.__twin.drawn === {stage.rev}")


async def visit(page: Page, stage: Stage, place: str = "") -> None:
    await page.goto(stage.url + place)
    await drawn(page, stage)


async def coloured(page: Page, stage: Stage) -> set[str]:
    """The racks whose tile is far from grey along its upper edge."""
    found = await page.evaluate(
        """(ids) => {
            const canvas = document.querySelector('canvas');
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const pen = copy.getContext('2d', {willReadFrequently: true});
            pen.drawImage(canvas, 0, 0);
            return ids.filter((id) => {
                const {x, y, w} = window.__twin.cell(id);
                const [r, g, b] = pen.getImageData(x + w / 2, y + 2, 1, 1).data;
                return Math.max(r, g, b) - Math.min(r, g, b) > 20;
            });
        }""",
        list(stage.rows),
    )
    return set(found)


async def click(page: Page, rack: str) -> None:
    cell: dict[str, float] = await page.evaluate("(id) => window.__twin.cell(id)", rack)
    at = {"x": cell["x"] + cell["w"] / 2, "y": cell["y"] + cell["h"] / 2}
    await page.locator("canvas").click(position={"x": at["x"], "y": at["y"]})


def test_vendored_files_are_those_that_were_checked() -> None:
    folder = PAGE / "vendor"
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {name: told for told, _, name in (line.partition("  ") for line in lines)}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.name not in {"SHA256SUMS", "README.md"}
    }
    assert found == sums


async def test_totals_say_how_complete_they_are(page: Page, stage: Stage) -> None:
    stage.rows[FIFTH] = dict(UNHEARD)
    await visit(page, stage)
    totals = page.get_by_role("region", name="Totals")
    await expect(totals).to_contain_text("47 live")
    await expect(totals).to_contain_text("? 1 not heard")
    await expect(totals).to_contain_text("4.62 MW")
    await expect(totals).to_contain_text("from 47 of 48")
    await expect(totals).to_contain_text("980.0 kW")


async def test_only_abnormal_racks_have_colour(page: Page, stage: Stage) -> None:
    stage.rows[FIFTH]["severity"] = "CRITICAL"
    stage.rows["Hall1-R02-K01"]["severity"] = "WARNING"
    stage.rows["Hall1-R02-K02"]["freshness"] = "STALE"
    stage.rows["Hall1-R02-K03"] = dict(UNHEARD)
    await visit(page, stage)
    assert await coloured(page, stage) == {FIFTH, "Hall1-R02-K01"}


async def test_what_is_not_normal_is_listed_worst_first(page: Page, stage: Stage) -> None:
    stage.rows["Hall1-R01-K01"] = dict(UNHEARD)
    stage.rows["Hall1-R01-K02"]["freshness"] = "STALE"
    stage.rows["Hall1-R01-K03"]["severity"] = "WARNING"
    stage.rows["Hall1-R01-K04"]["severity"] = "CRITICAL"
    await visit(page, stage)
    listed = page.get_by_role("complementary").get_by_role("link").locator("b")
    await expect(listed).to_have_text([f"Hall1-R01-K0{n}" for n in (4, 3, 2, 1)])


async def test_change_shows_at_once(page: Page, stage: Stage) -> None:
    await visit(page, stage)
    assert not await coloured(page, stage)
    stage.change(FIFTH, severity="CRITICAL")
    await drawn(page, stage)
    assert await coloured(page, stage) == {FIFTH}
    await expect(page.get_by_role("region", name="Totals")).to_contain_text("1 critical")


async def test_click_opens_the_rack_with_unit_and_doubt_of_each_number(
    page: Page, stage: Stage
) -> None:
    stage.documents[f"/api/v1/racks/{FIFTH}"] = leaking_rack(FIFTH)
    stage.documents["/api/v1/history"] = power_history(FIFTH)
    await visit(page, stage)
    await click(page, FIFTH)
    panel = page.get_by_role("complementary", name="Rack")
    await expect(panel.get_by_text("Diff. pressure")).to_be_visible()
    told = [" ".join(text.split()) for text in await panel.get_by_role("row").all_inner_texts()]
    for line in (
        "Load 98.2 kW ",
        f"Capacity {NONE} kW not heard {NONE}",
        "Supply 27.4 °C ",
        "Flow 145.0 L/min STALE 3 min",
        "Diff. pressure 0.0 kPa BAD ",
        "Leak ◆ Leak ",
        "Hall1-R01-K05-TAP-A 49.1 72.1 250.0 50 %",
        "Points 11 live, 1 stale, 3 not heard, 1 bad",
    ):
        assert any(row.startswith(line) for row in told), (line, told)
    await expect(panel.locator("figcaption")).to_contain_text("95.0 to 103.0 kW")
    await expect(panel.locator("figure canvas")).to_be_visible()


async def test_arrows_move_enter_opens_escape_closes(page: Page, stage: Stage) -> None:
    await visit(page, stage)
    await page.locator("canvas").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "ArrowRight", "Enter"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("heading", name="Hall1-R01-K02")).to_be_visible()
    assert page.url.endswith("#rack=Hall1-R01-K02")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("heading", name="Not normal")).to_be_visible()
    assert "#" not in page.url


async def test_racks_whose_place_is_told_stand_together_and_first(page: Page, stage: Stage) -> None:
    stage.rows[FIFTH] |= {"hall": "North", "row": "B10"}
    stage.rows["Hall1-R03-K16"] |= {"hall": "North", "row": "B2"}
    await visit(page, stage)
    await page.locator("canvas").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Hall1-R03-K16")).to_be_visible()
    stage.change(FIFTH, hall="North", row="B1")
    await drawn(page, stage)
    await page.locator("canvas").focus()
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name=FIFTH)).to_be_visible()


async def test_link_opens_its_rack(page: Page, stage: Stage) -> None:
    await visit(page, stage, "#rack=Hall1-R03-K16")
    await expect(page.get_by_role("heading", name="Hall1-R03-K16")).to_be_visible()


async def test_missing_document_is_said_and_nothing_is_invented(page: Page, stage: Stage) -> None:
    await visit(page, stage, f"#rack={FIFTH}")
    panel = page.get_by_role("complementary", name="Rack")
    await expect(panel).to_contain_text("Not up to date: Not here")
    await expect(panel).to_contain_text("no history: Not here")


async def test_table_has_the_same_racks_and_a_dash_for_what_is_not_known(
    page: Page, stage: Stage
) -> None:
    stage.rows[FIFTH] = dict(UNHEARD)
    await visit(page, stage, "#view=table")
    rows = page.locator("tbody tr")
    await expect(rows).to_have_count(48)
    await expect(rows.nth(4)).to_have_text(f"{FIFTH}? not heard{NONE * 8}")
    await page.get_by_label("only what is not normal").check()
    await expect(rows).to_have_count(1)


async def test_table_sorts_by_any_column(page: Page, stage: Stage) -> None:
    stage.rows[FIFTH]["load_kw"] = 131.9
    await visit(page, stage, "#view=table")
    head = page.get_by_role("columnheader", name="Load kW")
    await head.get_by_role("button").click()
    await head.get_by_role("button").click()
    await expect(head).to_have_attribute("aria-sort", "descending")
    await expect(page.locator("tbody tr").first).to_contain_text(FIFTH)


async def test_snapshot_in_parts_is_one_picture(page: Page, stage: Stage) -> None:
    stage.parts = 5
    await visit(page, stage, "#view=table")
    await expect(page.locator("tbody tr")).to_have_count(48)


async def test_fleet_without_racks_says_so(page: Page, stage: Stage) -> None:
    stage.rows = {}
    await visit(page, stage)
    await expect(page.get_by_text("No rack has been heard of yet.")).to_be_visible()
    stage.rows["Hall1-R01-K01"] = dict(CALM)
    stage.change("Hall1-R01-K01", **CALM)
    await drawn(page, stage)
    await expect(page.get_by_text("Nothing abnormal among 1 rack.")).to_be_visible()


async def test_new_epoch_brings_a_fresh_picture(page: Page, stage: Stage) -> None:
    await visit(page, stage, "#view=table")
    stage.rows = {"Hall2-R01-K01": dict(CALM)}
    stage.epoch, stage.rev = "second", 1
    stage.drop()
    await expect(page.locator("tbody tr")).to_have_count(1)
    await expect(page.locator("tbody tr")).to_contain_text("Hall2-R01-K01")
    assert stage.resumed == [None, "first:1:0"]


async def test_missed_message_brings_a_fresh_picture(page: Page, stage: Stage) -> None:
    await visit(page, stage)
    stage.rev += 2
    stage.rows[FIFTH]["severity"] = "CRITICAL"
    stage.say("delta", stage.delta(stage.rev - 1, "Hall1-R01-K01", severity="OK"))
    await drawn(page, stage)
    assert await coloured(page, stage) == {FIFTH}
    assert stage.resumed == [None, None]


async def test_lost_connection_is_unmistakable_and_ends(page: Page, stage: Stage) -> None:
    stage.rows[FIFTH]["severity"] = "CRITICAL"
    await visit(page, stage)
    await expect(page.get_by_test_id("link")).to_have_text("● connected")
    stage.refusing = True
    stage.drop()
    banner = page.get_by_role("alert")
    await expect(banner).to_contain_text("Connection lost")
    await expect(banner).to_contain_text("as of 08:00:1")
    await expect(page.get_by_test_id("link")).to_have_text("○ reconnecting")
    age = page.get_by_test_id("age")
    before = await age.text_content() or ""
    await expect(age).not_to_have_text(before)
    stage.refusing = False
    await expect(banner).to_have_count(0, timeout=15_000)
    await expect(page.get_by_test_id("link")).to_have_text("● connected")


async def test_server_that_takes_leave_is_met_again(page: Page, stage: Stage) -> None:
    await visit(page, stage)
    stage.rows[FIFTH]["severity"] = "CRITICAL"
    stage.epoch, stage.rev = "second", 7
    stage.say("bye", Bye(reason="shutdown", reconnect=True, after_ms=100))
    await drawn(page, stage)
    assert await coloured(page, stage) == {FIFTH}
    assert stage.resumed == [None, None]


async def test_silent_server_counts_as_lost(page: Page, stage: Stage) -> None:
    await page.clock.install()
    await visit(page, stage)
    stage.refusing = True
    await page.clock.fast_forward(20_000)
    await expect(page.get_by_role("alert")).to_contain_text("silence")


async def test_ages_are_told_by_the_servers_clock(page: Page, stage: Stage) -> None:
    await visit(page, stage)
    stage.bookmark("2026-11-22T08:05:09.600Z")
    await expect(page.get_by_test_id("age")).to_have_text("5 min old")


async def test_ten_thousand_racks_are_drawn_and_only_those_seen_are_rows(
    page: Page, stage: Stage
) -> None:
    stage.rows = {each: dict(CALM) for each in rack_ids(10_000)}
    stage.parts = 10
    await visit(page, stage)
    await expect(page.get_by_role("region", name="Totals")).to_contain_text("10 000")
    stage.change("Hall1-R500-K07", severity="CRITICAL")
    await drawn(page, stage)
    await click(page, "Hall1-R500-K07")
    await expect(page.get_by_role("heading", name="Hall1-R500-K07")).to_be_visible()
    await page.get_by_role("button", name="Table").click()
    await expect(page.locator("tbody tr").first).to_contain_text("Hall1-R01-K01")
    assert await page.locator("tbody tr").count() < 100
    await page.get_by_label("Find").fill("R500-K07")
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_everything_has_a_role_and_a_name(page: Page, stage: Stage) -> None:
    stage.rows[FIFTH]["severity"] = "CRITICAL"
    await visit(page, stage)
    await expect(page.locator("body")).to_match_aria_snapshot("""
        - banner:
          - heading "racktwin" [level=1]
          - term: Stream
          - definition: connected
          - term: Newest data
          - definition: /\\d+ s old/
        - region "Totals":
          - heading "Racks" [level=2]
        - status: "/48 racks: 1 critical/"
        - main:
          - region "Racks":
            - navigation "View":
              - button "Map" [pressed]
              - button "Table"
            - application /arrow keys move/
          - complementary "What is not normal":
            - heading "Not normal" [level=2]
            - list:
              - listitem:
                - link /critical Hall1-R01-K05/
    """)


async def test_real_server_feeds_the_page(page: Page) -> None:
    live = a_live_fleet(3)
    async with serve(create_app(Deps(live.intake, live.hub, live.clock)), "127.0.0.1", 0) as port:
        await page.goto(f"http://127.0.0.1:{port}/#rack=R1")
        panel = page.get_by_role("complementary", name="Rack")
        await expect(panel.get_by_role("row").filter(has_text="Load").first).to_contain_text("40.0")
        await expect(page.get_by_role("region", name="Totals")).to_contain_text("117.0 kW")
        live.wait(1)
        live.load("R1", 51.5)
        live.leak("R2")
        await expect(panel.get_by_role("row").filter(has_text="Load").first).to_contain_text("51.5")
        await expect(page.get_by_role("region", name="Totals")).to_contain_text("1 critical")
        await expect(page.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_role("alert")).to_contain_text("Connection lost (shutdown)")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("place", ["", f"#rack={FIFTH}", "#view=table", "lost"])
async def test_axe_finds_nothing(
    page: Page, stage: Stage, axe: str, scheme: Scheme, place: str
) -> None:
    stage.documents[f"/api/v1/racks/{FIFTH}"] = leaking_rack(FIFTH)
    stage.documents["/api/v1/history"] = power_history(FIFTH)
    stage.rows[FIFTH]["severity"] = "CRITICAL"
    stage.rows["Hall1-R02-K01"] = dict(UNHEARD)
    await page.emulate_media(color_scheme=scheme)
    await visit(page, stage, f"#rack={FIFTH}" if place == "lost" else place)
    if place in {f"#rack={FIFTH}", "lost"}:
        await expect(page.get_by_text("Diff. pressure")).to_be_visible()
    if place == "lost":
        stage.refusing = True
        stage.drop()
        await expect(page.get_by_role("alert")).to_be_visible()
    await page.evaluate(axe)
    found = await page.evaluate("() => axe.run()")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
