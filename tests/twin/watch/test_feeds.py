"""The power of a rack against its budget, and what its feeds could carry."""

from collections.abc import Iterable

import pytest

from faulty import a_rule
from twin.circuits import Rating
from twin.fault import Judged
from twin.faults.rule import Rules
from twin.points import EntityId
from twin.severity import Severity
from twin.site import RackPlace, Site
from watched import FLOW, KW, LPM, POWER, TAPS, Watched, a_settled_loop, key, standing

LOST = key("power.feed_lost", "TAP-A")
OTHER_LOST = key("power.feed_lost", "TAP-B")
REDUNDANCY = key("power.redundancy_lost")
OVER = key("power.over_budget")


def rated(kw: float) -> Site:
    return Site(racks={EntityId("R1"): RackPlace(rated_kw=kw)})


def a_rack(
    taps: Iterable[str] = TAPS, *, site: Site | None = None, limit_a: float = 200
) -> Watched:
    """A rack whose taps bring 139 kW each."""
    watched = a_settled_loop(1, taps=taps, site=site or Site())
    for tap in taps:
        watched.show("CurrentLimit", limit_a, tap)
    watched.run(100)
    return watched


def severity(told: dict[object, Judged], of: object) -> Severity | None:
    return told[of].severity if of in told else Severity.OK


# -- a feed that carries nothing -----------------------------------------------------------------


def test_two_feeds_that_share_the_load_are_well() -> None:
    assert a_rack().look() == {}


def test_a_feed_that_carries_nothing_while_the_other_has_it_all_is_lost() -> None:
    rack = a_rack()
    rack.take_tap(0.3)
    rack.take_tap(KW - 0.3, "TAP-B")

    told = rack.look()

    assert list(told) == [LOST]
    assert told[LOST].severity is Severity.WARNING
    assert told[LOST].message == (
        "TAP-A carries 0.3 kW of the rack's 103.5 kW, lower limit 2.07 kW"
    )
    assert told[LOST].point == "PowerMeter/ActivePower/TAP-A"


def test_a_meter_that_reads_nothing_while_the_load_is_missing_is_no_lost_feed() -> None:
    rack = a_rack()
    rack.take_tap(0.0)

    assert rack.look() == {}
    assert rack.look(standing(LOST))[LOST].severity is None


def test_a_lost_feed_beside_one_that_is_silent_is_not_known() -> None:
    rack = a_rack()
    rack.take_tap(0.0)
    rack.show("ActivePower", None, "TAP-B")

    told = rack.look(standing(LOST) | standing(OTHER_LOST))

    assert told[LOST].severity is None
    assert told[OTHER_LOST].severity is None


def test_a_feed_that_is_back_is_well() -> None:
    told = a_rack().look(standing(LOST))

    assert told[LOST].severity is Severity.OK
    assert told[LOST].value == pytest.approx(KW / 2)


def test_a_rack_at_rest_loses_no_feed() -> None:
    rack = a_rack()
    rack.show(POWER, 1.0)
    rack.take_tap(0.0)
    rack.take_tap(1.0, "TAP-B")

    assert rack.look() == {}
    assert rack.look(standing(LOST))[LOST].severity is Severity.OK


def test_without_a_load_nothing_is_known_of_feeds() -> None:
    rack = a_rack()
    rack.show(POWER, None)
    rack.show("ActivePower", None, "TAP-B")

    assert rack.look() == {}
    told = rack.look(standing(LOST) | standing(REDUNDANCY))
    assert [each.severity for each in told.values()] == [None, None]


def test_the_only_feed_of_a_rack_is_never_lost() -> None:
    rack = a_rack(["TAP-A"])
    rack.take_tap(0.0)

    assert rack.look() == {}
    assert rack.look(standing(LOST)) == {}


# -- redundancy ----------------------------------------------------------------------------------


def test_redundancy_is_lost_where_the_other_feed_could_not_carry_the_load() -> None:
    told = a_rack(limit_a=140).look()  # 97 kW each

    assert list(told) == [REDUNDANCY]
    assert told[REDUNDANCY].severity is Severity.WARNING
    assert told[REDUNDANCY].limit == pytest.approx(97.0, abs=0.1)
    assert told[REDUNDANCY].message == (
        "load 104 kW, where its feeds could carry 97 kW with one of them less"
    )


