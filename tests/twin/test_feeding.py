import pytest

from build import Values, a_fleet_with, a_meter, a_point, a_reading, at, tell
from twin.balance import POWER, Balance, Closure
from twin.changes import Change, Derived, FindingChanged
from twin.fleet import Fleet

M1, M2 = (a_point("PowerMeter/ActivePower", meter, serves=("R1", "R2")) for meter in ("M1", "M2"))
R1, R2 = (a_point(entity=rack) for rack in ("R1", "R2"))


def shown(m1: float = 100.0, m2: float = 100.0, r1: float = 120.0, r2: float = 80.0) -> Values:
    return {M1: m1, M2: m2, R1: r1, R2: r2}


def hear(fleet: Fleet, values: Values, seconds: range) -> list[Change]:
    changes: list[Change] = []
    for second in seconds:
        readings = [a_reading(point, value, at(second)) for point, value in values.items()]
        changes += tell(fleet, at(second), *readings)
    return changes


def balance(fleet: Fleet) -> Balance:
    (found,) = (each for each in fleet.audit.balances() if each.code == POWER)
    return found


def told(changes: list[Change]) -> list[FindingChanged]:
    return [e for e in changes if isinstance(e, FindingChanged) and e.finding.code == POWER]


def test_meters_are_balanced_against_all_that_they_serve() -> None:
    fleet = a_fleet_with(*shown())
    changes = hear(fleet, shown(), range(1, 120))
    found = balance(fleet)

    assert (found.entity, found.unit, found.fresh, found.inputs) == ("M1", "kW", 4, 4)
    assert found.shown == pytest.approx(200.0)
    assert found.expected == pytest.approx(200.0)
    assert found.uncertainty == pytest.approx(0.01)
    assert found.closure is Closure.CLOSED
    assert told(changes) == []
    derived = [e for e in changes if isinstance(e, Derived) and e.metric == "power_residual_pct"]
    assert {each.entity for each in derived} == {"M1"}


def test_nothing_is_drawn_up_before_it_is_judged() -> None:
    fleet = a_fleet_with(*shown())
    hear(fleet, shown(), range(1, 2))

    assert [*fleet.audit.balances()] != []
    assert [each for each in fleet.audit.balances() if each.code == POWER] == []


def test_meter_that_lies_is_found_and_ends_with_the_lie() -> None:
    fleet = a_fleet_with(*shown())
    hear(fleet, shown(), range(1, 60))

    (found,) = told(hear(fleet, shown(m1=110.0), range(60, 180)))
    (gone,) = told(hear(fleet, shown(), range(180, 360)))

    assert (found.standing, gone.standing) == (True, False)
    assert found.at <= at(60 + 90)
    assert gone.at <= at(180 + 120)
    assert fleet.audit.findings() == []


@pytest.mark.parametrize("lag_s", [0, 5, 10])
def test_no_step_of_the_load_is_found_whoever_is_first_to_tell(lag_s: int) -> None:
    fleet = a_fleet_with(*shown())
    high, low = shown(), shown(40.0, 40.0, 48.0, 32.0)
    racks = {R1: low[R1], R2: low[R2]}
    meters = {M1: low[M1], M2: low[M2]}

    changes = hear(fleet, low, range(1, 100))
    changes += hear(fleet, {**high, **racks}, range(100, 100 + lag_s))
    changes += hear(fleet, high, range(100 + lag_s, 300))
    changes += hear(fleet, {**high, **meters}, range(300, 300 + lag_s))
    changes += hear(fleet, low, range(300 + lag_s, 500))

    assert told(changes) == []


def test_while_something_served_is_silent_only_too_little_is_told() -> None:
    fleet = a_fleet_with(*shown())
    part = {point: value for point, value in shown().items() if point != R2}
    changes = hear(fleet, part, range(1, 120))

    assert (balance(fleet).one_sided, balance(fleet).fresh) == (True, 3)
    assert balance(fleet).closure is Closure.CLOSED
    assert not [e for e in changes if isinstance(e, Derived) and e.metric == "power_residual_pct"]

    (found,) = told(hear(fleet, {**part, M1: 1.0}, range(120, 240)))
    assert found.standing


def test_meter_that_is_silent_leaves_it_unknown_and_what_was_found_stands() -> None:
    fleet = a_fleet_with(*shown())
    hear(fleet, shown(m1=110.0), range(1, 120))
    assert [each.finding.code for each in fleet.audit.findings()] == [POWER]
    part = {point: value for point, value in shown(m1=110.0).items() if point != M2}

    assert told(hear(fleet, part, range(120, 600, 10))) == []
    assert (balance(fleet).shown, balance(fleet).closure) == (None, Closure.UNKNOWN)
    assert [each.finding.code for each in fleet.audit.findings()] == [POWER]


def test_nothing_served_that_is_heard_leaves_it_unknown() -> None:
    fleet = a_fleet_with(*shown())
    hear(fleet, {M1: 100.0, M2: 100.0}, range(1, 60))

    assert (balance(fleet).expected, balance(fleet).closure) == (None, Closure.UNKNOWN)


def test_so_little_power_tells_nothing() -> None:
    fleet = a_fleet_with(*shown())
    changes = hear(fleet, shown(0.05, 0.0, 0.0, 0.01), range(1, 200))

    assert told(changes) == []
    assert balance(fleet).uncertainty >= 1.0


def test_what_nobody_described_is_served_and_silent() -> None:
    fleet = a_fleet_with(M1, M2, R1)
    hear(fleet, {M1: 100.0, M2: 100.0, R1: 120.0}, range(1, 60))

    assert (balance(fleet).inputs, balance(fleet).one_sided) == (4, True)


def test_busways_are_balanced_against_the_taps_that_they_serve() -> None:
    busway = a_meter("B1", "M1", "M2", kw=200.0)
    fleet = a_fleet_with(*busway, *shown())
    hear(fleet, {**busway, **shown()}, range(1, 60))

    found = {each.entity: each.closure for each in fleet.audit.balances() if each.code == POWER}

    assert found == {"B1": Closure.CLOSED, "M1": Closure.CLOSED}
