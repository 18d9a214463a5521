"""Exposition: every rack, meter and cooling unit as Prometheus reads them, piece by piece."""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from schemas.documents import finite
from services.api.board import Board
from twin.audit import Audit
from twin.cdu import CDU, Cdu, cdu_of
from twin.circuits import load_of
from twin.entities import Entity, PointCounts
from twin.gist import CAPACITY, FLOW, HEADROOM, HEAT, LOAD, RETURN, SUPPLY, Gist
from twin.meters import METER
from twin.points import EntityId
from twin.racks import leak_of
from twin.suspects import LIQUID_SHARE
from twin.thermal import heat_ratio_of

LINES_AT_ONCE: Final = 500
"""Written before others have their turn: a millisecond."""

RACKS_AT_ONCE: Final = 250
"""Racks whose points are counted before others have their turn: a few milliseconds."""

UNITS_AT_ONCE: Final = 10
"""Pieces of equipment worked out before others have their turn: a few milliseconds."""

_T = TypeVar("_T")

_ESCAPED: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Family(Generic[_T]):
    """One figure of all things of a kind."""

    name: str
    meaning: str
    reads: Mapping[str, Callable[[_T], float | None]]
    """By the labels that stand behind those of the thing. None is a sample that is left out, and
    never 0: it is not the truth of now."""


class _Rack(NamedTuple):
    """What is told of a rack."""

    gist: Gist
    leak: float | None
    points: PointCounts


async def exposition(board: Board) -> AsyncGenerator[bytes]:
    """The figures as they are when the first piece is asked for.

    Every rack is as new as the board; between two pieces others have their turn.
    """
    await board.sync()
    for piece in _pieces(board):
        if piece:
            yield piece.encode()
        await board.way.give()


def _pieces(board: Board) -> Iterator[str]:
    """The text in pieces, some of them empty, each a little work."""
    gists = [shown.gist for shown in board]
    equipment, fleet = board.equipment(), board.fleet
    racks: list[_Rack] = []
    for start in range(0, len(gists), RACKS_AT_ONCE):
        for gist in gists[start : start + RACKS_AT_ONCE]:
            entity = fleet.entity(gist.id)
            if entity is not None:
                racks.append(_Rack(gist, leak_of(entity).now, entity.counts))
        yield ""
    yield from _told((*_RACKS, _residual_of(fleet.audit)), racks, _rack_labels)
    meters: list[Entity] = []
    cdus: list[tuple[EntityId, Cdu]] = []
    for start in range(0, len(equipment), UNITS_AT_ONCE):
        for identity in equipment[start : start + UNITS_AT_ONCE]:
            each = fleet.entity(identity)
            if each is not None and each.kind == METER:
                meters.append(each)
            elif each is not None and each.kind == CDU:
                view = cdu_of(each, fleet.topology, fleet.entity, fleet.coolant, fleet.site)
                cdus.append((each.id, view))
        yield ""
    yield from _told(_METERS, meters, lambda meter: _label("meter", meter.id))
    yield from _told(_CDUS, cdus, lambda cdu: _label("cdu", cdu[0]))


def _told(
    families: Sequence[Family[_T]], things: Sequence[_T], named: Callable[[_T], str]
) -> Iterator[str]:
    slices = [
        things[start : start + LINES_AT_ONCE] for start in range(0, len(things), LINES_AT_ONCE)
    ]
    labels: list[list[str]] = []
    for some in slices:
        labels.append([named(each) for each in some])
        yield ""
    for family in families:
        name = f"racktwin_{family.name}"
        yield f"# HELP {name} {family.meaning}\n# TYPE {name} gauge\n"
        for more, read in family.reads.items():
            for some, names in zip(slices, labels, strict=True):
                values = [finite(read(each)) for each in some]
                yield "".join(
                    [
                        f"{name}{{{label}{more}}} {value!r}\n"
                        for label, value in zip(names, values, strict=True)
                        if value is not None
                    ]
                )


def _rack_labels(rack: _Rack) -> str:
    place = rack.gist.place
    labels = {"rack": rack.gist.id, "hall": place.hall, "row": place.row}
    return ",".join([_label(key, value) for key, value in labels.items() if value is not None])


def _label(key: str, value: str) -> str:
    return f'{key}="{value.translate(_ESCAPED)}"'


def _figure(name: str, meaning: str, read: Callable[[_T], float | None]) -> Family[_T]:
    return Family(name, meaning, {"": read})


def _watts(name: str, meaning: str, read: Callable[[_T], float | None]) -> Family[_T]:
    """Of what the twin has in kW."""

    def watts(thing: _T) -> float | None:
        kw = read(thing)
        return None if kw is None else kw * 1000

    return Family(f"{name}_watts", meaning, {"": watts})


def _residual_of(audit: Audit) -> Family[_Rack]:
    """How far the heat balance of a rack is off, as it is judged: over time constants."""

    def residual(rack: _Rack) -> float | None:
        steady = audit.steady(rack.gist.id)
        if steady is None or not heat_ratio_of(rack.gist.heat, rack.gist.load).fresh_and_good:
            return None
        return steady.heat().residual

    meaning = f"Heat over {LIQUID_SHARE:.0%} of the power, less 1, without what is transient."
    return Family("rack_heat_residual_ratio", meaning, {"": residual})


def _completeness(rack: _Rack) -> float | None:
    points = rack.points
    return points.live / (points.live + points.stale + points.unheard)


_RACKS: Final[tuple[Family[_Rack], ...]] = (
    _watts("rack_load", "Power that a rack draws.", lambda rack: rack.gist.now(LOAD)),
    _watts("rack_heat", "Heat that its liquid carries away.", lambda rack: rack.gist.now(HEAT)),
    _watts("rack_capacity", "Power that it may draw.", lambda rack: rack.gist.now(CAPACITY)),
    _watts("rack_headroom", "Of that, what is left.", lambda rack: rack.gist.now(HEADROOM)),
    _figure("rack_supply_celsius", "Liquid that comes in.", lambda rack: rack.gist.now(SUPPLY)),
    _figure("rack_return_celsius", "Liquid that goes out.", lambda rack: rack.gist.now(RETURN)),
    _figure("rack_flow_lpm", "Litres a minute through it.", lambda rack: rack.gist.now(FLOW)),
    Family("rack_leak", "Whether it leaks: 1 or 0.", {"": lambda rack: rack.leak}),
    Family(
        "rack_points",
        "Its points, by freshness.",
        {
            ',state="LIVE"': lambda rack: rack.points.live,
            ',state="STALE"': lambda rack: rack.points.stale,
            ',state="UNHEARD"': lambda rack: rack.points.unheard,
        },
    ),
    Family(
        "rack_points_bad", "Points not to be trusted, of any.", {"": lambda rack: rack.points.bad}
    ),
    Family("rack_completeness_ratio", "Live points of all its points.", {"": _completeness}),
)
_METERS: Final[tuple[Family[Entity], ...]] = (
    _watts("meter_load", "Power that a meter reads.", lambda meter: load_of(meter).now),
)
_CDUS: Final[tuple[Family[tuple[EntityId, Cdu]], ...]] = (
    _watts(
        "cdu_heat", "Heat of its secondary loop, by its own sensors.", lambda cdu: cdu[1].heat.now
    ),
    _figure(
        "cdu_flow_lpm",
        "Litres a minute of its secondary loop.",
        lambda cdu: cdu[1].secondary.flow.now,
    ),
)
