"""Audit: the balances of a fleet as live state, drawn up at fixed instants of event time."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from twin.balance import Balance
from twin.changes import Change, Changes
from twin.entities import Entity, doubtful
from twin.faults.engine import Faults
from twin.faults.thresholds import Threshold, covered
from twin.held import CONTRACT, Held, Standing, key_of, order_of
from twin.instants import Instant
from twin.parts import Judgement, Part
from twin.points import EntityId, PointId, PointState
from twin.remembered import Remembered
from twin.rota import BEAT, BEATS, SECOND, TURNS, Rota, rota_of
from twin.site import Site
from twin.steady import Steady
from twin.steps import Steps, some
from twin.thermal import Coolant
from twin.topology import Topology
from twin.wiring import Wiring

STEPS: Final = 2_500
"""So many things at the most are drawn up in one beat, which takes some 25 ms:
what 70 racks and their like take, so that a small fleet is drawn up at once; ours."""

_TOLD: Final = "told"
"""In place of who judges, where findings were told and not found."""

_NOBODY: Final[Mapping[str, Held]] = {}


class Audit:
    """Every balance of a fleet, and what its readings cannot be.

    All of it follows from what was heard before each beat, whose instants are whole numbers of
    ``BEAT``: the same messages give the same findings, however time is cut.

    Args:
        topology: Who serves whom.
        entities: All there are, as they come and go.
        coolant: What flows where nothing is written down.
        faults: Judges what is seen of things once a second.
    """

    def __init__(
        self,
        topology: Topology,
        entities: Mapping[EntityId, Entity],
        coolant: Coolant,
        faults: Faults,
    ) -> None:
        self.next_at: Instant = Instant(0)
        """Nothing is judged before this."""
        self.faults = faults
        self._entities = entities
        self._wiring = Wiring(topology, entities, coolant)
        self._rota = Rota()
        self._drawing: Steps[Rota] | None = None
        self._suspects: dict[EntityId, Collection[str]] = {}
        self._held: dict[EntityId, dict[str, Held]] = {}
        self._woken: dict[EntityId, dict[str, Instant]] = {}
        self._touched = 0
        self._drawn_up_at = Instant(0)
        self._remembered = Remembered(())
        self._quiet = BEATS

    # -- what changes it -------------------------------------------------------------------------

    def touch(self, entity: EntityId) -> None:
        """Take note that an entity has other points, or serves others, than before."""
        self._wiring.touched.add(entity)

    def wake(self, state: PointState, at: Instant) -> None:
        """Take note that a point was first heard ``at``: what it says has been so for long.

        Publishers speak when something changes (DSX BMS v1): a value that comes without a change
        stood since the point was listened for.
        """
        woken = self._woken.setdefault(state.point.entity, {})
        kind = state.point.point_type
        woken[kind] = max(woken.get(kind, Instant(0)), state.described_at)
        idle = self._quiet >= BEATS  # nothing was live until now
        self.next_at = _beat_after(at) if idle else min(self.next_at, _beat_after(at))

    def resume(self, faults: Faults) -> None:
        """Go on with the faults of the process before: what was found then is not found anew."""
        self.faults = faults
        self._remembered = Remembered(faults.standing())

    def recall(self, faults: Faults, findings: Iterable[Standing], at: Instant) -> Steps[None]:
        """Hold these findings, and draw up the balances of what is read ``at`` alone."""
        self.faults = faults
        for each in findings:
            judges = self._held.setdefault(each.finding.entity, {})
            judges.setdefault(_TOLD, Held()).standing[key_of(each.finding)] = each
        parts = self._rota.due[0] = yield from self._wiring.balanced()
        for part in parts:
            part.sample(at)
            yield
        for part in parts:
            for _ in part.judge(at):
                pass  # what was found then was told
            yield

    def govern(self, thresholds: Sequence[Threshold], at: Instant) -> Changes:
        """Take it that there are other rules now, and other limits of the site's own.

        Nobody judges by the old ones any more; whoever judges by these begins within two seconds.
        """
        self._rota.rest()
        self._drawing = None  # what it has drawn up is of the old ones
        self._drawn_up_at = Instant(0)
        self._wiring.thresholds = thresholds
        self._wiring.touched.update(self._entities)
        return tuple(self._uncovered(at))

    def configure(self, site: Site) -> None:
        """Take what is written down from ``site`` now."""
        self._wiring.configure(site)

    @property
    def idle(self) -> bool:
        """Whether all has been seen silent: there is nothing to judge until something is heard."""
        waits = self._wiring.touched or self._drawing is not None
        return self._quiet >= BEATS and not waits

    def skip(self, now: Instant) -> Changes:
        """Let time pass in which nothing is live, up to ``now`` once all has been seen silent."""
        if not self.idle:
            self._quiet += 1
            return self._beat()
        self.next_at = max(self.next_at, _beat_after(now))
        return ()

    def take(self) -> Changes:
        """Judge what is due at ``next_at``, which then lies a beat further on."""
        self._quiet = 0
        return self._beat()

    def _beat(self) -> Changes:
        at = self.next_at
        beat = at // BEAT
        self.next_at = Instant(at + BEAT * self._rota.until[beat % BEATS])
        changes: list[Change] = []
        if self._drawing is None and beat % SECOND == 0 and self._through(at):
            self._drawing = self._draw_up()
        changes += self._rewire(at)
        for part in self._rota.sampled[beat % TURNS]:
            part.sample(at)
        if self._remembered and beat % BEATS == 0:
            changes += self._remembered.over(at, self._entities)
        changes += self._look(beat, at)
        due = self._rota.due[beat % BEATS]
        changes += self._judged((*due, *self._wake(due)), at)
        for part in due:
            changes += part.derived(at)
        self._woken.clear()
        return tuple(changes)

    # -- what is asked of it ---------------------------------------------------------------------

    def findings(self) -> list[Standing]:
        """Everything that counts now, in order of code and entity."""
        standing = (
            each
            for judges in self._held.values()
            for held in judges.values()
            for each in held.standing.values()
        )
        return sorted(standing, key=lambda each: order_of(each.finding))

    def balances(self) -> Iterator[Balance]:
        """Every balance as it stands, in no order."""
        for parts in self._rota.due:
            for part in parts:
                yield from part.balances()

    def steady(self, rack: EntityId) -> Steady | None:
        """What the sensors of a rack read of late; None where there is no such rack yet."""
        return self._wiring.steady(rack)

    # -- inside ----------------------------------------------------------------------------------

    def _look(self, beat: int, at: Instant) -> Iterator[Change]:
        """Ask the guards whose turn it is, and bring what they say before the engine."""
        on, suspects, judge = self.faults.on, self._suspected, self.faults.judge
        for guard in self._rota.guards[beat % TURNS]:
            for key, judged in guard.look(at, on, suspects):
                yield from judge(key, judged, at)

    def _judged(self, parts: Iterable[Part], at: Instant) -> Iterator[Change]:
        for part in parts:
            for judgement in part.judge(at):
                if judgement.found or judgement.by in self._held.get(judgement.entity, _NOBODY):
                    yield from self._judge(judgement, at)

    def _suspected(self, entity: EntityId) -> Collection[str]:
        return self._suspects.get(entity, ())

    def _wake(self, due: Sequence[Part]) -> list[Part]:
        """The parts of what was heard for the first time, in order of id, without those due."""
        woken = (part for each in sorted(self._woken) for part in self._rota.parts.get(each, ()))
        parts = {id(part): part for part in woken}
        for part in due:
            parts.pop(id(part), None)
        return [*parts.values()]

    def _through(self, at: Instant) -> bool:
        """Whether to draw the parts up now: a burst of metadata is over, or lasts for long.

        It takes seconds where a site is large, so it is not done for each part of a burst.
        """
        touched, before = len(self._wiring.touched), self._touched
        self._touched = touched
        if not touched or (touched != before and at - self._drawn_up_at < BEAT * BEATS):
            return False
        self._touched, self._drawn_up_at = 0, at
        return True

    def _draw_up(self) -> Steps[Rota]:
        """Draw the parts up anew; that takes effect when it is through, and all at once."""
        plan = yield from self._wiring.draw_up(self.faults.rules)
        rota = yield from rota_of(plan.parts, plan.guards, plan.meters, plan.loops)
        self._wiring.take(plan)
        return rota

    def _rewire(self, at: Instant) -> Iterable[Change]:
        """Go on with drawing up; what is gone has no findings any more once it is through.

        How far it comes in a beat hangs on no clock, so it takes effect at the same instant always.
        """
        if self._drawing is None:
            return ()
        rota = some(self._drawing, STEPS)
        if rota is None:
            self.next_at = Instant(at + BEAT)
            return ()
        self._drawing, self._rota = None, rota
        rota.begin()
        return [*self._end(at), *self._uncovered(at), *self.faults.rewire(at)]

    def _uncovered(self, at: Instant) -> Iterator[Change]:
        """Close what was beyond a limit of the site's own to which its point is not held now.

        Of a point that is not described, as after a restart, nobody knows whether it is.
        """
        thresholds = self._wiring.thresholds
        codes = {each.code for each in thresholds}
        for entity in sorted(self._entities) if codes else ():
            points = self._entities[entity].points
            for key in sorted(self.faults.on(entity)):
                state = points.get(PointId(key.qualifier)) if key.code in codes else None
                if state is not None and not covered(key.code, state.point, thresholds):
                    yield from self.faults.remove(key, at)

    def _end(self, at: Instant) -> Iterator[Change]:
        """Of what is gone nothing counts any more."""
        for entity in sorted(self._held.keys() - self._entities.keys()):
            judges = self._held.pop(entity)
            for by in sorted(judges):
                yield from judges[by].end(at)
            self._suspects.pop(entity, None)

    def _judge(self, judgement: Judgement, at: Instant) -> Changes:
        entity = self._entities.get(judgement.entity)
        if entity is None:
            return ()  # gone since the parts were drawn up
        judges = self._held.setdefault(judgement.entity, {})
        held = judges.setdefault(judgement.by, Held())
        unknown = judgement.unknown | doubtful(entity)
        if self._remembered:
            held.standing.update(self._remembered.again(judgement.entity, judgement.found))
        began = self._woken.get(judgement.entity, {})
        changes = held.judge(judgement.found, unknown, at, began)
        if not held:
            del judges[judgement.by]
        if changes:
            self._suspect(judgement.entity, judges)
        if not judges:
            del self._held[judgement.entity]
        return tuple(changes)

    def _suspect(self, entity: EntityId, judges: Mapping[str, Held]) -> None:
        """Note which sensors of an entity are not to be believed, as it stands now."""
        suspects = {
            standing.finding.suspect
            for held in judges.values()
            for standing in held.standing.values()
            if standing.finding.suspect is not None and standing.finding.code != CONTRACT
        }
        if suspects:
            self._suspects[entity] = suspects
        else:
            self._suspects.pop(entity, None)


def _beat_after(now: Instant) -> Instant:
    return Instant(now - now % BEAT + BEAT)
