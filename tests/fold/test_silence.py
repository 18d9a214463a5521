"""Whoever is described and never heard raises no doubt about anybody else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from build import START, a_fleet_showing, a_point, at, tell
from twin.balance import Closure
from twin.fleet import Fleet
from twin.points import EntityId, Point
from twin.suspects import LIQUID_SHARE
from twin.thermal import Coolant, heat_kw

LATER: Final = at(200)
"""Longer than any verdict has to last, and before anything is stale."""

SUPPLY_C: Final = 32.0
FLOW: Final = replace(a_point("CDU/LiquidFlow", "CDU", unit="LPM"), process_area=("Secondary",))


@dataclass(frozen=True)
class Drawn:
    """Points with what each would read if nothing lied, and those that others can hang on."""

    shows: dict[Point, float]

    @property
    def servers(self) -> list[EntityId]:
        """The meters and the cooling unit."""
        return sorted({p.entity for p in self.shows if p.object_type != "Rack"})

    def with_child(self, child: EntityId, server: EntityId) -> "Drawn":
        """The same, where a server says that it serves one more."""
        return Drawn(
            {
                replace(p, serves=(*p.serves, child)) if p.entity == server else p: value
                for p, value in self.shows.items()
            }
        )


@st.composite
def plants(draw: st.DrawFn) -> Drawn:
    """One to five racks on a cooling unit, some on one or two taps, and busways over some."""
    shows: dict[Point, float] = {}
    loads = draw(st.lists(st.floats(20.0, 130.0), min_size=1, max_size=5))
    lpm_per_kw = draw(st.floats(1.2, 1.8))
    sides: dict[str, dict[str, float]] = {"A": {}, "B": {}}
    for number, kw in enumerate(loads):
        shows |= _rack(f"R{number}", kw, lpm_per_kw * kw)
        fed = draw(st.sampled_from(("", "A", "AB")))
        for side in fed:
            tap = f"TAP-{side}{number}"
            sides[side][tap] = kw / len(fed)
            shows[a_point("PowerMeter/ActivePower", tap, serves=(f"R{number}",))] = kw / len(fed)
    for side, taps in sides.items():
        if draw(st.booleans()) and taps:
            bus = a_point("PowerMeter/ActivePower", f"BUS-{side}", serves=tuple(taps))
            shows[bus] = sum(taps.values())
    racks = tuple(f"R{number}" for number in range(len(loads)))
    unit = replace(FLOW, serves=tuple(map(EntityId, racks)))
    return Drawn(shows | {unit: sum(lpm_per_kw * kw for kw in loads)})


def _rack(rack: str, kw: float, lpm: float) -> dict[Point, float]:
    rise = LIQUID_SHARE * kw / heat_kw(lpm, SUPPLY_C, SUPPLY_C + 1, Coolant.PG25)
    return {
        a_point("Rack/RackPower", rack): kw,
        a_point("Rack/RackLiquidFlow", rack): lpm,
        a_point("Rack/RackLiquidSupplyTemperature", rack): SUPPLY_C,
        a_point("Rack/RackLiquidReturnTemperature", rack): SUPPLY_C + rise,
    }


@st.composite
def silent(draw: st.DrawFn, plant: Drawn) -> tuple[Drawn, list[Point]]:
    """The plant with one to three more that are told of and never heard, and their points.

    A meter among them may serve nobody, a rack that is there, or one that nobody describes.
    """
    points: list[Point] = []
    for number in range(draw(st.integers(1, 3))):
        child = f"NEW{number}"
        plant = plant.with_child(EntityId(child), draw(st.sampled_from(plant.servers)))
        if draw(st.booleans()):
            points += [a_point(kind, child) for kind in RACK]
        else:
            fed = draw(st.sampled_from(((), ("R0",), ("NEW9",))))
            points.append(a_point("PowerMeter/ActivePower", child, serves=fed))
    return plant, points


RACK: Final = (
    "Rack/RackPower",
    "Rack/RackLiquidFlow",
    "Rack/RackLiquidSupplyTemperature",
    "Rack/RackLiquidReturnTemperature",
)


def lived(plant: Drawn, besides: Sequence[Point] = ()) -> Fleet:
    """A fleet in which everything was heard, and nothing changed for minutes."""
    fleet = a_fleet_showing(dict(plant.shows))
    tell(fleet, START, *besides)
    fleet.advance(LATER)
    return fleet


def doubts(fleet: Fleet) -> set[tuple[str, EntityId]]:
    """The balances that are said not to close, and of whom."""
    found = (standing.finding for standing in fleet.audit.findings())
    return {(each.code, each.entity) for each in found if each.code.startswith("balance.")}


def opened(fleet: Fleet) -> set[tuple[str, EntityId]]:
    """The balances that do not close."""
    balances = fleet.audit.balances()
    return {(b.code, b.entity) for b in balances if b.closure is Closure.OPEN}


def bent(plant: Drawn, by: Mapping[int, float]) -> Drawn:
    """The plant with some of its readings multiplied."""
    return Drawn({point: kw * by.get(n, 1.0) for n, (point, kw) in enumerate(plant.shows.items())})


@given(st.data())
def test_where_all_balances_close_a_silent_child_opens_none(data: st.DataObject) -> None:
    plant = data.draw(plants())
    more, points = data.draw(silent(plant))

    before, after = lived(plant), lived(more, points)

    assert doubts(before) == doubts(after) == set()
    assert opened(before) == opened(after) == set()


@given(st.data())
def test_where_some_sensor_lies_a_silent_child_opens_no_other_balance(data: st.DataObject) -> None:
    """It may make it harder to say who lies, so that the doubt moves to others of the balance."""
    plant = data.draw(plants())
    numbers = st.integers(0, len(plant.shows) - 1)
    plant = bent(plant, data.draw(st.dictionaries(numbers, st.floats(0.5, 2.0), max_size=3)))
    more, points = data.draw(silent(plant))

    before, after = lived(plant), lived(more, points)

    assert opened(after) <= opened(before)
    assert doubts(before) or not doubts(after)


@given(st.data())
def test_a_child_that_falls_silent_raises_no_doubt_about_whoever_serves_it(
    data: st.DataObject,
) -> None:
    plant = data.draw(plants())
    racks = sorted({p.entity for p in plant.shows if p.object_type == "Rack"})
    mute = data.draw(st.sampled_from(racks))
    told: Iterable[Point] = [p for p in plant.shows if p.entity == mute]
    heard = Drawn({p: value for p, value in plant.shows.items() if p.entity != mute})

    assert doubts(lived(heard, list(told))) == set()
