from pathlib import Path

import pytest

from build import a_cooled_rack, a_fleet_showing
from streams import fold, recording
from twin.findings import findings_of
from twin.fleet import Fleet


@pytest.fixture(scope="module")
def pod(dsx: Path) -> Fleet:
    """The real recording at its end."""
    return fold(recording(dsx))[0]


def test_the_recordings_defects_are_found_each_once_and_nothing_healthy_is_accused(
    pod: Fleet,
) -> None:
    found = {(each.code, each.entity, each.suspect) for each in findings_of(pod)}

    assert found == {
        ("balance.flow", "C-F00-CDU-05", "LiquidFlow"),
        ("data.contract", "C-F00-CDU-05", None),
        ("sensor.implausible", "C-E-BUS-E1", "CurrentLimit"),
        ("sensor.implausible", "C-E-BUS-E2", "CurrentLimit"),
        ("sensor.implausible", "C-E05-TAP-E1", "Voltage"),
        ("sensor.implausible", "C-E05-TAP-E2", "Voltage"),
        ("sensor.implausible", "C-F00-CDU-05", "LiquidFlow"),
        ("sensor.implausible", "C-F00-CDU-05", "LiquidTemperature"),
    }
    assert len(found) == len(findings_of(pod))


def test_racks_that_somebody_has_already_are_not_worked_out_again(pod: Fleet) -> None:
    racks = [rack for each in pod.racks() if (rack := pod.rack(each.id)) is not None]

    assert findings_of(pod, racks) == findings_of(pod)


def test_a_fleet_in_order_has_none() -> None:
    assert findings_of(a_fleet_showing(a_cooled_rack("R1", kw=103.5))) == []
