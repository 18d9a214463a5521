"""The catalogue's rows about data: what cannot be true, and what is not told."""

from typing import Final

from twin.faults.rule import ANY, Rank, Rule, seconds
from twin.severity import Severity

_HELD: Final = "raised at once, for a verdict stands only after it has lasted"

_WHOSE: Final = "/api/v1/{kind}/{entity}"
_FINDINGS: Final = "/api/v1/findings"
_LOST: Final = frozenset({"data.publisher_lost"})

BALANCES: Final = (
    Rule(
        code="balance.heat",
        kinds=frozenset({"Rack"}),
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        off_delay=seconds(300),
        ack_required=True,
        guidance="Heat carried away and power drawn do not agree: one of power, flow and the two"
        " temperatures is wrong. Check the sensor that is named, this week.",
        view=_FINDINGS,
        source=f"{_HELD}; off after 5 min; ours",
    ),
    Rule(
        code="balance.power",
        kinds=frozenset({"Rack", "Meter"}),
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        off_delay=seconds(120),
        guidance="A meter and what it serves do not agree: a meter is wrong, or something unknown"
        " draws power. Compare it with its neighbours, this week.",
        view=_FINDINGS,
        source=f"{_HELD}; off after 2 min; ours",
    ),
    Rule(
        code="balance.flow",
        kinds=frozenset({"Cdu"}),
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        off_delay=seconds(120),
        guidance="A cooling unit and the racks behind it do not agree on the flow: its meter is"
        " wrong, or coolant takes another way. Check the meter, this week.",
        view=_FINDINGS,
        source=f"{_HELD}; off after 2 min; ours",
    ),
)

SENSORS: Final = (
    Rule(
        code="sensor.implausible",
        kinds=ANY,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        off_delay=seconds(60),
        guidance="Physics or its neighbours rule out what this sensor reads. Do not act on its"
        " value; check wiring, unit and scale, this week.",
        view=_FINDINGS,
        source=f"{_HELD}; off after 60 s; ours",
    ),
    Rule(
        code="sensor.frozen",
        kinds=ANY,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        off_delay=seconds(60),
        effects_of=_LOST,
        guidance="The value does not move while its neighbours' do. Do not act on it; restart or"
        " replace the sensor or its gateway, this week.",
        view=_FINDINGS,
        source=f"{_HELD}; off after 60 s; ours",
    ),
)

DATA: Final = (
    Rule(
        code="data.bad_quality",
        kinds=ANY,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        on_delay=seconds(30),
        off_delay=seconds(60),
        release_hold=seconds(110),
        inhibit_wait=seconds(30),
        effects_of=frozenset({"data.bad_quality"}),
        guidance="The publisher itself does not trust this value, or has none. What hangs on it is"
        " held as it was. Look at the sensor and its gateway, today; of a publisher that trusts"
        " little of what it tells at the publisher itself.",
        view=_WHOSE,
        source="30 s on and 60 s off; a publisher shows within 25 s whether it trusts anything, a"
        " quarter of the 100 s of its repeats; ours",
    ),
    Rule(
        code="data.stale",
        kinds=ANY,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        effects_of=_LOST,
        guidance="Nothing was heard of it past its deadline: what it showed may not be so any more,"
        " and faults that hang on it are held. Look at the sensor and its gateway, today.",
        view=_WHOSE,
        source="the deadline is the delay: values are repeated every 100 s (DSX BMS v1)",
    ),
    Rule(
        code="data.publisher_lost",
        kinds=frozenset({"Publisher"}),
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        off_delay=seconds(10),
        release_hold=seconds(110),
        ack_required=True,
        guidance="A publisher's heart does not beat, or it tells no values: all that it tells is"
        " unknown now, and the plant is run blind there. Look at gateway, network and broker"
        " within minutes.",
        view="/api/v1/fleet",
        source="three beats of 10 s missed (DSX BMS v1); off after one that came; what has"
        " not changed meanwhile is repeated within 100 s; ours",
    ),
    Rule(
        code="data.contract",
        kinds=ANY,
        priority=4,
        severity=Severity.WARNING,
        rank=Rank.SENSOR,
        guidance="The metadata break the contract; they are understood as well as they can be. Have"
        " the integrator mend them at the next occasion.",
        view=_WHOSE,
        source="metadata are as they are until they are told anew: no delay",
    ),
)
