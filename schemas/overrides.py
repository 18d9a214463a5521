"""What a rules file says of a row of the catalogue, and the row that comes of it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from schemas.durations import format_ms, parse_ms
from twin.faults.rule import Limits, Rule
from twin.instants import Millis
from twin.severity import Severity

Text = Annotated[str, Field(min_length=1, pattern=r"\S")]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Switch = Annotated[bool, Field(strict=True)]
Priority = Annotated[int, Field(strict=True, ge=1, le=4)]
Deadband = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


def _duration(said: object) -> int:
    if not isinstance(said, str):
        raise ValueError(f"Input should be a duration in quotes, as '10s', not {said!r}")  # noqa: TRY004  # pydantic tells of a ValueError
    return parse_ms(said)


_DURATION: Final = {
    "type": "string",
    "pattern": r"^(0|([0-9.]+(h|ms|us|µs|ns|m|s))+)$",
    "examples": ["10s", "1m30s", "250ms"],
}

Duration = Annotated[Millis, BeforeValidator(_duration), WithJsonSchema(_DURATION)]
Lasting = Annotated[Millis, BeforeValidator(_duration), Field(gt=0), WithJsonSchema(_DURATION)]


class Section(BaseModel):
    """A table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class LimitsEntry(Section):
    """Limits of a row, in its own unit; what is left out stays."""

    warning: Number | None = None
    """From where on it is a warning."""
    critical: Number | None = None
    """From where on it is critical."""
    deadband: Deadband | None = None
    """How far within the limit it must be to count as well again."""


class RuleEntry(Section):
    """What is other than in the catalogue; what is left out stays."""

    enabled: Switch | None = None
    """False: nothing is raised by it. Needs a reason."""
    reason: Text | None = None
    """Why it is changed; leaks and isolation are not changed without one."""
    severity: Literal["WARNING", "CRITICAL"] | None = None
    """How bad it is where no limit says so."""
    priority: Priority | None = None
    """How soon somebody has to act, from 1, at once, to 4, some day."""
    on_delay: Duration | None = None
    """How long it must be so before it is raised."""
    critical_delay: Duration | None = None
    """The same while it is critical."""
    off_delay: Duration | None = None
    """How long it must be over before it is cleared."""
    latch: Switch | None = None
    """Whether it stays until somebody resets it."""
    ack_required: Switch | None = None
    """Whether it stays until somebody took note, though it is over."""
    realarm_after: Lasting | None = None
    """Somebody is called again when it was noted so long ago and still stands."""
    limits: dict[str, LimitsEntry] = {}
    """By what is compared; racktwin rules explain CODE tells which there are."""


def overridden(rule: Rule, entry: RuleEntry) -> Rule:
    """The row as a site wants it, whether that can be or not."""
    given = entry.model_dump(exclude_unset=True, exclude={"enabled", "reason", "limits"})
    said = [f"{name} {_shown(name, value)}" for name, value in given.items()]
    said += ["limits"] * bool(entry.limits) + ["switched off"] * (entry.enabled is False)
    if not said:
        return rule
    why = f" ({entry.reason})" if entry.reason else ""
    severity = Severity(entry.severity or rule.severity)
    return replace(
        rule,
        **(given | {"severity": severity}),
        limits=tuple(_limits(each, entry.limits.get(each.of)) for each in rule.limits),
        source=f"{rule.source}; at this site: {', '.join(said)}{why}",
    )


def contradictions(before: Rule, entry: RuleEntry, rule: Rule) -> Iterator[tuple[str, str]]:
    """Which keys of an entry cannot be, and why.

    Args:
        before: The row of the catalogue.
        entry: What the file says of it.
        rule: What came of both.
    """
    if not entry.reason:
        if entry.enabled is False:
            yield "enabled", "a rule is switched off with a reason"
        elif not rule.suppressible and rule != before:
            yield "reason", "a rule about leaks or isolation is changed with a reason"
    if rule.about_data and rule.severity is Severity.CRITICAL:
        yield "severity", "what says something of the data is a WARNING"
    yield from delays(rule)
    known = {each.of: each for each in rule.limits}
    for name in entry.limits:
        if name not in known:
            there = ", ".join(known) or "none"
            yield f"limits.{name}", f"no such limit (there are: {there})"
            continue
        for why in disorder(known[name]):
            yield f"limits.{name}", why


def delays(rule: Rule) -> Iterator[tuple[str, str]]:
    """Whether it takes longer until it is critical than until it is a warning."""
    if rule.critical_delay is not None and rule.critical_delay > rule.on_delay:
        critical, usual = format_ms(rule.critical_delay), format_ms(rule.on_delay)
        yield "critical_delay", f"{critical} is longer than on_delay, {usual}"


def disorder(limits: Limits) -> Iterator[str]:
    """What limits contradict in one another."""
    warning, critical = limits.warning, limits.critical
    if warning is None or critical is None:
        return
    distance = warning - critical if limits.below else critical - warning
    if distance <= 0:
        side = "below" if limits.below else "above"
        yield f"critical, {critical:g}, should be {side} warning, {warning:g}"
    elif limits.deadband >= distance:
        yield (
            f"deadband, {limits.deadband:g}, should be less than warning and critical are apart,"
            f" {distance:g}"
        )


def perhaps(said: str, there: Iterable[str]) -> str:
    """What may have been meant, to be put behind an error; nothing where nobody can tell."""
    near = get_close_matches(said, sorted(there), n=1)
    return f" (perhaps {near[0]})" if near else ""


def _limits(limits: Limits, entry: LimitsEntry | None) -> Limits:
    given = {} if entry is None else entry.model_dump(exclude_unset=True)
    if not given:
        return limits
    before = ", ".join(f"{name} {getattr(limits, name)}" for name in given)
    return limits._replace(**given, source=f"this site's, instead of {before}: {limits.source}")


def _shown(name: str, value: int | str) -> str:
    if name.endswith(("_delay", "_after")):
        return format_ms(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)
