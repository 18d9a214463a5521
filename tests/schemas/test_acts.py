from build import START, at
from faulty import WARNING, Bench
from schemas.acts import ActView, act_view
from twin.changes import FaultChanged
from twin.faults.engine import Changed


def standing() -> tuple[Bench, str]:
    bench = Bench()
    bench.judge(0, WARNING, "limit")
    bench.judge(20, WARNING, "limit")
    return bench, bench.one("limit").id


def view(changes: Changed) -> ActView:
    (change,) = changes
    act = act_view(7, change, "192.0.2.7")
    assert act is not None
    return act


def test_an_act_says_who_did_what_to_which_fault() -> None:
    bench, occurrence = standing()

    assert view(bench.faults.ack(occurrence, "ann", bench.now)) == ActView(
        seq=7,
        at="2026-01-01T00:00:20.000Z",
        by="ann",
        address="192.0.2.7",
        what="ACKNOWLEDGED",
        fault=occurrence,
        code="limit",
        entity="R1",
        qualifier="",
        before="UNACK",
        after="ACKED",
        text=None,
        until=None,
    )


def test_an_act_has_the_reason_and_the_end_of_what_it_masks() -> None:
    bench, occurrence = standing()
    shelved = view(
        bench.faults.shelve(occurrence, "ann", bench.now, reason="noise", until=at(3600))
    )
    out = view(bench.faults.out_of_service(occurrence, "bob", bench.now, reason="mending"))
    back = view(bench.faults.return_to_service(occurrence, "bob", bench.now))
    off = view(bench.faults.unshelve(occurrence, "ann", bench.now))

    assert (shelved.text, shelved.until) == ("noise", "2026-01-01T01:00:00.000Z")
    assert (out.text, out.until, out.after) == ("mending", None, "OOSRV")
    assert [(each.text, each.until) for each in (back, off)] == [(None, None)] * 2


def test_a_comment_is_what_was_said_last() -> None:
    bench, occurrence = standing()
    bench.faults.comment(occurrence, "ann", bench.now, text="one")

    assert view(bench.faults.comment(occurrence, "bob", bench.now, text="two")).text == "two"


def test_what_came_of_itself_is_no_act() -> None:
    (change,) = Bench().faults.judge(standing()[0].told[0].fault.key, WARNING, START)

    assert isinstance(change, FaultChanged)
    assert act_view(1, change, None) is None
