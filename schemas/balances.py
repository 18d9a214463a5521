"""Balances as documents."""

from collections.abc import Iterable

from schemas.api import Page
from schemas.documents import Document, MeasuredView, Time, finite, measured_view, time_of
from schemas.findings import FindingView, finding_view
from twin.balance import Balance, Closure
from twin.held import Standing
from twin.instants import Instant
from twin.measured import Measured, nothing
from twin.points import EntityId, Freshness, Quality

Found = dict[tuple[str, EntityId], Standing]
"""The findings that stand, by code and entity."""


class BalanceView(Document):
    """Two ways of knowing one quantity, and how far they are apart."""

    code: str
    """``balance.heat``, ``balance.power`` or ``balance.flow``."""
    entity: str
    unit: str
    shown: MeasuredView
    """What is checked: the heat carried away, the meters' sum, the unit's flow."""
    expected: MeasuredView
    """What the other side makes of it. Both tell of how many inputs the balance is made."""
    residual_pct: float | None
    """How far ``shown`` is off, in parts of ``expected``; null unless both are known."""
    uncertainty_pct: float | None
    """How far it may be off."""
    closure: Closure
    one_sided: bool
    """Only what falls short can be judged: some of what is served is silent, or may pass by."""
    fresh: int
    """How many of its inputs are live and good …"""
    inputs: int
    """… of how many."""
    at: Time | None
    """When it was drawn up; null where it never was."""
    others: tuple[str, ...]
    """Who else takes part: the meters beside this one, and what they serve."""
    finding: FindingView | None
    """What counts against it, of whoever takes part; null where it closes."""


class BalancesPage(Page[BalanceView]):
    """Balances."""


def found_by(standing: Iterable[Standing]) -> Found:
    """The findings that stand, to be looked up."""
    return {(each.finding.code, each.finding.entity): each for each in standing}


def balance_view(balance: Balance, found: Found, now: Instant) -> BalanceView:
    """One balance, with what counts against it of ``found``."""
    residual = balance.residual
    return BalanceView(
        code=balance.code,
        entity=balance.entity,
        unit=balance.unit,
        shown=measured_view(_side(balance.shown, balance), now),
        expected=measured_view(_side(balance.expected, balance), now),
        residual_pct=None if residual is None else finite(residual * 100),
        uncertainty_pct=None if residual is None else finite(balance.uncertainty * 100),
        closure=balance.closure,
        one_sided=balance.one_sided,
        fresh=balance.fresh,
        inputs=balance.inputs,
        at=time_of(balance.at or None),
        others=balance.others,
        finding=_against(balance, found),
    )


def _against(balance: Balance, found: Found) -> FindingView | None:
    if balance.closure is Closure.CLOSED:
        return None  # a meter takes part in two, and what stands is of the other
    standing = (found.get((balance.code, each)) for each in (balance.entity, *balance.others))
    return next((finding_view(each) for each in standing if each is not None), None)


def _side(value: float | None, balance: Balance) -> Measured:
    """One of its sides, as the sums of readings that are live and good are."""
    if value is None:
        return nothing(balance.unit)._replace(fresh=balance.fresh, expected=balance.inputs)
    return Measured(
        value,
        balance.unit,
        Quality.GOOD,
        Freshness.LIVE,
        balance.at,
        derived_from=balance.fresh,
        fresh=balance.fresh,
        expected=balance.inputs,
    )
