"""Balances of racks and of meters: what does not close, and who lies."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from twin.branches import branches_of, electric_of, group_of
from twin.finding import Finding
from twin.meters import Find
from twin.misread import misread
from twin.points import EntityId
from twin.racks import Rack
from twin.site import Site
from twin.suspects import (
    LIQUID_SHARE,
    UNITS,
    Readings,
    Sensor,
    Verdict,
    heat_expects,
    judge_heat,
    judge_meters,
)
from twin.topology import Domain, Topology
from twin.witness import Blame, Electric, Expected, Group, electric, judge_group

ElectricOf = Callable[[EntityId], Electric | None]
"""Gives what a meter shows of the power through it."""


class Groups:
    """Groups of meters and what they serve, and who takes part in which.

    Args:
        groups: What they read.
        electric_of: Asked only where a group is off.
    """

    def __init__(self, groups: Sequence[Group], electric_of: ElectricOf) -> None:
        self.groups = groups
        self._electric_of = electric_of
        self._of: dict[EntityId, list[Group]] = {}
        for group in groups:
            for each in (*group.meters, *group.served):
                self._of.setdefault(each, []).append(group)

    def __contains__(self, rack: EntityId) -> bool:
        return rack in self._of

    def words(self, entity: EntityId, but: Group | None = None) -> Iterator[Expected]:
        """What the groups of a reading make of it, all or all but one."""
        for group in self._of.get(entity, ()):
            if group is not but and (word := group.expects(entity)) is not None:
                yield word

    def electric(self, meter: EntityId, group: Group) -> Expected | None:
        """What volts and amperes of one meter of a group make of its reading."""
        shown = {each: seen for each in group.meters if (seen := self._electric_of(each))}
        own = shown.get(meter) or self._electric_of(meter)
        return None if own is None else electric(meter, shown | {meter: own})


def groups_of(topology: Topology, find: Find, site: Site) -> Groups:
    """All groups of meters and what they serve, as they read now."""

    def shown(meter: EntityId) -> Electric | None:
        entity = find(meter)
        return None if entity is None else electric_of(entity)

    branches = branches_of(topology, find, site)
    return Groups([group_of(branch, find) for branch in branches], shown)


NO_GROUPS: Final = Groups((), dict[EntityId, Electric]().get)


def unbalanced(racks: Iterable[Rack], groups: Groups = NO_GROUPS) -> list[Finding]:
    """Everything that the balances of ``racks`` find, in order of rack and code, then the meters'.

    A rack takes part where all of its heat balance is the truth of now; stale and bad readings
    are no findings of physics.
    """
    known: dict[EntityId, Readings] = {}
    loops: dict[tuple[EntityId, ...], list[EntityId]] = {}
    for rack in racks:
        readings = readings_of(rack)
        if readings is not None:
            known[rack.id] = readings
            loops.setdefault(_loop(rack), []).append(rack.id)
    peers = {each: together for together in loops.values() for each in together}
    found: list[Finding] = []
    for identity in sorted(known):
        others = [known[each] for each in peers[identity] if each != identity]
        found += judge_rack(identity, known[identity], others, groups)
    return found + judge_groups(groups, known)


def judge_rack(
    rack: EntityId, readings: Readings, peers: Sequence[Readings], groups: Groups = NO_GROUPS
) -> Iterator[Finding]:
    """What the balances of one rack find.

    Args:
        rack: The rack.
        readings: Of its sensors.
        peers: Of other racks on the same loop.
        groups: Of the meters: they know its power. Where it is in none, its own meters do.
    """
    if rack in groups:
        readings = replace(readings, meters_kw=None)  # they may serve others as well
    heat = judge_heat(readings, peers, [*groups.words(rack)])
    if heat is not None:
        yield _finding("balance.heat", rack, heat, _why_heat(heat))
    meters = judge_meters(readings)
    if meters is not None:
        share = f"its meters add up to {meters.ratio:.1%} of the rack's own reading"
        yield _finding("balance.power", rack, meters, share)


def judge_groups(groups: Groups, known: Mapping[EntityId, Readings]) -> list[Finding]:
    """What the balances of meters find, each reading at most once, in order of entity.

    Args:
        groups: Of the meters.
        known: Readings of the racks whose heat is a witness of their power.
    """
    found: dict[EntityId, Finding] = {}
    for group in groups.groups:
        finding = judge_branch(group, groups, known)
        if finding is not None and (finding.suspect or finding.entity not in found):
            found[finding.entity] = finding
    return [found[each] for each in sorted(found)]


def judge_branch(
    group: Group, groups: Groups, known: Mapping[EntityId, Readings]
) -> Finding | None:
    """What the balance of one group of meters finds, at whatever is to blame, else at its first.

    Args:
        group: The group; where it closes, nothing else is looked at.
        groups: All in which any of its readings takes part.
        known: Readings of the racks among them whose heat is a witness of their power.
    """
    if not group.off_kw:
        return None

    def words_of(entity: EntityId) -> list[Expected]:
        readings = known.get(entity)
        own = (groups.electric(entity, group), None if readings is None else heat_expects(readings))
        return [*groups.words(entity, but=group), *(word for word in own if word is not None)]

    blame = judge_group(group, words_of)
    reason = _why_group(group, blame)
    if blame.entity is None:
        return Finding("balance.power", min(group.meters), None, reason, blame.ratio)
    suspect = Sensor.POWER if blame.entity in group.racks else Sensor.METERS
    return Finding("balance.power", blame.entity, suspect, reason, blame.ratio, blame.implied, "kW")


def _why_group(group: Group, blame: Blame) -> str:
    meters = " and ".join(sorted(group.meters))
    they, feed, read = (
        ("they", "feed", "read") if len(group.meters) > 1 else ("it", "feeds", "reads")
    )
    if blame.ratio is None:
        reason = f"{meters} {read} nothing, and what {they} {feed} draws power"
    else:
        least = "" if group.whole else "at least "
        reason = f"what {meters} {feed} draws {least}{blame.ratio:.1%} of what {they} {read}"
    if blame.reads is None or blame.implied is None:
        return reason
    return _told(reason, misread(blame.reads, blame.implied, UNITS[Sensor.METERS]))


def _why_heat(verdict: Verdict) -> str:
    carried = f"the liquid carries {verdict.ratio:.1%} of the heat that {LIQUID_SHARE:.0%} of "
    return _told(f"{carried}the power would be", verdict.misread)


def _told(reason: str, misread_as: str | None) -> str:
    return reason if misread_as is None else f"{reason}: as if it were {misread_as}"


def _finding(code: str, rack: EntityId, verdict: Verdict, reason: str) -> Finding:
    suspect = verdict.suspect
    unit = None if suspect is None else UNITS[suspect]
    return Finding(code, rack, suspect, reason, verdict.ratio, verdict.implied, unit)


def _loop(rack: Rack) -> tuple[EntityId, ...]:
    """What cools a rack: those with the same are peers."""
    return tuple(rack.upstream[Domain.LIQUID])


def readings_of(rack: Rack) -> Readings | None:
    """What the heat balance of a rack is made of; None unless all of it is the truth of now."""
    thermal = rack.thermal
    values = [each.now for each in (rack.power.load, thermal.flow, thermal.supply, thermal.return_)]
    power, flow, supply, return_ = values
    if power is None or flow is None or supply is None or return_ is None:
        return None
    meters = rack.power.balance.meters.now if rack.power.balance.racks.fresh_and_good else None
    return Readings(power, flow, supply, return_, thermal.coolant, meters)
