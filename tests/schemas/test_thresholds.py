import pytest

from schemas.thresholds import ThresholdEntry, problems, threshold_of
from twin.faults.rule import ANY, Limits, Rank, Rule, seconds
from twin.faults.thresholds import Threshold
from twin.points import EntityId
from twin.severity import Severity

LEAST: dict[str, object] = {
    "point_type": "AirTemperature",
    "above": {"warning": 32},
    "unit": "C",
    "guidance": "Too warm. Look today.",
    "view": "/api/v1/equipment/{entity}",
}


def said(**entry: object) -> list[str]:
    """What is wrong with an entry; None takes a key away."""
    given = {key: value for key, value in (LEAST | entry).items() if value is not None}
    return [f"{key}: {why}" for key, why in problems(ThresholdEntry.model_validate(given))]


def test_least_of_an_entry_is_a_row_and_its_limits() -> None:
    rule, threshold = threshold_of("site.warm", ThresholdEntry.model_validate(LEAST))

    limits = Limits("AirTemperature", "C", 32.0, None, "this site's own")
    assert threshold == Threshold("site.warm", "AirTemperature", limits)
    assert rule == Rule(
        code="site.warm",
        kinds=ANY,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        guidance="Too warm. Look today.",
        view="/api/v1/equipment/{entity}",
        source="this site's own",
        on_delay=seconds(10),
        off_delay=seconds(30),
        limits=(limits,),
    )


def test_everything_that_is_said_counts() -> None:
    entry = LEAST | {
        "object_type": "CDU",
        "point_type": "LiquidPressure",
        "entities": ["C1", "C2"],
        "process_area": "Primary",
        "above": None,
        "below": {"critical": 20},
        "unit": "psi",
        "deadband": 2,
        "on_delay": "1m",
        "critical_delay": "5s",
        "off_delay": "2m",
        "priority": 1,
        "latch": True,
        "ack_required": True,
        "realarm_after": "1h",
    }

    rule, threshold = threshold_of("site.thin", ThresholdEntry.model_validate(entry))

    assert threshold.object_type == "CDU"
    assert threshold.entities == {EntityId("C1"), EntityId("C2")}
    assert threshold.process_area == "primary"
    assert threshold.limits.unit == "kPa"
    assert threshold.limits.critical == pytest.approx(137.89514)
    assert threshold.limits.deadband == pytest.approx(13.789514)
    assert (threshold.limits.warning, threshold.limits.below) == (None, True)
    assert rule.kinds == {"Cdu"}
    assert (rule.severity, rule.rank) == (Severity.CRITICAL, Rank.CRITICAL)
    assert (rule.on_delay, rule.critical_delay) == (seconds(60), seconds(5))
    assert (rule.off_delay, rule.realarm_after) == (seconds(120), seconds(3600))
    assert (rule.priority, rule.latch, rule.ack_required) == (1, True, True)


@pytest.mark.parametrize(
    ("point_type", "unit", "shown", "limit"),
    [
        ("RackPower", "W", "kW", 0.032),
        ("AirTemperature", "°C", "C", 32.0),
        ("PowerFactor", None, "", 32.0),
        ("PowerFactor", "%", "", 0.32),
        ("ValvePosition", "%", "%", 32.0),
        ("AirFlow", "l/min", "LPM", 32.0),
        ("AirFlow", "%", "%", 32.0),
        ("GenericPoint", "ppm", "ppm", 32.0),
        ("Status", None, "", 32.0),
    ],
)
def test_limit_is_converted_into_the_unit_it_is_compared_in(
    point_type: str, unit: str | None, shown: str, limit: float
) -> None:
    entry = LEAST | {"point_type": point_type, "unit": unit}

    _, threshold = threshold_of("site.x", ThresholdEntry.model_validate(entry))

    assert threshold.limits.unit == shown
    assert threshold.limits.warning == pytest.approx(limit)


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        (
            {"point_type": "AirTemperatur"},
            "point_type: no point type of the contract (perhaps AirTemperature)",
        ),
        (
            {"object_type": "Rack"},
            "point_type: no point type of Rack (perhaps RackLiquidReturnTemperature)",
        ),
        ({"object_type": "CDUs"}, "object_type: no object type of the contract (perhaps CDU)"),
        ({"unit": "F"}, "unit: should be C or what can be converted to it"),
        ({"unit": None}, "unit: should be C or what can be converted to it"),
        (
            {"point_type": "PowerFactor", "unit": "kW"},
            "unit: should be none or what can be converted to it",
        ),
        ({"above": None}, "above: either above or below should be there"),
        ({"below": {"warning": 3}}, "above: either above or below should be there"),
        ({"above": {}}, "above: warning or critical should be there"),
        (
            {"above": {"warning": 32, "critical": 30}},
            "above: critical, 30, should be above warning, 32",
        ),
        (
            {"above": None, "below": {"warning": 3, "critical": 4}},
            "below: critical, 4, should be below warning, 3",
        ),
        ({"critical_delay": "1m"}, "critical_delay: 60s is longer than on_delay, 10s"),
    ],
)
def test_contradiction_is_named(entry: dict[str, object], wrong: str) -> None:
    assert said(**entry) == [wrong]


def test_a_right_entry_has_no_problems() -> None:
    assert said() == []
    assert said(object_type="Sensor", above={"warning": 32, "critical": 38}, deadband=1) == []
