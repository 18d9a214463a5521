from build import at
from faulty import CRITICAL, WARNING, Bench, key
from twin.fault import FINE
from twin.points import EntityId
from twin.severity import Severity


def test_most_urgent_and_worst_stand_first() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "off")
    bench.judge(1, CRITICAL)
    bench.judge(2, WARNING, "leak")
    bench.judge(3, WARNING, "limit")  # pending only

    assert [each.key.code for each in bench.faults.standing()] == ["leak", "plain", "off"]
    assert bench.faults.standing() == bench.faults.of(EntityId("R1"))
    assert bench.faults.of(EntityId("R2")) == []


def test_occurrences_are_listed_as_they_were_raised_also_when_over() -> None:
    bench = Bench()
    bench.judge(0, WARNING)
    bench.judge(1, WARNING, "off")
    bench.judge(2, FINE)
    bench.judge(3, WARNING)

    assert [each.raised_at for each in bench.faults.occurrences()] == [at(0), at(1), at(3)]
    assert bench.faults.get(bench.faults.occurrences()[0].id) == bench.faults.occurrences()[0]
    assert bench.faults.get("nonsense") is None


def test_deadband_is_for_what_is_active() -> None:
    bench = Bench()
    assert bench.faults.severity(key("limit")) is Severity.OK
    bench.judge(0, CRITICAL, "limit")
    assert bench.faults.severity(key("limit")) is Severity.OK
    bench.until(10)
    assert bench.faults.severity(key("limit")) is Severity.CRITICAL
    bench.judge(11, FINE, "limit")

    assert bench.faults.severity(key("limit")) is Severity.OK


def test_health_is_the_worst_that_stands_shelved_or_not() -> None:
    bench = Bench()
    assert bench.faults.health(EntityId("R1")) is Severity.OK
    bench.judge(0, WARNING)
    bench.judge(0, CRITICAL, "off")
    one = bench.one("off")
    bench.take(bench.faults.shelve(one.id, "ann", bench.now, reason="known", until=at(60)))
    assert bench.faults.health(EntityId("R1")) is Severity.CRITICAL
    bench.judge(1, FINE, "off")

    assert bench.faults.health(EntityId("R1")) is Severity.WARNING


def test_what_is_about_data_is_a_warning_at_the_most() -> None:
    bench = Bench()
    bench.judge(0, CRITICAL, "data.odd")

    assert bench.faults.health(EntityId("R1")) is Severity.WARNING


def test_faults_that_stand_in_service_are_counted() -> None:
    bench = Bench()
    bench.judge(0, WARNING)
    bench.judge(0, CRITICAL, "leak")
    bench.judge(0, CRITICAL, "off")
    bench.judge(1, FINE, "off")
    bench.judge(1, CRITICAL, "leak", "R2")
    out = bench.one("leak", "R2").id
    bench.take(bench.faults.out_of_service(out, "bob", bench.now, reason="mending"))

    assert bench.faults.counts() == {Severity.WARNING: 1, Severity.CRITICAL: 1}
