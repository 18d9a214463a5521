"""Figures of racks and faults for Prometheus, of what is known when somebody asks."""

from collections import Counter
from collections.abc import Mapping

from services.api.board import Board
from services.api.tally import Tally
from services.fault_log import FaultLog
from services.metrics import Metrics, show_audit, show_calls, show_faults, show_totals
from twin.fleet import Fleet
from twin.measured import Measured


def show_racks(metrics: Metrics, board: Board, tally: Tally) -> None:
    """Show the racks' sums, findings and balances; whoever reads has both in sync."""

    def sums() -> Mapping[str, Measured]:
        totals = board.totals()
        return {"power": totals.power, "heat": totals.heat, "headroom": totals.headroom}

    def watts() -> dict[str, float]:
        return {what: one.value * 1000 for what, one in sums().items() if one.value is not None}

    def fresh() -> dict[str, float]:
        return {what: one.fresh or 0 for what, one in sums().items()}

    def expected() -> dict[str, float]:
        return {what: one.expected or 0 for what, one in sums().items()}

    def findings() -> Mapping[str, float]:
        return Counter(each.finding.code for each in board.fleet.audit.findings())

    show_totals(metrics, lambda: board.totals().racks, watts, fresh, expected)
    show_audit(metrics, findings, lambda: tally.counted)


def show_faults_of(metrics: Metrics, fleet: Fleet, log: FaultLog, tally: Tally) -> None:
    """Show how many faults stand, and how operators are called; whoever reads has them in sync."""
    show_faults(metrics, fleet.faults.counts, lambda: tally.active, lambda: tally.masked)
    show_calls(metrics, lambda: log.called, lambda: log.forgotten)
