"""The fault catalogue as people read it, and the schema of the rules file.

``python -m services.cli.handbook`` writes ``docs/faults.md`` and ``schemas/rules.schema.json``.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from schemas.durations import format_ms
from schemas.rules import LimitsView, RuleView, rule_views
from schemas.rules_file import USUAL, json_schema
from twin.faults.rule import ANY

ROOT: Final = Path(__file__).parent.parent.parent
FAULTS: Final = Path("docs") / "faults.md"
SCHEMA: Final = Path("schemas") / "rules.schema.json"

_HEAD: Final = """# Faults

Written by `make documents` from the rows of `twin/faults/`. What a site changes of them, and what
it adds, stands in its [rules file](rules-file.md); `racktwin rules explain CODE --rules FILE` shows
what came of it. Codes of `data`, `sensor` and `balance` say something of the data, never of the
plant: [findings](findings.md) has how they are found.

| code | on | priority | raised after | over after | stays |
|---|---|---|---|---|---|
"""


def faults() -> str:
    """The whole catalogue in Markdown."""
    views = rule_views(USUAL.rules)
    rows = (_row(view) for view in views)
    sections = ("\n".join(_section(view)) for view in views)
    return _HEAD + "\n".join(rows) + "\n\n" + "\n\n".join(sections) + "\n"


def schema() -> str:
    """What an editor checks a rules file by."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def write(root: Path = ROOT) -> None:
    """Write both."""
    (root / FAULTS).write_text(faults())
    (root / SCHEMA).write_text(schema())


def facts_of(view: RuleView) -> Iterator[tuple[str, str]]:
    """What is to be said of a row besides its guidance and limits, by name."""
    yield "on", _kinds(view)
    yield "severity", _severity(view)
    yield "priority", str(view.priority)
    yield "raised after", _raised(view)
    yield "over after", _span(view.off_delay_s)
    yield "stays", _stays(view)
    if view.realarm_after_s is not None:
        yield "called again", f"{_span(view.realarm_after_s)} after it was noted"
    yield "without data", {"hold": "stays as it is", "trip": "is raised"}.get(view.on_stale, "goes")
    yield "suppressed by", _suppressed(view)
    if view.suppresses:
        yield "suppresses", ", ".join(view.suppresses)
    yield "view", view.view
    yield "source", view.source


def limit_text(limits: LimitsView) -> str:
    """Limits in a line."""
    side = "below" if limits.below else "above"
    unit = "" if limits.unit == "1" else limits.unit
    given = (("warning", limits.warning), ("critical", limits.critical))
    said = [f"{name} {side} {_number(value, unit)}" for name, value in given if value is not None]
    if limits.deadband:
        said.append(f"deadband {_number(limits.deadband, unit)}")
    return f"{limits.of}: {', '.join(said)} ({limits.source})"


def _row(view: RuleView) -> str:
    cells = (
        f"[`{view.code}`](#{view.code.replace('.', '')})",
        _kinds(view),
        str(view.priority),
        _raised(view),
        _span(view.off_delay_s),
        _stays(view),
    )
    return f"| {' | '.join(cells)} |"


def _section(view: RuleView) -> Iterable[str]:
    yield f"## {view.code}\n"
    yield view.guidance + "\n"
    for limits in view.limits:
        yield f"- {limit_text(limits)}"
    for name, said in facts_of(view):
        yield f"- {name}: {f'`{said}`' if name == 'view' else said}"


def _kinds(view: RuleView) -> str:
    return "anything" if ANY.issubset(view.entity_types) else ", ".join(view.entity_types)


def _severity(view: RuleView) -> str:
    warns = {each.warning is not None for each in view.limits}
    trips = {each.critical is not None for each in view.limits}
    if True in warns and True in trips:
        return "WARNING or CRITICAL, by its limits"
    return view.severity


def _raised(view: RuleView) -> str:
    usual, critical = _span(view.on_delay_s), _span(view.critical_delay_s)
    said = usual if usual == critical else f"{usual}, critical {critical}"
    if view.trips_at is not None:
        said += f", or {view.trips_at.entries} times in {_span(view.trips_at.window_s)}"
    return said


def _stays(view: RuleView) -> str:
    if view.latch:
        return "until reset"
    return "until acknowledged" if view.ack_required else "while it is so"


def _suppressed(view: RuleView) -> str:
    if not view.suppressible:
        return "nothing, ever"
    said = []
    if view.suppressed_by:
        where = "on its publisher" if view.domain is None else f"upstream in {view.domain}"
        said.append(f"{', '.join(view.suppressed_by)} {where}")
    if view.suppressed_beside:
        said.append(f"{', '.join(view.suppressed_beside)} on the same entity")
    return f"{'; '.join(said)}; waits {_span(view.inhibit_wait_s)} for it" if said else "nothing"


def _span(seconds: float) -> str:
    return "at once" if seconds == 0 else format_ms(round(seconds * 1000))


def _number(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()


if __name__ == "__main__":
    write()
