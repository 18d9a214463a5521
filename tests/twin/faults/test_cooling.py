"""The rows about coolant, held against what NVIDIA's healthy pod shows."""

import pytest

from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Limits
from twin.severity import Severity
from twin.smoothing import EVERY


def _limits(code: str, of: str) -> Limits:
    (found,) = (each for each in CATALOGUE[code].limits if each.of == of)
    return found


@pytest.mark.parametrize(
    ("code", "of", "values"),
    [
        ("liquid.flow_low", "flow_lpm_per_kw", (1.04, 1.44)),
        ("liquid.supply_temperature_high", "supply_c", (32.0, 33.0)),
        ("liquid.supply_temperature_low", "supply_c", (32.0, 33.0)),
        ("liquid.return_temperature_high", "return_c", (42.1, 46.9)),
        ("liquid.delta_t_high", "delta_t_k", (10.1, 13.9)),
        ("liquid.dp_deviation", "under_setpoint_pct", (10.0, 13.3)),
        ("liquid.dp_deviation", "times_peers", (0.97, 1.03)),
    ],
)
def test_healthy_racks_are_well(code: str, of: str, values: tuple[float, ...]) -> None:
    assert {_limits(code, of).judge(each) for each in values} == {Severity.OK}


def test_odd_rack_of_the_recording_is_a_warning() -> None:
    assert _limits("liquid.dp_deviation", "times_peers").judge(190 / 79) is Severity.WARNING
    assert _limits("liquid.dp_deviation", "over_setpoint_pct").judge(111.0) is Severity.WARNING


def test_lost_flow_is_raised_once_two_looks_have_seen_it() -> None:
    rule = CATALOGUE["liquid.flow_low"]

    assert rule.limits[0].judge(0.0) is Severity.CRITICAL
    assert EVERY < rule.delay(Severity.CRITICAL) < 2 * EVERY
