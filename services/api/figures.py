"""Figures of the racks for Prometheus, of what the board has worked out."""

from collections import Counter
from collections.abc import Mapping

from services.api.board import Board
from services.metrics import Metrics, show_totals
from twin.findings import findings_of
from twin.measured import Measured


def show_racks(metrics: Metrics, board: Board) -> None:
    """Show the racks' sums and the findings; whoever reads them has the board in sync."""

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
        found = findings_of(board.fleet, (shown.rack for shown in board))
        return Counter(each.code for each in found)

    show_totals(metrics, watts, fresh, expected, findings)
