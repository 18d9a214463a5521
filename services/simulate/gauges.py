"""Gauges: what is measured on racks, meters, CDUs and systems, how finely, and how it is told."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from services.simulate.site import NICO
from twin.points import PublisherId

PUB: Final = PublisherId("PUB")
_NICO: Final = PublisherId(NICO)

States = tuple[tuple[int, str], ...]
_LEAK: Final[States] = ((0, "No leak"), (1, "Leak"))
_FAULT: Final[States] = ((0, "No fault"), (1, "Fault"))
_ISOLATED: Final[States] = ((0, "Not isolated"), (1, "Isolated"))
_REQUESTED: Final[States] = ((0, "Not requested"), (1, "Requested"))
_RUNNING: Final[States] = ((0, "Stopped"), (1, "Running"))
_AVAILABLE: Final[States] = ((0, "Not available"), (1, "Available"))


@dataclass(frozen=True, slots=True)
class Gauge:
    """One point of every object of a kind."""

    quantity: str | None
    """What the physics calls it; None where it shows ``rest`` unless a script says otherwise."""
    point_type: str
    tag: str
    """How its tag path ends."""
    step: float = 1.0
    """The finest difference it shows: what is less is no change."""
    unit: str | None = None
    states: States = ()
    area: tuple[str, ...] = ()
    phase: str | None = None
    is_setpoint: bool = False
    publisher: PublisherId = PUB
    rest: float = 0.0

    @property
    def decimals(self) -> int:
        """Digits behind the point that a value needs."""
        return 0 if self.step >= 1 else len(repr(self.step)) - 2


def _rack() -> tuple[Gauge, ...]:
    dp = "RackLiquidDifferentialPressure"
    return (
        Gauge("supply", "RackLiquidSupplyTemperature", "liquid/supply-temperature", 0.01, "C"),
        Gauge("return", "RackLiquidReturnTemperature", "liquid/return-temperature", 0.01, "C"),
        Gauge("flow", "RackLiquidFlow", "liquid/flow", 0.1, "LPM"),
        Gauge("dp", dp, "liquid/dp", 0.1, "kPa"),
        Gauge("dp setpoint", f"{dp}Sp", "liquid/dp-setpoint", 1.0, "kPa", is_setpoint=True),
        Gauge("valve", "RackControlValvePosition", "liquid/valve", 0.5, "%"),
        Gauge("power", "RackPower", "power", 0.1, "kW"),
        Gauge(None, "RackLeakDetect", "leak/rope", states=_LEAK),
        Gauge(None, "RackLeakSensorFault", "leak/rope-fault", states=_FAULT),
        Gauge(None, "RackLeakDetectTray", "leak/tray", states=_LEAK, publisher=_NICO),
        *_isolation("Liquid", "isolation/liquid"),
        *_isolation("Electrical", "isolation/electrical"),
    )


def _isolation(what: str, tag: str) -> tuple[Gauge, ...]:
    kind = f"Rack{what}Isolation"
    return (
        Gauge(None, f"{kind}Status", f"{tag}-status", states=_ISOLATED),
        Gauge(None, f"{kind}Request", f"{tag}-request", states=_REQUESTED, publisher=_NICO),
    )


def _meter(power_step: float, current_step: float) -> tuple[Gauge, ...]:
    return (
        Gauge("voltage", "Voltage", "voltage", 0.1, "V"),
        Gauge("current", "Current", "current", current_step, "A"),
        *(_phase(phase, 2 * current_step) for phase in "ABC"),
        Gauge("active", "ActivePower", "active-power", power_step, "kW"),
        Gauge("apparent", "ApparentPower", "apparent-power", power_step, "kVA"),
        Gauge("factor", "PowerFactor", "power-factor", 0.001),
        Gauge("frequency", "Frequency", "frequency", 0.01, "Hz"),
        Gauge("limit", "CurrentLimit", "current-limit", 1.0, "A"),
    )


def _phase(phase: str, step: float) -> Gauge:
    return Gauge(f"phase {phase}", "PhaseCurrent", f"current-{phase}", step, "A", phase=phase)


def _cdu() -> tuple[Gauge, ...]:
    return (
        *_secondary(),
        _celsius("inlet", "primary/inlet-temperature", "Primary", "Inlet"),
        _celsius("outlet", "primary/outlet-temperature", "Primary", "Outlet"),
        Gauge("primary flow", "LiquidFlow", "primary/flow", 1.0, "LPM", area=("Primary",)),
        Gauge("valve", "ValvePosition", "primary/valve", 0.5, "%", area=("Primary",)),
        Gauge(None, "Status", "status", states=_RUNNING, rest=1.0),
        Gauge(None, "Available", "available", states=_AVAILABLE, rest=1.0),
        Gauge(None, "LeakDetect", "leak", states=_LEAK),
    )


def _secondary() -> tuple[Gauge, ...]:
    side = "Secondary"
    supply = _celsius("supply", "secondary/supply-temperature", side, "Supply")
    dp = Gauge("dp", "LiquidDifferentialPressure", "secondary/dp", 0.1, "kPa", area=(side,))
    return (
        supply,
        _setpoint(supply, "secondary/supply-setpoint"),
        _celsius("return", "secondary/return-temperature", side, "Return"),
        dp,
        _setpoint(dp, "secondary/dp-setpoint"),
        Gauge("flow", "LiquidFlow", "secondary/flow", 1.0, "LPM", area=(side,)),
        _kpa("supply pressure", "secondary/supply-pressure", side, "Supply"),
        _kpa("return pressure", "secondary/return-pressure", side, "Return"),
        Gauge("pump 1", "PumpSpeed", "secondary/pump-1", 1.0, "%", area=(side, "Pump1")),
        Gauge("pump 2", "PumpSpeed", "secondary/pump-2", 1.0, "%", area=(side, "Pump2")),
    )


def _celsius(quantity: str, tag: str, *area: str) -> Gauge:
    return Gauge(quantity, "LiquidTemperature", tag, 0.1, "C", area=area)


def _kpa(quantity: str, tag: str, *area: str) -> Gauge:
    return Gauge(quantity, "LiquidPressure", tag, 0.5, "kPa", area=area)


def _setpoint(gauge: Gauge, tag: str) -> Gauge:
    return replace(gauge, quantity=f"{gauge.quantity} setpoint", tag=tag, is_setpoint=True)


GAUGES: Final[Mapping[str, tuple[str, tuple[Gauge, ...]]]] = {
    "bms": ("System", (Gauge("heartbeat", "HeartbeatTimestampBms", "heartbeat"),)),
    "nico": (
        "System",
        (Gauge("heartbeat", "HeartbeatTimestampIntegration", "heartbeat", publisher=_NICO),),
    ),
    "rack": ("Rack", _rack()),
    "tap": ("PowerMeter", _meter(power_step=0.01, current_step=0.1)),
    "busway": ("PowerMeter", _meter(power_step=0.05, current_step=1.0)),
    "cdu": ("CDU", _cdu()),
}
"""The object type and the gauges of each kind."""
