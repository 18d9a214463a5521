import asyncio

from build import a_cooled_rack, a_fleet_showing, at, tell
from services.api import tally
from services.api.tally import Tally, drawn_up
from services.way import Way
from twin.balance import Closure
from twin.fleet import Fleet
from twin.points import Point


def a_fleet(racks: int = 1) -> Fleet:
    """Racks in order that were watched for a while."""
    shown: dict[Point, float | None] = {}
    for number in range(racks):
        shown |= a_cooled_rack(f"R{number}", kw=103.5)
    fleet = a_fleet_showing(shown)
    tell(fleet, at(60))
    return fleet


async def test_balances_are_counted_by_code_and_closure_when_asked_for() -> None:
    counts = Tally(a_fleet(3), Way())
    before = counts.counted.total()
    await counts.sync()

    assert before == 0
    assert counts.counted == {("balance.heat", Closure.CLOSED): 3}


async def test_counts_are_those_of_now() -> None:
    fleet = a_fleet()
    counts = Tally(fleet, Way())
    await counts.sync()
    tell(fleet, at(600))
    await counts.sync()

    assert counts.counted == {("balance.heat", Closure.UNKNOWN): 1}


async def test_others_have_their_turn_meanwhile() -> None:
    fleet = a_fleet(tally.AT_ONCE + 1)
    turns: list[int] = []

    async def look() -> None:
        turns.append(len(await drawn_up(fleet, lambda _: True, Way())))

    async def other() -> None:
        turns.append(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(look())
        tasks.create_task(other())

    assert turns == [0, tally.AT_ONCE + 1]


async def test_count_of_many_will_do_for_a_while() -> None:
    fleet = a_fleet(tally.AT_ONCE + 1)
    counts = Tally(fleet, Way())
    await counts.sync()
    before = counts.counted
    await counts.sync()
    assert counts.counted is before
    await asyncio.sleep(1)
    await counts.sync()
    assert counts.counted is not before
