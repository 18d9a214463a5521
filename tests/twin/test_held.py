from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from build import START, at
from twin.balance import HEAT, POWER
from twin.changes import FindingChanged
from twin.finding import Finding
from twin.held import GONE, LASTS, Held, key_of, order_of
from twin.instants import Instant, after
from twin.points import EntityId

R1 = EntityId("R1")
ALL_KNOWN: frozenset[str] = frozenset()


def a_finding(
    code: str = HEAT, suspect: str | None = None, reason: str = "it does not fit"
) -> Finding:
    return Finding(code, R1, suspect, reason)


def judged(
    held: Held, found: Iterable[Finding], seconds: Iterable[float], unknown: str = ""
) -> list[FindingChanged]:
    """What changes where the same is found at each of these seconds."""
    found = list(found)
    silent = frozenset({unknown}) if unknown else ALL_KNOWN
    return [change for second in seconds for change in held.judge(found, silent, at(second))]


def standing(code: str = HEAT) -> Held:
    """A finding of a code that has just come to count."""
    held = Held()
    judged(held, [a_finding(code, "Voltage" if code.startswith("sensor") else None)], (0, 3600))
    assert held.standing
    return held


@pytest.mark.parametrize("code", LASTS)
def test_verdict_counts_once_it_has_lasted(code: str) -> None:
    held, finding, due = Held(), a_finding(code), after(START, LASTS[code])

    if LASTS[code]:
        assert held.judge([finding], ALL_KNOWN, START) == []
        assert held.judge([finding], ALL_KNOWN, Instant(due - 1)) == []
    assert held.judge([finding], ALL_KNOWN, due) == [FindingChanged(finding, standing=True, at=due)]
    (found,) = held.standing.values()
    assert (found.finding, found.since) == (finding, START)


def test_verdict_that_is_not_given_once_begins_anew() -> None:
    held = Held()
    judged(held, [a_finding()], (0, 59))
    judged(held, [], (59.5,))

    assert not held
    assert judged(held, [a_finding()], (60, 119)) == []
    (change,) = judged(held, [a_finding()], (120,))
    assert change.at == at(120)


def test_verdict_that_cannot_be_given_for_want_of_data_begins_anew() -> None:
    held = Held()
    judged(held, [a_finding()], (0, 59))
    judged(held, [], (59.5,), unknown=HEAT)

    assert judged(held, [a_finding()], (60, 119)) == []


def test_what_was_so_before_it_was_heard_has_lasted_already() -> None:
    held, finding = Held(), a_finding("sensor.implausible", "Voltage")

    (change,) = held.judge([finding], ALL_KNOWN, at(100), {"Voltage": at(70)})

    assert (change.standing, change.at) == (True, at(100))
    assert [each.since for each in held.standing.values()] == [at(70)]


def test_what_began_just_before_it_was_heard_has_the_rest_to_last() -> None:
    held, finding = Held(), a_finding("sensor.implausible", "Voltage")

    assert held.judge([finding], ALL_KNOWN, at(100), {"Voltage": at(90)}) == []
    assert held.judge([finding], ALL_KNOWN, at(119)) == []
    assert [each.standing for each in held.judge([finding], ALL_KNOWN, at(120))] == [True]


def test_finding_counts_until_it_has_been_gone_long_enough() -> None:
    held = standing()

    assert judged(held, [], (4000, 4000 + GONE / 1000 - 0.001)) == []
    (change,) = judged(held, [], (4000 + GONE / 1000,))

    assert (change.standing, change.at) == (False, at(4060))
    assert not held


def test_finding_that_is_back_in_time_never_went() -> None:
    held = standing()
    judged(held, [], (4000,))
    judged(held, [a_finding()], (4030,))

    assert judged(held, [], (4059, 4060, 4118)) == []
    assert [each.since for each in held.standing.values()] == [START]
    assert [each.standing for each in judged(held, [], (4119,))] == [False]


@pytest.mark.parametrize(
    ("code", "unknown"),
    [(HEAT, HEAT), (POWER, POWER), ("sensor.implausible", "Voltage")],
)
def test_finding_that_cannot_be_judged_stays(code: str, unknown: str) -> None:
    held = standing(code)

    assert judged(held, [], range(4000, 9000, 5), unknown) == []
    assert held.standing


