"""Files of tests of rules: what faults should come of a recording, or of series written down."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.contract import CATALOGUE, KNOWN
from schemas.overrides import Duration, Lasting, Section, Switch, Text
from schemas.toml_text import TomlError, parse_toml
from twin.fault import State
from twin.instants import Millis
from twin.points import EntityId, Point, PointId, PublisherId

LONGEST: Final = 1_000_000
"""A series has no more values than this: eleven days of seconds."""

STALE: Final = "stale"
"""Nothing is said until what was said is stale; ``_`` is one value that is not said."""


class RuleTestsError(TomlError):
    """A file of tests that cannot be used, and why: a line for each thing that is wrong."""


class Run(NamedTuple):
    """One value, or a word for none, so many times."""

    value: float | str
    times: int


_TERM: Final = re.compile(r"(_|stale|-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?:x([0-9]{1,7}))?")


def series_of(text: str) -> tuple[Run, ...]:
    """What a series says, as ``32x10 41.5x20 _x5 stale``.

    Raises:
        ValueError: It says something else.
    """
    return tuple(_runs(text))


def _runs(text: str) -> Iterator[Run]:
    total = 0
    for term in text.split():
        found = _TERM.fullmatch(term)
        if found is None:
            raise ValueError(f"{term!r} is none of 41.5, 41.5x20, _, _x5 and stale")
        said, times = found[1], int(found[2] or 1)
        total += times
        if total > LONGEST:
            raise ValueError(f"more than {LONGEST} values")
        yield Run(said if said in {"_", STALE} else float(said), times)
    if not total:
        raise ValueError("a series has values, as 32x10 41.5x20 _x5 stale")


def _series(text: str) -> str:
    series_of(text)
    return text


def _kind(text: str) -> str:
    if text not in KNOWN:
        raise ValueError("should be {objectType}/{pointType} of the contract, as Rack/RackPower")
    return text


class SeriesEntry(Section):
    """One point, and what it says."""

    point: Annotated[str, AfterValidator(_kind)]
    """``{objectType}/{pointType}``."""
    entity: Text
    tag: Text | None = None
    """Tells two points of one type on one entity apart."""
    values: Annotated[str, AfterValidator(_series)]
    unit: Text | None = None
    """That of the contract where it has one."""
    states: dict[str, int] = Field(default_factory=dict)
    """What each text of a state stands for, as ``{Normal = 0, Leak = 1}``."""
    serves: tuple[Text, ...] = ()
    process_area: tuple[Text, ...] = ()
    phase: Text | None = None
    setpoint: Switch = False

    def described(self) -> Point:
        """The point as its metadata have it."""
        object_type, point_type = self.point.split("/")
        path = "/".join(filter(None, (self.point, self.entity, self.tag)))
        kind = CATALOGUE[object_type][point_type]
        return Point(
            id=PointId(path),
            object_type=object_type,
            point_type=point_type,
            entity=EntityId(self.entity),
            publisher=PublisherId("PUB"),
            name=self.entity,
            unit=self.unit or (None if self.states else kind.unit),
            states=tuple((value, text) for text, value in self.states.items()),
            serves=tuple(map(EntityId, self.serves)),
            process_area=self.process_area,
            is_setpoint=self.setpoint,
            phase=self.phase,
        )


class ExpectedFault(Section):
    """One fault that should be there; what is left out may be anything."""

    code: Text
    entity: Text
    severity: Literal["WARNING", "CRITICAL"] | None = None
    """Of that instant; at the end the worst that it was."""
    state: State | None = None
    qualifier: Text | None = None
    """Tells several of one code on one entity apart, as a point's id."""
    raised: tuple[Duration, Duration] | None = None
    """Not before and not after, since the start."""


class Expectation(Section):
    """What should be there at one instant, or until the end."""

    at: Duration | None = None
    """Since the start: what stands then. Without it: all that was raised until the end."""
    faults: tuple[ExpectedFault, ...] = ()
    nothing_else: Switch = True


class RuleTest(Section):
    """One test."""

    name: Text
    recording: Path | None = None
    """Beside the file of tests, where it is no absolute path."""
    until: Duration | None = None
    """How long time runs; without it as long as anything is said."""
    interval: Lasting = Millis(1_000)
    """Between two values of a series."""
    series: tuple[SeriesEntry, ...] = ()
    expect: tuple[Expectation, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.recording is None) is (not self.series):
            raise ValueError("either a recording or series should be there")
        late = [each.at for each in self.expect if each.at is not None]
        if self.until is not None and max(late, default=0) > self.until:
            raise ValueError("expect.at lies behind until")
        return self


class RuleTests(Section):
    """The whole file."""

    rules: Path | None = None
    """A rules file, beside this one where it is no absolute path; without it the catalogue."""
    tests: tuple[RuleTest, ...] = Field(min_length=1)


def parse(text: str) -> RuleTests:
    """What a file of tests says.

    Raises:
        RuleTestsError: It is no TOML, or says something that cannot be.
    """
    try:
        return parse_toml(text, RuleTests)
    except TomlError as error:
        raise RuleTestsError(str(error)) from error
