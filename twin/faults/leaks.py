"""The catalogue's rows about leaks and isolation: never suppressed, whatever explains them."""

from typing import Final

from twin.faults.rule import Count, Limits, Rank, Rule, seconds
from twin.severity import Severity

_RACK: Final = frozenset({"Rack"})
_BOTH: Final = frozenset({"Rack", "Cdu"})

_VIEW: Final = "/api/v1/{kind}/{entity}"

_NAG: Final = seconds(900)
"""Whoever took note of what must not last is called again after so long, as Phoebus does."""

SAFETY: Final = (
    Rule(
        code="leak.detected",
        kinds=_BOTH,
        priority=1,
        severity=Severity.CRITICAL,
        rank=Rank.CRITICAL,
        realarm_after=_NAG,
        off_delay=seconds(30),
        latch=True,
        ack_required=True,
        suppressible=False,
        guidance="Liquid is out where it must not be. Shut the rack down and isolate its coolant at"
        " once, look at what is below it, then dry, repair and reset. Act within seconds.",
        view=_VIEW,
        source="raised at once and latched, as Redfish's LeakDetectedCritical and OpenBMC do; off"
        " after 30 s, so that a detector that flickers is one fault; ours",
    ),
    Rule(
        code="leak.tray",
        kinds=_RACK,
        priority=1,
        severity=Severity.WARNING,
        rank=Rank.CRITICAL,
        off_delay=seconds(30),
        latch=True,
        ack_required=True,
        suppressible=False,
        limits=(
            Limits(
                "leaking_trays", "trays", 0, 1, "one leaking tray warns, two trip (NICo, OpenBMC)"
            ),
        ),
        guidance="A tray's detector is wet. Drain and power off the tray, look at those below it;"
        " with two of them treat the rack as leaking. Act within a minute.",
        view=_VIEW,
        source="latched until somebody resets it: NICo, OpenBMC",
    ),
    Rule(
        code="leak.sensor_fault",
        kinds=_RACK,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        on_delay=seconds(5),
        off_delay=seconds(30),
        trips_at=Count(3, seconds(60)),
        ack_required=True,
        suppressible=False,
        guidance="The leak detector is not to be trusted: a leak would not be seen, and its silence"
        " is no all-clear. Look at cable and detector today; look at the rack itself meanwhile.",
        view=_VIEW,
        source="5 s on and 30 s off, or thrice a minute; ours, after Phoebus's delay and count",
    ),
    Rule(
        code="isolation.mismatch",
        kinds=_RACK,
        priority=1,
        severity=Severity.WARNING,
        rank=Rank.CRITICAL,
        on_delay=seconds(30),
        critical_delay=seconds(5),
        off_delay=seconds(5),
        latch=True,
        ack_required=True,
        suppressible=False,
        guidance="A rack was to be cut off and is not, or is cut off and nobody asked for it. Look"
        " at valve or breaker on site; if liquid is out, isolate by hand at once.",
        view=_VIEW,
        source="a request waits 30 s for its status, a status without request is critical; ours,"
        " after the pattern of intent and confirmation",
    ),
)
