"""Limits of a liquid-cooled rack, and which of them numbers exceed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from twin.faults.catalogue import CATALOGUE
from twin.measured import Measured
from twin.points import EntityId
from twin.severity import Severity


class Of(StrEnum):
    """What has limits."""

    SUPPLY_C = "supply_c"
    RETURN_C = "return_c"
    DELTA_T_K = "delta_t_k"
    FLOW_LPM_PER_KW = "flow_lpm_per_kw"
    FEED_LOADING_PCT = "feed_loading_pct"
    METER_LOADING_PCT = "meter_loading_pct"


class Limit(NamedTuple):
    """From where on a number is a warning, and from where on critical."""

    of: Of
    warning: float
    critical: float
    below: bool = False
    """Whether it is to stay above."""

    def judge(self, value: float) -> tuple[Severity, float] | None:
        """How bad a value is, and the limit that it is beyond."""
        for severity, limit in (
            (Severity.CRITICAL, self.critical),
            (Severity.WARNING, self.warning),
        ):
            if value < limit if self.below else value > limit:
                return severity, limit
        return None


def _judged_by(code: str, named: str, of: Of) -> Limit:
    """The limit of a row of the catalogue."""
    row = CATALOGUE.limits(code, named)
    assert row is not None, code
    assert row.warning is not None, code
    assert row.critical is not None, code
    return Limit(of, row.warning, row.critical, row.below)


COOLANT: Final = (
    _judged_by("liquid.supply_temperature_high", "supply_c", Of.SUPPLY_C),
    _judged_by("liquid.supply_temperature_low", "supply_c", Of.SUPPLY_C),
    _judged_by("liquid.return_temperature_high", "return_c", Of.RETURN_C),
    _judged_by("liquid.delta_t_high", "delta_t_k", Of.DELTA_T_K),
    Limit(Of.FLOW_LPM_PER_KW, 1.25, 0.8, below=True),
)
"""The temperatures as the catalogue has them. The flow is what a rack is designed for, 1.25 LPM per
kW by OCP's guidelines; at 0.8 of water the rise is 18 K, all but what it may be."""

FEED: Final = _judged_by("power.over_current", "loading_pct", Of.FEED_LOADING_PCT)
"""Of what a circuit may carry."""

METER: Final = _judged_by("power.over_current", "loading_pct", Of.METER_LOADING_PCT)
"""The same of what feeds the feeds."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that a number is beyond."""

    of: Of
    entity: EntityId
    value: Measured
    limit: float
    severity: Severity


def breach(limit: Limit, entity: EntityId, value: Measured) -> tuple[Breach, ...]:
    """Whether ``value`` is beyond ``limit``; it never is unless it is the truth of now."""
    judged = None if value.now is None else limit.judge(value.now)
    return () if judged is None else (Breach(limit.of, entity, value, judged[1], judged[0]),)


def breaches(entity: EntityId, values: Mapping[Of, Measured]) -> tuple[Breach, ...]:
    """The limits of the coolant that the values of a rack are beyond."""
    return tuple(
        each
        for limit in COOLANT
        if limit.of in values
        for each in breach(limit, entity, values[limit.of])
    )
