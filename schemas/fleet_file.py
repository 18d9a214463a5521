"""The fleet file: where racks stand and what things are rated for, as TOML.

A key that does not exist, an id that stands there twice and a number that cannot be are errors. The
ids are those of the bus.
"""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.toml_text import TomlError, parse_toml
from twin.circuits import Rating
from twin.points import EntityId
from twin.site import CduPlate, RackPlace, Site
from twin.thermal import Coolant

Text = Annotated[str, Field(min_length=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class FleetFileError(TomlError):
    """A fleet file that cannot be used, and why: a line for each thing that is wrong."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class RackKind(_Section):
    """What many racks have in common."""

    hall: Text | None = None
    row: Text | None = None
    model: Text | None = None
    rated_kw: Positive | None = None


class RackEntry(RackKind):
    """One rack."""

    position: Text | None = None
    """Within its row."""
    feeds: tuple[Text, ...] = ()
    """Ids of meters, which ``racktwin fleet check`` compares with the bus."""


class CduEntry(_Section):
    """One coolant distribution unit."""

    capacity_kw: Positive | None = None
    coolant: Coolant | None = None


class MeterEntry(_Section):
    """One meter: its circuit's limits, where the bus does not tell them."""

    limit_a: Positive | None = None
    rated_kw: Positive | None = None


class Defaults(_Section):
    """What an entry has where it does not say otherwise. They list nothing by themselves."""

    rack: RackKind = RackKind()
    cdu: CduEntry = CduEntry()
    meter: MeterEntry = MeterEntry()


class FleetFile(_Section):
    """The whole file."""

    coolant: Coolant | None = None
    defaults: Defaults = Defaults()
    racks: dict[Text, RackEntry] = {}
    cdus: dict[Text, CduEntry] = {}
    meters: dict[Text, MeterEntry] = {}


def parse(text: str) -> Site:
    """What a fleet file says.

    Raises:
        FleetFileError: It is no TOML, or says something that cannot be.
    """
    try:
        return _site(parse_toml(text, FleetFile))
    except TomlError as error:
        raise FleetFileError(str(error)) from error


def _site(file: FleetFile) -> Site:
    racks = _filled(file.racks, file.defaults.rack)
    cdus = _filled(file.cdus, file.defaults.cdu)
    meters = _filled(file.meters, file.defaults.meter)
    return Site(
        coolant=file.coolant,
        racks={
            EntityId(rack): RackPlace(
                hall=entry.hall,
                row=entry.row,
                position=entry.position,
                model=entry.model,
                rated_kw=entry.rated_kw,
                feeds=tuple(map(EntityId, entry.feeds)),
            )
            for rack, entry in racks.items()
        },
        cdus={EntityId(cdu): CduPlate(e.capacity_kw, e.coolant) for cdu, e in cdus.items()},
        meters={EntityId(meter): Rating(e.limit_a, e.rated_kw) for meter, e in meters.items()},
    )


_Entry = TypeVar("_Entry", bound=_Section)


def _filled(entries: dict[str, _Entry], defaults: _Section) -> dict[str, _Entry]:
    """The entries with the defaults under what each says itself."""
    given = defaults.model_dump(exclude_unset=True)
    return {
        name: entry.model_copy(update=given | entry.model_dump(exclude_unset=True))
        for name, entry in entries.items()
    }
