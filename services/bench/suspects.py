"""How often the lying sensor is named: every sensor of a recording's racks and meters is bent."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from schemas import bms
from schemas.envelope import Envelope
from schemas.errors import DecodeError
from services.bench.report import Report
from services.bench.rounds import round_and_round
from services.intake import Intake
from twin.balances import groups_of, unbalanced
from twin.entities import RACK
from twin.finding import Finding
from twin.fleet import Fleet, Message
from twin.held import key_of
from twin.instants import Instant, Millis
from twin.meters import METER
from twin.points import EntityId, Freshness, Point, PointState, Reading
from twin.suspects import Sensor

BIASES = (0.1, -0.1, 0.3, -0.3)

LASTING: Final = Millis(180_000)
"""For how long a sensor lies live: it takes 45 s to settle, and heat 60 s to count."""

_RACK: Final = (Sensor.POWER, Sensor.FLOW, Sensor.SUPPLY, Sensor.RETURN)


class Outcome(NamedTuple):
    """What became of one bent sensor."""

    noticed: bool
    rightly: bool
    """Every suspect that is named is the one."""
    wrongly: bool
    """Something else is named, whatever else is."""
    others: int
    """Healthy racks that are accused."""


def bench_suspects(
    envelopes: Sequence[Envelope], origin: str, biases: Sequence[float] = BIASES
) -> Report:
    """Bend each sensor of a recording, and ask who is to blame.

    Once at its end, by the readings of that instant; once live, while it is played round and round.

    Args:
        envelopes: The recording; all of it is taken for healthy.
        origin: Where it came from, for the report.
        biases: By which share of its value each sensor is off.
    """
    intake = Intake(Fleet())
    intake.take_all(envelopes)
    fleet = intake.fleet
    sensors = list(_sensors(fleet))
    report = Report("suspects", f"{origin}: {len(sensors)} sensors, each bent in turn")
    report.add("healthy things accused", len(_judged(fleet)), "", 0, "lower")
    for bias in biases:
        outcomes = [_bent(fleet, sensor, bias) for sensor in sensors]
        _add(report, f"bent by {bias:+.0%}", outcomes)
    live = _Live(envelopes)
    for bias in biases:
        outcomes = [live.bent(sensor.point, bias) for sensor in sensors]
        _add(report, f"live, bent by {bias:+.0%}", outcomes)
    return report


class _Live:
    """A recording that is played again for each sensor that lies."""

    def __init__(self, envelopes: Sequence[Envelope]) -> None:
        self._messages = list(_messages(round_and_round(envelopes, LASTING)))
        fleet = self._played(lambda message: message)
        self._racks = {each.id for each in fleet.racks()}
        self._own = {key_of(each.finding): each.finding for each in fleet.audit.findings()}

    def bent(self, point: Point, bias: float) -> Outcome:
        """What stands at the end beyond what stands anyway, while one point lies all the time."""

        def bend(message: Message) -> Message:
            if type(message) is not Reading or message.point != point.id or message.value is None:
                return message
            return message._replace(value=message.value * (1 + bias))

        found = (each.finding for each in self._played(bend).audit.findings())
        new = [each for each in found if self._differs(each)]
        return _outcome(new, point, self._racks)

    def _differs(self, finding: Finding) -> bool:
        before = self._own.get(key_of(finding))
        return before is None or before.suspect != finding.suspect

    def _played(self, bend: Callable[[Message], Message]) -> Fleet:
        fleet = Fleet()
        for message, at in self._messages:
            fleet.advance(at)
            fleet.apply(bend(message), at)
        return fleet


def _messages(envelopes: Iterator[Envelope]) -> Iterator[tuple[Message, Instant]]:
    """All that can be understood."""
    for topic, payload, at, _ in envelopes:
        with suppress(DecodeError):
            yield bms.decode(topic, payload, Counter()), at


def _add(report: Report, name: str, outcomes: list[Outcome]) -> None:
    of = max(1, len(outcomes))
    report.add(f"{name}: sensors", len(outcomes), "")
    report.add(f"{name}: noticed", sum(each.noticed for each in outcomes) / of * 100, "%")
    report.add(f"{name}: named rightly", sum(each.rightly for each in outcomes) / of * 100, "%")
    report.add(f"{name}: named wrongly", sum(each.wrongly for each in outcomes) / of * 100, "%")
    others = sum(each.others for each in outcomes)
    report.add(f"{name}: other racks accused", others, "", 0, "lower")


def _sensors(fleet: Fleet) -> Iterator[PointState]:
    """The sensors of power and heat that are heard, of racks and of meters."""
    for entity in (*fleet.racks(), *fleet.equipment()):
        kinds = {RACK: _RACK, METER: (Sensor.METERS,)}.get(entity.kind or "", ())
        for sensor in kinds:
            for state in entity.of_type(sensor)[:1]:
                if state.freshness is Freshness.LIVE:
                    yield state


def _bent(fleet: Fleet, state: PointState, bias: float) -> Outcome:
    truth = state.value
    assert truth is not None  # the recording has a good value of it
    state.value = truth * (1 + bias)
    found = _judged(fleet)
    state.value = truth
    return _outcome(found, state.point, {each.id for each in fleet.racks()})


def _outcome(found: Sequence[Finding], point: Point, racks: set[EntityId]) -> Outcome:
    lying = (point.entity, point.point_type)
    named = {(each.entity, each.suspect) for each in found if each.suspect is not None}
    return Outcome(
        noticed=bool(found),
        rightly=named == {lying},
        wrongly=bool(named - {lying}),
        others=len({each.entity for each in found} & racks - {point.entity}),
    )


def _judged(fleet: Fleet) -> list[Finding]:
    """What all balances of racks and of meters find."""
    return unbalanced(fleet.views(), groups_of(fleet.topology, fleet.entity, fleet.site))
