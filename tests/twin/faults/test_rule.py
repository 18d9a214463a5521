from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faulty import RULES, a_rule
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import ORPHAN, Limits, Rules, seconds
from twin.points import EntityId
from twin.severity import RANK, Severity

ABOVE = Limits("supply_c", "C", 41.0, 45.0, "a test", deadband=1.0)
BELOW = Limits("flow", "LPM", 10.0, 5.0, "a test", below=True, deadband=1.0)


@pytest.mark.parametrize(
    ("value", "standing", "severity"),
    [
        (41.0, Severity.OK, Severity.OK),
        (41.1, Severity.OK, Severity.WARNING),
        (45.1, Severity.OK, Severity.CRITICAL),
        (40.5, Severity.WARNING, Severity.WARNING),
        (40.0, Severity.WARNING, Severity.OK),
        (44.5, Severity.WARNING, Severity.WARNING),
        (44.5, Severity.CRITICAL, Severity.CRITICAL),
        (40.5, Severity.CRITICAL, Severity.WARNING),
    ],
)
def test_limit_lets_go_only_beyond_its_deadband(
    value: float, standing: Severity, severity: Severity
) -> None:
    assert ABOVE.judge(value, standing) is severity


def test_limit_may_be_one_from_below() -> None:
    assert BELOW.judge(9.9) is Severity.WARNING
    assert BELOW.judge(10.5) is Severity.OK
    assert BELOW.judge(10.5, Severity.WARNING) is Severity.WARNING
    assert BELOW.judge(4.0) is Severity.CRITICAL


def test_limit_may_have_one_side_only() -> None:
    assert ABOVE._replace(critical=None).judge(99.0) is Severity.WARNING
    assert ABOVE._replace(warning=None).judge(42.0) is Severity.OK


def test_limit_says_which_one_a_value_is_beyond() -> None:
    assert [ABOVE.beyond(each) for each in Severity] == [None, 41.0, 45.0]


@given(st.floats(-100, 100), st.sampled_from(Severity))
def test_what_stands_is_judged_no_milder_than_what_is_new(value: float, standing: Severity) -> None:
    for limits in (ABOVE, BELOW):
        assert RANK[limits.judge(value, standing)] >= RANK[limits.judge(value)]


def test_delay_may_be_shorter_for_what_is_critical() -> None:
    rule = a_rule(on=10, critical=0)

    assert rule.delay(Severity.WARNING) == seconds(10)
    assert rule.delay(Severity.CRITICAL) == 0
    assert a_rule(on=10).delay(Severity.CRITICAL) == seconds(10)


def test_rules_know_which_of_them_explain_others() -> None:
    assert RULES.causes == {"hot", "broken", "off", "lost"}


def test_limits_are_found_by_what_they_compare() -> None:
    found = CATALOGUE.limits("liquid.dp_deviation", "times_peers")
    assert found is not None
    assert found.of == "times_peers"
    assert CATALOGUE.limits("liquid.dp_deviation", "times_nothing") is None
    assert RULES.limits("liquid.dp_deviation", "times_peers") is None


def test_code_that_is_no_more_asks_for_nothing() -> None:
    assert RULES["nonsense"] is ORPHAN
    assert "nonsense" not in RULES
    assert not ORPHAN.has_causes


def test_link_leads_to_the_entity() -> None:
    rule = replace(a_rule(), view="/api/v1/{kind}/{entity}/x")

    assert rule.link(EntityId("R1"), rack=True) == "/api/v1/racks/R1/x"
    assert rule.link(EntityId("U1"), rack=False) == "/api/v1/equipment/U1/x"
    assert a_rule().link(EntityId("U1"), rack=False) == "/"


def test_what_is_about_data_shows_in_the_code() -> None:
    assert RULES["data.odd"].about_data
    assert not RULES["leak"].about_data


def test_row_that_is_switched_off_is_known_and_raises_nothing() -> None:
    rules = Rules({"plain": a_rule("plain")}, {"loud": a_rule("loud", on=10)})

    assert "loud" not in rules
    assert rules["loud"].on_delay == seconds(10)
    assert rules["nowhere"] is ORPHAN