def test_redundancy_is_back_only_with_some_room() -> None:
    rack = a_rack(limit_a=150)  # 103.9 kW each

    assert rack.look() == {}
    assert rack.look(standing(REDUNDANCY))[REDUNDANCY].severity is Severity.WARNING
    rack.show("CurrentLimit", 200, "TAP-A")
    rack.show("CurrentLimit", 200, "TAP-B")
    rack.run(10)
    assert rack.look(standing(REDUNDANCY))[REDUNDANCY].severity is Severity.OK


def test_of_three_feeds_the_strongest_is_taken_away() -> None:
    three = (*TAPS, "TAP-C")

    assert a_rack(three, limit_a=80).look() == {}  # 55 kW each
    assert list(a_rack(three, limit_a=70).look()) == [REDUNDANCY]  # 48 kW each


def test_the_feed_that_is_left_has_to_carry_all() -> None:
    rack = a_rack(limit_a=160)  # 111 kW
    rack.take_tap(0.0)
    rack.take_tap(KW, "TAP-B")
    assert list(rack.look()) == [LOST]

    rack.show("CurrentLimit", 120, "TAP-B")  # 83 kW
    rack.run(10)
    assert list(rack.look()) == [LOST, REDUNDANCY]


def test_a_feed_that_has_long_been_beyond_its_limit_has_a_wrong_limit() -> None:
    rack = a_rack(limit_a=50)  # 35 kW, and it carries 52

    assert rack.look() == {}
    assert rack.look(standing(REDUNDANCY))[REDUNDANCY].severity is None


def test_what_is_written_down_of_a_circuit_counts_where_the_bus_does_not_say() -> None:
    site = Site(meters=dict.fromkeys(map(EntityId, TAPS), Rating(rated_kw=90.0)))
    rack = a_settled_loop(1, site=site)
    for tap in TAPS:
        rack.show("CurrentLimit", None, tap)
        rack.show("Voltage", None, tap)
    rack.run(120)

    assert list(rack.look()) == [REDUNDANCY]


# -- the budget ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kw", "expected"),
    [(132.0, None), (100.0, Severity.WARNING), (80.0, Severity.CRITICAL)],
)
def test_more_than_the_rating_is_over_budget(kw: float, expected: Severity | None) -> None:
    told = a_rack(site=rated(kw)).look()

    assert told.get(OVER, Judged(None)).severity is expected


def test_what_the_feeds_bring_bounds_the_budget_too() -> None:
    told = a_rack(limit_a=70, site=rated(132)).look()  # 48 kW each, and it draws 104

    assert told[OVER].severity is Severity.WARNING
    assert told[OVER].value == pytest.approx((KW / 97 - 1) * 100, abs=0.1)
    assert told[OVER].message == "load 103.5 kW, 6.72 % over its budget of 96.99 kW, limit 0 %"


def test_without_a_budget_or_a_load_nobody_is_over_it() -> None:
    rack = a_rack([])
    assert rack.look(standing(OVER))[OVER].severity is None

    rack = a_rack([], site=rated(132))
    rack.show(POWER, None)
    assert rack.look(standing(OVER))[OVER].severity is None


@pytest.mark.parametrize("taps", [TAPS, ()])
def test_a_load_that_its_meters_or_its_heat_contradict_is_not_over_budget(
    taps: tuple[str, ...],
) -> None:
    rack = a_rack(taps, site=rated(132))
    rack.show(POWER, KW * 1.5)

    assert rack.look() == {}
    assert rack.look(standing(OVER))[OVER].severity is None


def test_a_load_that_its_heat_bears_out_is_over_budget() -> None:
    rack = a_rack((), site=rated(132))
    rack.show(POWER, KW * 1.5)
    rack.show(FLOW, LPM * 1.5)

    assert list(rack.look()) == [OVER]


def test_a_load_that_its_meters_contradict_loses_no_redundancy() -> None:
    rack = a_rack()
    rack.show(POWER, KW * 1.5)

    assert rack.look(standing(REDUNDANCY))[REDUNDANCY].severity is None


def test_meters_are_asked_where_the_rack_itself_is_a_suspect() -> None:
    rack = a_rack(site=rated(132))
    rack.show(POWER, KW * 1.5)

    assert rack.look(standing(OVER), POWER)[OVER].severity is Severity.OK


def test_what_no_rule_asks_for_is_not_judged() -> None:
    rack = a_settled_loop(1, rules=Rules.of([a_rule("plain")]), site=rated(50))
    rack.take_tap(0.0)
    rack.take_tap(KW, "TAP-B")

    assert rack.look() == {}
