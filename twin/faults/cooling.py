"""The catalogue's rows about coolant and cooling units."""

from typing import Final

from twin.faults.rule import Limits, Rank, Rule, seconds
from twin.instants import Millis
from twin.severity import Severity
from twin.topology import Domain

_RACK: Final = frozenset({"Rack"})
_CDU: Final = frozenset({"Cdu"})
_BOTH: Final = _RACK | _CDU

_THERMAL: Final = "/api/v1/racks/{entity}/thermal"
_LOOP: Final = "/api/v1/topology/{entity}/upstream"
_UNIT: Final = "/api/v1/equipment/{entity}"

_GADGETINI: Final = "gadgetini, threshold.md"
_LIMIT_DELAYS: Final = "delays of a limit with hysteresis, 10 s on and 30 s off; ours"
_STATE_DELAYS: Final = "delays of an equipment's state, 2 s on and 10 s off; ours"

_SOON: Final = seconds(2)
"""Without flow a GPU throttles in 5 to 10 s: its fault waits less for its cause than others."""

_TWO_LOOKS: Final = Millis(1_200)
"""Racks are looked at each second: what was seen once, and not again, is over by then."""

LIQUID: Final = (
    Rule(
        code="liquid.flow_low",
        kinds=_RACK,
        priority=1,
        severity=Severity.CRITICAL,
        rank=Rank.CRITICAL,
        on_delay=seconds(10),
        critical_delay=_TWO_LOOKS,
        off_delay=seconds(30),
        ack_required=True,
        domain=Domain.LIQUID,
        effects_of=frozenset({"cdu.unavailable", "cdu.pump_lost", "liquid.dp_deviation"}),
        inhibit_wait=_SOON,
        limits=(
            Limits(
                "flow_lpm_per_kw",
                "LPM/kW",
                0.95,
                0.8,
                "15 and 18 K of rise in water; OCP's 1.25 is for design, healthy racks of NVIDIA's"
                " recording run at 1.04",
                below=True,
                deadband=0.03,
            ),
        ),
        guidance="The rack gets less coolant than its load needs, and throttles within 5 to 10 s"
        " of losing it. Look at valve, couplings and cooling unit within seconds; cut the load.",
        view=_THERMAL,
        source="critical once two looks, a second apart, have seen it, since GPUs throttle 5 to"
        " 10 s after flow is lost; else " + _LIMIT_DELAYS,
    ),
    Rule(
        code="liquid.supply_temperature_high",
        kinds=_BOTH,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(10),
        off_delay=seconds(30),
        ack_required=True,
        domain=Domain.LIQUID,
        effects_of=frozenset({"cdu.unavailable", "liquid.supply_temperature_high"}),
        limits=(
            Limits("supply_c", "C", 41.0, 45.0, _GADGETINI, deadband=0.5),
            Limits(
                "over_setpoint_k", "K", 3.0, 6.0, "of a unit's own set-point; ours", deadband=0.5
            ),
        ),
        guidance="The coolant comes too warm. Look at the cooling unit's primary side and valve;"
        " shift load away before the return gets to its limit. Act within minutes.",
        view=_LOOP,
        source=_LIMIT_DELAYS,
    ),
    Rule(
        code="liquid.supply_temperature_low",
        kinds=_BOTH,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(10),
        off_delay=seconds(30),
        ack_required=True,
        domain=Domain.LIQUID,
        effects_of=frozenset({"liquid.supply_temperature_low"}),
        limits=(
            Limits("supply_c", "C", 21.0, 18.0, _GADGETINI, below=True, deadband=0.5),
            Limits(
                "under_setpoint_k", "K", 3.0, 6.0, "of a unit's own set-point; ours", deadband=0.5
            ),
        ),
        guidance="The coolant comes so cold that water may condense on pipes and boards. Raise the"
        " cooling unit's set-point above the dew point. Act within the hour.",
        view=_LOOP,
        source=_LIMIT_DELAYS,
    ),
    Rule(
        code="liquid.return_temperature_high",
        kinds=_RACK,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(10),
        off_delay=seconds(30),
        ack_required=True,
        domain=Domain.LIQUID,
        effects_of=frozenset(
            {"cdu.unavailable", "cdu.pump_lost", "liquid.supply_temperature_high"}
        ),
        beside=frozenset({"liquid.flow_low", "liquid.supply_temperature_high"}),
        limits=(Limits("return_c", "C", 60.0, 65.0, _GADGETINI, deadband=0.5),),
        guidance="The coolant leaves too warm: too little flow, too warm a supply, or too much"
        " load. Look at those in this order; cut the load at the critical limit.",
        view=_THERMAL,
        source=_LIMIT_DELAYS,
    ),
    Rule(
        code="liquid.delta_t_high",
        kinds=_RACK,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(10),
        off_delay=seconds(30),
        ack_required=True,
        domain=Domain.LIQUID,
        effects_of=frozenset({"cdu.unavailable", "cdu.pump_lost"}),
        beside=frozenset({"liquid.flow_low"}),
        limits=(Limits("delta_t_k", "K", 15.0, 20.0, _GADGETINI, deadband=0.5),),
        guidance="The coolant warms up by too much: the flow is small for the load. Look at the"
        " rack's valve and filter. Act within minutes.",
        view=_THERMAL,
        source=_LIMIT_DELAYS,
    ),
    Rule(
        code="liquid.dp_deviation",
        kinds=_BOTH,
        priority=3,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(30),
        off_delay=seconds(60),
        domain=Domain.LIQUID,
        effects_of=frozenset({"cdu.unavailable", "cdu.pump_lost", "liquid.dp_deviation"}),
        beside=frozenset({"cdu.unavailable", "cdu.pump_lost"}),
        limits=(
            Limits(
                "over_setpoint_pct", "%", 25.0, None, "25 % of the set-point; ours", deadband=2.0
            ),
            Limits(
                "under_setpoint_pct",
                "%",
                25.0,
                50.0,
                "25, 50 % of the set-point; ours",
                deadband=2.0,
            ),
            Limits(
                "times_peers",
                "1",
                2.0,
                None,
                "twice its peers: Pod1C-E02 of NVIDIA's recording, 190 kPa among 79",
                deadband=0.05,
            ),
        ),
        guidance="Pressure across the rack or loop is not what was asked for, or not what its"
        " neighbours have: a valve, a filter, or the sensor. Compare the flows. Act this week.",
        view=_LOOP,
        source="30 s on for a deviation from a set-point, 60 s off; ours",
    ),
    Rule(
        code="liquid.time_to_limit",
        kinds=_RACK,
        priority=1,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(5),
        off_delay=seconds(30),
        domain=Domain.LIQUID,
        effects_of=frozenset(
            {"cdu.unavailable", "cdu.pump_lost", "liquid.supply_temperature_high"}
        ),
        beside=frozenset({"liquid.flow_low", "liquid.supply_temperature_high"}),
        inhibit_wait=_SOON,
        limits=(
            Limits(
                "time_to_limit_s",
                "s",
                120.0,
                30.0,
                "time to shift load, and time to cut it; ours",
                below=True,
                deadband=5.0,
            ),
        ),
        guidance="At the present slope a critical temperature is near. Cut or shift the load now,"
        " then look for what warms the rack.",
        view=_THERMAL,
        source="5 s on and 30 s off, for what is predicted; ours",
    ),
)

UNITS: Final = (
    Rule(
        code="cdu.unavailable",
        kinds=_CDU,
        priority=1,
        severity=Severity.CRITICAL,
        rank=Rank.CRITICAL,
        on_delay=seconds(2),
        off_delay=seconds(10),
        ack_required=True,
        guidance="The cooling unit does not serve its loop. See that another takes over; else shed"
        " the load of the racks that it serves. Act within seconds.",
        view=_UNIT,
        source=_STATE_DELAYS,
    ),
    Rule(
        code="cdu.pump_lost",
        kinds=_CDU,
        priority=2,
        severity=Severity.WARNING,
        rank=Rank.WARNING,
        on_delay=seconds(2),
        off_delay=seconds(10),
        ack_required=True,
        domain=Domain.LIQUID,
        effects_of=frozenset({"cdu.unavailable"}),
        beside=frozenset({"cdu.unavailable"}),
        guidance="A pump has failed; the other one carries the loop, and nothing replaces it. Mend"
        " it today. If none runs, treat the unit as unavailable.",
        view=_UNIT,
        source=_STATE_DELAYS,
    ),
)
