from build import at
from faulty import WARNING, Bench, key
from twin.fault import FINE
from twin.faults.statistics import statistics_of
from twin.faults.tally import Subject
from twin.points import EntityId


def test_nothing_happened_is_no_flood() -> None:
    found = Bench().faults.statistics(at(0))

    assert (found.calls, found.last_10_min, found.most_in_10_min) == (0, 0, 0)
    assert (found.flood, found.flood_pct, found.worst_pct) == (False, 0.0, 0.0)
    assert found.by_priority == {1: 0, 2: 0, 3: 0, 4: 0}
    assert found.longest_unacked_ms == 0


def _flooded(calls: int) -> Bench:
    bench = Bench()
    for number in range(calls):
        bench.judge(number, WARNING, "plain", f"R{number}")
    return bench


def test_more_than_ten_calls_within_ten_minutes_are_a_flood() -> None:
    assert not _flooded(10).faults.statistics(at(30)).flood
    found = _flooded(11).faults.statistics(at(30))

    assert found.flood
    assert found.last_10_min == found.most_in_10_min == 11


def test_flood_goes_with_the_calls() -> None:
    bench = _flooded(11)
    bench.until(3_600)

    found = bench.faults.statistics(bench.now)
    assert not found.flood
    assert found.last_10_min == 0
    assert round(found.flood_pct, 1) == round(100 * 10 / 61, 1)


def test_flood_lasts_while_more_than_a_few_come() -> None:
    bench = _flooded(11)
    for number in range(100, 106):
        bench.judge(300 + number, WARNING, "plain", f"R{number}")

    assert bench.faults.statistics(at(720)).last_10_min == 6
    assert bench.faults.statistics(at(720)).flood


def test_bad_actors_are_named_with_their_share() -> None:
    bench = Bench()
    for number in range(30):
        bench.judge(100 * number, WARNING, "plain", "R7")
        bench.judge(100 * number + 1, FINE, "plain", "R7")
    for number in range(10, 22):
        bench.judge(3_000 + number, WARNING, "leak", f"R{number}")
    found = bench.faults.statistics(bench.now)

    assert found.worst[0] == (Subject("plain", EntityId("R7")), 30)
    assert len(found.worst) == 10
    assert found.worst_pct == 100 * 39 / 42
    assert found.by_priority == {1: 12, 2: 30, 3: 0, 4: 0}


def test_what_stands_chatters_or_is_shelved_is_listed() -> None:
    bench = Bench()
    for second in range(6):
        bench.judge(second, FINE if second % 2 else WARNING, "plain", "R2")
    bench.judge(6, WARNING)
    one = bench.one()
    bench.take(bench.faults.shelve(one.id, "ann", bench.now, reason="known", until=at(600)))
    early = bench.faults.statistics(at(100))
    bench.until(90_000)
    late = bench.faults.statistics(bench.now)

    assert early.chattering == [bench_id for bench_id in early.chattering if bench_id]
    assert len(early.chattering) == 1
    assert [each for each, _ in early.shelved] == [one.id]
    assert late.standing_long == [one.id]
    assert late.longest_unacked_ms == bench.now - at(6)


def test_statistics_need_nothing_but_what_they_are_given() -> None:
    bench = _flooded(3)
    books = bench.faults.books()

    found = statistics_of(books.minutes, books.live, dict(books.fleeting), bench.now)

    assert found == bench.faults.statistics(bench.now)
    assert found.calls == 3
    assert bench.one("plain", "R1").key == key()
