import re

import pytest

from build import at
from twin.changes import FaultChanged
from twin.fault import Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.faults.rule import ANY, Rank, Rule
from twin.points import EntityId
from twin.severity import Severity
from twin.topology import Domain, Topology

CONTRACT = """
leak.detected leak.tray leak.sensor_fault liquid.flow_low liquid.supply_temperature_high
liquid.supply_temperature_low liquid.return_temperature_high liquid.delta_t_high
liquid.dp_deviation liquid.time_to_limit isolation.mismatch cdu.unavailable cdu.pump_lost
power.feed_lost power.redundancy_lost power.over_current power.phase_imbalance power.over_budget
balance.heat balance.power balance.flow sensor.implausible sensor.frozen data.bad_quality
data.stale data.publisher_lost data.contract
"""

ROWS = list(CATALOGUE.by_code.values())
EVERY = pytest.mark.parametrize("rule", ROWS, ids=lambda rule: str(rule.code))


def test_catalogue_has_the_codes_of_the_contract() -> None:
    assert set(CATALOGUE.by_code) == set(CONTRACT.split())


@EVERY
def test_row_says_what_to_do_where_to_look_and_where_it_comes_from(rule: Rule) -> None:
    assert re.search(r"\. .+\.$", rule.guidance)  # what it means, then what to do
    assert re.search(
        r"second|minute|hour|today|week|occasion|at once| now|limit", rule.guidance, re.IGNORECASE
    )
    assert rule.view.startswith("/api/v1/")
    assert rule.source
    assert rule.priority in {1, 2, 3, 4}
    assert rule.severity is not Severity.OK
    assert rule.kinds
    assert rule.kinds <= ANY


@EVERY
def test_limits_have_a_source_and_are_in_order(rule: Rule) -> None:
    for limits in rule.limits:
        assert limits.source
        assert limits.of
        if limits.warning is not None and limits.critical is not None:
            assert (limits.critical < limits.warning) is limits.below
        span = abs((limits.critical or 0.0) - (limits.warning or 0.0))
        assert 0 <= limits.deadband < span


@EVERY
def test_causes_are_codes_of_the_catalogue(rule: Rule) -> None:
    assert rule.effects_of | rule.beside <= set(CATALOGUE.by_code)
    assert rule.code not in rule.beside


def test_nothing_explains_itself_through_what_is_beside_it() -> None:
    def above(code: str, seen: frozenset[str]) -> None:
        assert code not in seen
        for each in CATALOGUE[code].beside:
            above(each, seen | {code})

    for code in CATALOGUE.by_code:
        above(code, frozenset())


def test_leaks_and_isolation_are_never_suppressed_and_stay_until_reset() -> None:
    for rule in ROWS:
        safety = rule.code.startswith(("leak.", "isolation."))
        assert rule.suppressible is not safety
        assert rule.latch is (safety and rule.code != "leak.sensor_fault")


def test_effects_wait_for_their_causes() -> None:
    for rule in ROWS:
        assert not rule.has_causes or rule.inhibit_wait > 0


def test_sensors_are_judged_before_what_they_show() -> None:
    for rule in ROWS:
        doubt = rule.about_data or rule.code == "leak.sensor_fault"
        assert (rule.rank is Rank.SENSOR) is doubt
        assert not rule.about_data or rule.severity is Severity.WARNING


def test_hot_unit_folds_its_racks_and_no_leak() -> None:
    topology = Topology()
    racks = [EntityId(f"R{number}") for number in range(16)]
    topology.connect(EntityId("CDU"), Domain.LIQUID, racks)
    faults = Faults(CATALOGUE, topology)
    hot = Judged(Severity.WARNING, 42.0, 41.0, "C")
    told: list[FaultChanged] = []
    for entity in (*racks, EntityId("CDU")):
        told += faults.judge(Key("liquid.supply_temperature_high", entity), hot, at(0))
    told += faults.advance(at(60))
    told += faults.judge(Key("leak.detected", racks[3]), Judged(Severity.CRITICAL), at(61))

    called = [(each.fault.key.code, each.fault.key.entity) for each in told if each.annunciates]
    assert called == [("liquid.supply_temperature_high", "CDU"), ("leak.detected", "R3")]
    (cause,) = (each for each in faults.standing() if not each.masked and not each.latched)
    assert len(faults.suppresses(cause.id)) == 16
    assert faults.rules is CATALOGUE
