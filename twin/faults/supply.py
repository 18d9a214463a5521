"""The catalogue's rows about power."""

from typing import Final

from twin.faults.rule import Limits, Rank, Rule, seconds
from twin.severity import Severity

_RACK: Final = frozenset({"Rack"})
_METER: Final = frozenset({"Meter"})

_POWER: Final = "/api/v1/racks/{entity}/power"
_CIRCUIT: Final = "/api/v1/equipment/{entity}"

_REDUNDANCY: Final = "delays of a redundancy lost, 5 s on and 30 s off; ours"

POWER: Final = (
    Rule(
        code="power.feed_lost",
        kinds=_RACK,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(5),
        off_delay=seconds(30),
        ack_required=True,
        guidance="One feed of the rack carries nothing while the rack draws power: the others have"
        " it all. Look at breaker and busway of the feed. Act within the hour.",
        view=_POWER,
        source=_REDUNDANCY,
    ),
    Rule(
        code="power.redundancy_lost",
        kinds=_RACK,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(5),
        off_delay=seconds(30),
        ack_required=True,
        guidance="If one more feed fails, the others cannot carry the rack. Bring the lost feed"
        " back, or lower the rack's power limit until they can. Act within the hour.",
        view=_POWER,
        source=_REDUNDANCY,
    ),
    Rule(
        code="power.over_current",
        kinds=_METER,
        priority=2,
        severity=Severity.CRITICAL,
        rank=Rank.CRITICAL,
        on_delay=seconds(300),
        critical_delay=seconds(10),
        off_delay=seconds(60),
        ack_required=True,
        limits=(
            Limits(
                "loading_pct",
                "%",
                80.0,
                100.0,
                "a breaker is chosen for 125 % of a lasting load (NEC 210.20)",
                deadband=2.0,
            ),
        ),
        guidance="The circuit carries more than it may for long, and may trip. Shift or cut load"
        " behind it; above its limit at once, above 80 % of it this week.",
        view=_CIRCUIT,
        source="80 % counts when it lasts for 5 min, the limit itself after 10 s; ours",
    ),
    Rule(
        code="power.phase_imbalance",
        kinds=_METER,
        priority=4,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(300),
        off_delay=seconds(300),
        limits=(
            Limits(
                "imbalance_pct",
                "%",
                25.0,
                50.0,
                "of the mean current; a healthy tap of NVIDIA's recording has 17 %; ours",
                deadband=2.0,
            ),
        ),
        guidance="The phases carry unlike currents, so one is full before the others. Spread the"
        " load behind the meter over the phases at the next occasion.",
        view=_CIRCUIT,
        source="5 min on and off, as for capacity; ours",
    ),
    Rule(
        code="power.over_budget",
        kinds=_RACK | _METER,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(10),
        off_delay=seconds(30),
        ack_required=True,
        limits=(
            Limits(
                "over_budget_pct",
                "%",
                0.0,
                20.0,
                "to 20 % over its target is a warning, more is critical (DSX flex)",
                deadband=1.0,
            ),
        ),
        guidance="More power is drawn than was allotted. Lower the power limit or move jobs within"
        " minutes; over 20 % at once, or whoever is upstream will.",
        view="/api/v1/{kind}/{entity}",
        source="delays of a limit with hysteresis, 10 s on and 30 s off; ours",
    ),
)
