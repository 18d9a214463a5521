from build import at
from faulty import a_plant, key
from twin.fault import Judged
from twin.faults.catalogue import CATALOGUE
from twin.faults.engine import Faults
from twin.points import EntityId
from twin.severity import Severity


def test_one_publisher_lost_stands_for_all_its_silent_points() -> None:
    faults = Faults(CATALOGUE, a_plant())
    silent = Judged(Severity.WARNING, publisher=EntityId("PUB"))
    told = list(faults.judge(key("data.publisher_lost", "PUB"), silent, at(0)))
    for number in range(600):
        told += faults.judge(key("data.stale", f"R{number}"), silent, at(0))
    told += faults.advance(at(60))

    assert [each.fault.key for each in told if each.annunciates] == [
        key("data.publisher_lost", "PUB")
    ]
    assert len(faults.suppresses(told[0].fault.id)) == 600


def test_verdicts_that_have_lasted_are_raised_at_once() -> None:
    for code in ("balance.heat", "balance.power", "balance.flow", "sensor.implausible"):
        assert CATALOGUE[code].delay(Severity.WARNING) == 0
