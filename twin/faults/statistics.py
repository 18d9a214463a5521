"""Statistics of calls: whether operators can live with them, and what spoils it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from twin.fault import Fault, Mask
from twin.faults.tally import DAY, EBB, FLOOD, MINUTE_MS, SPAN, Minute, Subject
from twin.instants import Instant, Millis

LONG: Final = Millis(24 * 3_600_000)
"""What stands for longer is no call any more but a fixture; ours."""

WORST: Final = 10
"""So many bad actors make 20 to 80 % of all calls in most plants, as ISA-18.2's authors say."""


@dataclass(frozen=True, slots=True)
class Statistics:
    """The calls of the last day."""

    calls: int
    last_10_min: int
    most_in_10_min: int
    flood: bool
    """Whether there is one now."""
    flood_pct: float
    """Share of the spans of ten minutes, one ending with each minute since the first call."""
    by_priority: dict[int, int]
    worst: list[tuple[Subject, int]]
    worst_pct: float
    """Their share in all calls."""
    standing_long: list[str]
    """Ids of what stands for longer than a day."""
    chattering: list[str]
    shelved: list[tuple[str, Mask]]
    longest_unacked_ms: Millis
    """Now or of what somebody took note of in the last day."""
    fleeting: dict[str, int]
    """By code, since the beginning: began, and was over before it was raised."""


def statistics_of(
    minutes: Sequence[Minute], live: Iterable[Fault], fleeting: dict[str, int], now: Instant
) -> Statistics:
    """What the calls of a day amount to.

    Args:
        minutes: Those in which something was counted, in order.
        live: The faults that live.
        fleeting: What was over before it was raised, by code.
        now: When it is asked.
    """
    priorities, subjects = Counter[int](), Counter[Subject]()
    for minute in minutes:
        priorities.update(minute.by_priority)
        subjects.update(dict(minute.by_subject))
    calls = priorities.total()
    spans = _spans(minutes, now)
    floods = _floods(spans)
    worst = sorted(subjects.items(), key=lambda item: (-item[1], item[0]))[:WORST]
    faults = sorted(live, key=lambda fault: fault.key)
    waiting = [now - each.unacked_since for each in faults if each.unacked_since is not None]
    return Statistics(
        calls=calls,
        last_10_min=spans[-1],
        most_in_10_min=max(spans),
        flood=floods[-1],
        flood_pct=100 * sum(floods) / len(floods),
        by_priority={each: priorities[each] for each in (1, 2, 3, 4)},
        worst=worst,
        worst_pct=100 * sum(count for _, count in worst) / calls if calls else 0.0,
        standing_long=[each.id for each in faults if each.stands and each.raised_at <= now - LONG],
        chattering=[each.id for each in faults if each.chattering],
        shelved=[(each.id, each.shelved) for each in faults if each.shelved is not None],
        longest_unacked_ms=Millis(max([*waiting, *(each.longest_unacked for each in minutes), 0])),
        fleeting=fleeting,
    )


def _spans(minutes: Sequence[Minute], now: Instant) -> list[int]:
    """Calls within the ten minutes that end with each minute, from the first call's to now."""
    counts = {each.number: sum(each.by_priority.values()) for each in minutes}
    last = now // MINUTE_MS
    first = max(min(counts, default=last), last - DAY + 1)
    sums = [0, *accumulate(counts.get(number, 0) for number in range(first, last + 1))]
    return [sums[end] - sums[max(end - SPAN, 0)] for end in range(1, len(sums))]


def _floods(spans: Sequence[int]) -> list[bool]:
    """Whether each span is in a flood: it comes with too many and goes with few."""
    floods: list[bool] = []
    for count in spans:
        floods.append(count >= EBB if floods and floods[-1] else count > FLOOD)
    return floods
