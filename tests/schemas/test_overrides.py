from dataclasses import replace

import pytest
from pydantic import ValidationError

from schemas.overrides import LimitsEntry, RuleEntry, contradictions, overridden, perhaps
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import seconds
from twin.severity import Severity

FLOW = CATALOGUE["liquid.flow_low"]
LEAK = CATALOGUE["leak.detected"]
STALE = CATALOGUE["data.stale"]


def said(code: str, entry: dict[str, object]) -> list[str]:
    """What is wrong with an entry for a row of the catalogue."""
    row, given = CATALOGUE[code], RuleEntry.model_validate(entry)
    return [f"{key}: {why}" for key, why in contradictions(row, given, overridden(row, given))]


def test_entry_that_says_nothing_changes_nothing() -> None:
    assert overridden(FLOW, RuleEntry()) is FLOW
    assert overridden(FLOW, RuleEntry(enabled=True, reason="it is good")) is FLOW


def test_what_is_said_takes_the_place_of_the_catalogue_s_and_says_so() -> None:
    entry = RuleEntry.model_validate(
        {
            "on_delay": "15s",
            "realarm_after": "1h",
            "latch": True,
            "priority": 2,
            "severity": "WARNING",
            "reason": "old valves",
        }
    )

    assert overridden(FLOW, entry) == replace(
        FLOW,
        on_delay=seconds(15),
        realarm_after=seconds(3600),
        latch=True,
        priority=2,
        severity=Severity.WARNING,
        source=f"{FLOW.source}; at this site: severity WARNING, priority 2, on_delay 15s,"
        " latch true, realarm_after 3600s (old valves)",
    )


def test_limits_change_by_name_and_what_is_left_out_stays() -> None:
    entry = RuleEntry(limits={"flow_lpm_per_kw": LimitsEntry(warning=1.0)})

    (limits,) = overridden(FLOW, entry).limits

    before = FLOW.limits[0]
    source = f"this site's, instead of warning 0.95: {before.source}"
    assert limits == before._replace(warning=1.0, source=source)


def test_row_that_is_switched_off_says_why() -> None:
    off = overridden(FLOW, RuleEntry(enabled=False, reason="no liquid here"))

    assert off.source.endswith("; at this site: switched off (no liquid here)")


@pytest.mark.parametrize(
    ("code", "entry", "wrong"),
    [
        ("liquid.flow_low", {"enabled": False}, "enabled: a rule is switched off with a reason"),
        ("leak.detected", {"latch": False}, "reason: a rule about leaks or isolation is changed"),
        ("isolation.mismatch", {"priority": 4}, "reason: a rule about leaks or isolation is"),
        ("data.stale", {"severity": "CRITICAL"}, "severity: what says something of the data is"),
        ("liquid.flow_low", {"on_delay": "0.5s"}, "critical_delay: 1.2s is longer than on_delay,"),
        ("liquid.flow_low", {"limits": {"x": {}}}, "limits.x: no such limit (there are: flow_lpm"),
        ("data.stale", {"limits": {"x": {}}}, "limits.x: no such limit (there are: none)"),
        (
            "liquid.flow_low",
            {"limits": {"flow_lpm_per_kw": {"critical": 1.2}}},
            "limits.flow_lpm_per_kw: critical, 1.2, should be below warning, 0.95",
        ),
        (
            "liquid.return_temperature_high",
            {"limits": {"return_c": {"warning": 65}}},
            "limits.return_c: critical, 65, should be above warning, 65",
        ),
        (
            "liquid.return_temperature_high",
            {"limits": {"return_c": {"deadband": 5}}},
            "limits.return_c: deadband, 5, should be less than warning and critical are apart, 5",
        ),
    ],
)
def test_contradiction_is_named(code: str, entry: dict[str, object], wrong: str) -> None:
    (found,) = said(code, entry)

    assert found.startswith(wrong)


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("leak.detected", {"latch": False, "reason": "the detectors latch themselves"}),
        ("leak.detected", {"reason": "we like it"}),
        ("liquid.dp_deviation", {"limits": {"over_setpoint_pct": {"warning": 30, "deadband": 9}}}),
        ("liquid.flow_low", {"limits": {"flow_lpm_per_kw": {}}}),
    ],
)
def test_what_can_be_is_let_be(code: str, entry: dict[str, object]) -> None:
    assert said(code, entry) == []


@pytest.mark.parametrize(
    "entry",
    [
        {"suppressible": True},
        {"severity": "OK"},
        {"priority": 5},
        {"priority": "2"},
        {"latch": 0},
        {"on_delay": 10},
        {"on_delay": "-1s"},
        {"on_delay": "soon"},
        {"realarm_after": "0s"},
        {"reason": "  "},
        {"limits": {"supply_c": {"deadband": -1}}},
        {"limits": {"supply_c": {"warning": float("nan")}}},
        {"limits": {"supply_c": {"warning": True}}},
    ],
)
def test_what_is_no_value_of_a_key_is_refused(entry: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RuleEntry.model_validate(entry)


def test_near_name_is_proposed_and_a_far_one_is_not() -> None:
    assert perhaps("liquid.flow_lo", CATALOGUE.by_code) == " (perhaps liquid.flow_low)"
    assert perhaps("zzz", CATALOGUE.by_code) == ""
