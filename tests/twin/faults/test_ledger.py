from build import at
from faulty import RULES, WARNING, Bench, a_plant, key
from twin.fault import FINE
from twin.faults.engine import Faults
from twin.faults.ledger import Books, Ledger


def _over(times: int, remembered: int) -> Faults:
    faults = Faults(RULES, a_plant(), remembered=remembered)
    for number in range(times):
        faults.judge(key(entity=f"R{number}"), WARNING, at(number))
        faults.judge(key(entity=f"R{number}"), FINE, at(number))
    return faults


def test_of_what_is_over_the_latest_are_remembered_and_the_others_counted() -> None:
    faults = _over(5, remembered=3)
    books = faults.books()

    assert [each.key.entity for each in books.closed] == ["R2", "R3", "R4"]
    assert books.forgotten == 2
    again = Faults(RULES, a_plant(), books, remembered=3)
    assert again.books() == books
    (change,) = again.judge(key(entity="R0"), WARNING, at(9))
    assert change.fault.number == 1  # nobody remembers the first


def test_key_counts_its_activations_while_they_are_remembered() -> None:
    bench = Bench()
    for second in range(0, 600, 100):
        bench.judge(second, WARNING)
        bench.judge(second + 1, FINE)
    bench.judge(900, WARNING)

    assert bench.one().number == 7


def test_forgetting_an_old_occurrence_leaves_the_newer_of_the_key() -> None:
    faults = Faults(RULES, a_plant(), remembered=1)
    for second in (0, 100):
        faults.judge(key(), WARNING, at(second))
        faults.judge(key(), FINE, at(second))

    (change,) = faults.judge(key(), WARNING, at(200))
    assert change.fault.number == 3


def test_ledger_is_the_sum_of_what_was_told() -> None:
    bench = Bench()
    bench.judge(0, WARNING, "stale")
    bench.judge(1, WARNING._replace(publisher=key(entity="PUB").entity), "stale", "R2")
    bench.judge(2, FINE, "stale", "R2")
    bench.judge(3, WARNING, "hot")
    ledger = Ledger(Books(), 10)

    ledger.fold(bench.told, RULES)

    assert ledger.books() == bench.faults.books()
    assert ledger.behind(key(entity="PUB").entity) == []
    assert [each.key.code for each in ledger.at(key().entity)] == ["hot", "stale"]


def test_newest_occurrence_of_a_key_is_its_last_in_whatever_order_they_are_entered() -> None:
    faults = Faults(RULES, a_plant())
    for second in (0, 100):
        faults.judge(key(), WARNING, at(second))
        faults.judge(key(), FINE, at(second))
    closed = faults.books().closed

    ledger = Ledger(Books(closed=closed[::-1]), 10)

    assert [each.number for each in closed] == [1, 2]
    assert ledger.fresh(key()).number == 2