def test_doubt_about_something_else_keeps_no_finding() -> None:
    held = standing("sensor.implausible")

    assert [each.standing for each in judged(held, [], (4000, 4060), "Current")] == [False]


def test_time_that_cannot_be_judged_is_no_time_without_it() -> None:
    held = standing()
    judged(held, [], (4000,))
    judged(held, [], (4050,), unknown=HEAT)

    assert judged(held, [], (4060, 4119)) == []
    assert [each.standing for each in judged(held, [], (4120,))] == [False]


def test_balance_is_one_finding_whoever_is_suspected() -> None:
    held = standing()

    (change,) = judged(held, [a_finding(suspect="RackPower")], (4000,))

    assert (change.standing, change.finding.suspect) == (True, "RackPower")
    assert [(each.finding.suspect, each.since) for each in held.standing.values()] == [
        ("RackPower", START)
    ]


def test_same_suspect_for_another_reason_is_kept_and_no_news() -> None:
    held = standing()

    assert judged(held, [a_finding(reason="it fits even less")], (4000,)) == []
    assert [each.finding.reason for each in held.standing.values()] == ["it fits even less"]


def test_each_sensor_and_each_guess_is_a_finding_of_its_own() -> None:
    held = Held()
    findings = [
        a_finding("sensor.implausible", "Voltage"),
        a_finding("sensor.implausible", "Current"),
        a_finding("data.contract", reason="Seccondary"),
        a_finding("data.contract", reason="Prim"),
    ]
    judged(held, findings, (0, 30))

    assert len(held.standing) == 4
    assert len({key_of(each) for each in findings}) == 4
    assert min(map(order_of, findings)) == ("data.contract", R1, "", "Prim")


def test_nothing_counts_of_what_is_no_more() -> None:
    held = Held()
    judged(held, [a_finding(), a_finding("data.contract"), a_finding(POWER)], (0, 50, 61))

    changes = held.end(at(99))

    assert [(each.finding.code, each.standing, each.at) for each in changes] == [
        (HEAT, False, at(99)),
        (POWER, False, at(99)),
        ("data.contract", False, at(99)),
    ]


_LOOKS = st.lists(
    st.tuples(
        st.integers(0, 50_000),
        st.lists(
            st.builds(a_finding, st.sampled_from((*LASTS,)), st.sampled_from((None, "Voltage"))),
            max_size=3,
        ),
        st.frozensets(st.sampled_from((*LASTS, "Voltage"))),
    )
)


@given(_LOOKS)
def test_changes_tell_what_counts(
    looks: list[tuple[int, list[Finding], frozenset[str]]],
) -> None:
    held, now = Held(), START
    told = {}
    for gap, found, unknown in looks:
        now = Instant(now + gap)
        for change in held.judge(found, unknown, now):
            key = key_of(change.finding)
            if change.standing:
                told[key] = change.finding.suspect
            else:
                del told[key]

        assert told == {key: each.finding.suspect for key, each in held.standing.items()}
        assert all(each.since <= now for each in held.standing.values())


@given(_LOOKS, _LOOKS)
def test_looking_twice_is_looking_once(
    looks: list[tuple[int, list[Finding], frozenset[str]]],
    more: list[tuple[int, list[Finding], frozenset[str]]],
) -> None:
    once, twice, now = Held(), Held(), START
    for gap, found, unknown in [*looks, *more]:
        now = Instant(now + gap)
        expected = once.judge(found, unknown, now)

        assert [change for _ in range(2) for change in twice.judge(found, unknown, now)] == expected


def test_who_was_named_stays_so_until_somebody_else_is() -> None:
    held = Held()
    named, other, nobody = (
        Finding("balance.heat", EntityId("R1"), suspect, "it does not fit", 0.7)
        for suspect in ("RackLiquidFlow", "RackPower", None)
    )

    for second, finding in ((0, named), (60, named), (70, nobody)):
        held.judge([finding], frozenset(), at(second))
    (kept,) = held.standing.values()
    held.judge([other], frozenset(), at(80))
    (changed,) = held.standing.values()

    assert (kept.finding.suspect, changed.finding.suspect) == ("RackLiquidFlow", "RackPower")
