"""Rows of the fault catalogue as JSON, with what they make of one another."""

from pydantic import BaseModel, ConfigDict

from twin.faults.rule import Limits, Rule, Rules


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class LimitsView(_Said):
    """From where on a number is a warning, and from where on critical."""

    of: str
    """What is compared."""
    unit: str
    warning: float | None
    critical: float | None
    below: bool
    """Whether it is to stay above."""
    deadband: float
    source: str


class CountView(_Said):
    """So many beginnings within so long raise it, however short each of them is."""

    entries: int
    window_s: float


class RuleView(_Said):
    """One code: what it is about, how long it takes, and what is to be done."""

    code: str
    entity_types: tuple[str, ...]
    """What it may be raised on."""
    enabled: bool
    priority: int
    severity: str
    """How bad it is where no limit says so."""
    guidance: str
    view: str
    """Where to look; ``{entity}`` stands for the entity's id."""
    limits: tuple[LimitsView, ...]
    on_delay_s: float
    critical_delay_s: float
    off_delay_s: float
    trips_at: CountView | None
    latch: bool
    ack_required: bool
    realarm_after_s: float | None
    on_stale: str
    """What missing data do to it."""
    domain: str | None
    """In which its causes are upstream."""
    suppressible: bool
    suppressed_by: tuple[str, ...]
    """Codes that explain it, on whoever serves its entity or on its publisher."""
    suppressed_beside: tuple[str, ...]
    """Codes that explain it on its own entity."""
    suppresses: tuple[str, ...]
    """Codes that it explains."""
    inhibit_wait_s: float
    """So long it waits for its cause before anybody is called."""
    source: str
    """Where delays, latch and logic come from."""


class RulesView(_Said):
    """Everything that is judged."""

    items: tuple[RuleView, ...]
    revision: str


def rule_view(rules: Rules, code: str) -> RuleView:
    """One row, switched off or not."""
    rule = rules[code]
    count = rule.trips_at
    suppressible = rule.suppressible
    return RuleView(
        code=rule.code,
        entity_types=tuple(sorted(rule.kinds)),
        enabled=code in rules,
        priority=rule.priority,
        severity=rule.severity,
        guidance=rule.guidance,
        view=rule.view,
        limits=tuple(map(_limits, rule.limits)),
        on_delay_s=rule.on_delay / 1000,
        critical_delay_s=(rule.on_delay if rule.critical_delay is None else rule.critical_delay)
        / 1000,
        off_delay_s=rule.off_delay / 1000,
        trips_at=None
        if count is None
        else CountView(entries=count.entries, window_s=count.window / 1000),
        latch=rule.latch,
        ack_required=rule.ack_required,
        realarm_after_s=None if rule.realarm_after is None else rule.realarm_after / 1000,
        on_stale=rule.on_stale,
        domain=rule.domain,
        suppressible=suppressible,
        suppressed_by=tuple(sorted(rule.effects_of)) if suppressible else (),
        suppressed_beside=tuple(sorted(rule.beside)) if suppressible else (),
        suppresses=tuple(sorted(_explained_by(rules, code))),
        inhibit_wait_s=rule.inhibit_wait / 1000 if rule.has_causes else 0.0,
        source=rule.source,
    )


def rule_views(rules: Rules) -> list[RuleView]:
    """All rows, those that are switched off too, in order of code."""
    return [rule_view(rules, code) for code in sorted([*rules.by_code, *rules.off])]


def _limits(limits: Limits) -> LimitsView:
    return LimitsView(**limits._asdict())


def _explained_by(rules: Rules, code: str) -> list[str]:
    rows: list[Rule] = [*rules.by_code.values()]
    return [each.code for each in rows if each.has_causes and code in each.effects_of | each.beside]
