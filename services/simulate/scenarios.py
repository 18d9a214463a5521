"""Scenarios: what goes wrong in a simulated fleet, by name, each with the truth about it.

Everything begins a while after the simulation and is over a while later, so that a fault can be
seen to come and to go. How soon follows from the delays of its rule, and from how long what tells
of it takes: a second for a gauge, 45 s and more for what readings say of one another.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, NamedTuple

from services.simulate.gauges import PUB
from services.simulate.script import (
    STEADY,
    Bends,
    Doubts,
    Draws,
    FeedLost,
    Freezes,
    Label,
    PumpLost,
    PumpsLost,
    Script,
    Shows,
    Silence,
    WarmWater,
    label,
)
from services.simulate.site import Site, site_of
from twin.instants import Instant, Millis, after
from twin.points import EntityId

GALLONS: Final = 0.264172
"""In a litre: what a meter shows that counts US gallons and says litres."""

_HEARD_S: Final = 2
"""So long it takes to hear of anything: a gauge speaks once a second."""
_HEAT_S: Final = 180
"""So long until a lying sensor is told of: 45 s to smooth, 60 s to last, looked at each 10 s."""
_HEAT_OFF_S: Final = 480
"""And until it is over: the same, and 5 min of quiet."""
_SETTLED_S: Final = 70
"""Until sensors agree again after a step of the load: before that none of them is believed."""
_METERS_S: Final = 150
_METERS_OFF_S: Final = 300


class _When(NamedTuple):
    """From when to when a thing is so."""

    at: Instant
    until: Instant


def stage(name: str, racks: int, began: Instant) -> Script:
    """The script of a scenario for a site of ``racks`` whose simulation begins at ``began``.

    Raises:
        ValueError: There is no such scenario.
    """
    if name not in SCENARIOS:
        raise ValueError(f"no scenario {name!r}: there are {', '.join(SCENARIOS)}")
    return SCENARIOS[name](site_of(racks), began)


def _span(began: Instant, first_s: int, last_s: int) -> _When:
    return _When(after(began, Millis(first_s * 1000)), after(began, Millis(last_s * 1000)))


def _steady(_site: Site, _began: Instant) -> Script:
    return STEADY


# -- leaks and isolation -------------------------------------------------------------------------


def _leak(site: Site, began: Instant) -> Script:
    rack = site.racks[0].id
    tray, rope = _span(began, 20, 120), _span(began, 30, 120)
    return Script(
        told=(
            Shows(tray.at, rack, "RackLeakDetectTray", 1, tray.until),
            Shows(rope.at, rack, "RackLeakDetect", 1, rope.until),
        ),
        labels=(
            label("leak.tray", rack, *tray, "a tray leaks", on_s=_HEARD_S, off_s=32),
            label(
                "leak.detected",
                rack,
                *rope,
                "the leak reaches the rack's rope",
                on_s=_HEARD_S,
                off_s=32,
            ),
        ),
    )


def _leak_chatter(site: Site, began: Instant) -> Script:
    rack = site.racks[0].id
    wet = [_span(began, second, second + 2) for second in range(30, 90, 5)]
    whole = _When(wet[0].at, wet[-1].until)
    what = "a detector flickers, which is one leak"
    return Script(
        told=tuple(Shows(each.at, rack, "RackLeakDetect", 1, each.until) for each in wet),
        labels=(label("leak.detected", rack, *whole, what, on_s=_HEARD_S, off_s=32),),
    )


def _leak_sensor_fault(site: Site, began: Instant) -> Script:
    rack, when = site.racks[0].id, _span(began, 30, 90)
    what = "the leak detector is broken"
    return Script(
        told=(Shows(when.at, rack, "RackLeakSensorFault", 1, when.until),),
        labels=(label("leak.sensor_fault", rack, *when, what, on_s=7, off_s=32),),
    )


def _isolation_ignored(site: Site, began: Instant) -> Script:
    rack, when = site.racks[0].id, _span(began, 30, 120)
    what = "the rack was to be cut off from its coolant, and is not"
    return Script(
        told=(
            Shows(when.at, rack, "RackLiquidIsolationRequest", 1, when.until),
            Shows(when.at, rack, "RackLiquidIsolationStatus", 0, when.until),
        ),
        labels=(label("isolation.mismatch", rack, *when, what, on_s=33, off_s=8),),
    )


# -- coolant -------------------------------------------------------------------------------------


def _flow_loss(site: Site, began: Instant) -> Script:
    cdu, when = site.cdus[0], _span(began, 60, 180)
    racks = {
        "liquid.flow_low": ("a tenth of the flow is left", 8, 45),
        "liquid.dp_deviation": ("the differential pressure collapses", 40, 75),
        "liquid.delta_t_high": ("the little flow that is left takes up much heat", 40, 120),
        "liquid.return_temperature_high": ("the coolant comes back hot", 60, 120),
    }
    soon = label("liquid.time_to_limit", cdu.id, *when, "", on_s=60, off_s=120)
    labels = [
        label("cdu.pump_lost", cdu.id, *when, "both pumps stand", on_s=8, off_s=18),
        label(
            "liquid.dp_deviation",
            cdu.id,
            *when,
            "the differential pressure collapses",
            on_s=40,
            off_s=75,
            folded=True,
        ),
    ]
    for rack in cdu.serves:
        labels += [
            label(code, rack, *when, what, on_s=on_s, off_s=off_s, folded=True)
            for code, (what, on_s, off_s) in racks.items()
        ]
        labels.append(
            soon._replace(
                entity=rack, what="it gets hotter by the second", folded=True, certain=False
            )
        )
    return Script((PumpsLost(when.at, 0, until=when.until),), labels=tuple(labels))


def _pump_lost(site: Site, began: Instant) -> Script:
    cdu, when = site.cdus[0].id, _span(began, 60, 120)
    what = "one of two pumps stands, the other one carries the loop"
    return Script(
        suffered=(PumpLost(when.at, 0, when.until),),
        labels=(label("cdu.pump_lost", cdu, *when, what, on_s=6, off_s=15),),
    )


def _supply_hot(site: Site, began: Instant) -> Script:
    cdu, when = site.cdus[0], _span(began, 60, 300)
    hot = partial(label, "liquid.supply_temperature_high")
    warm = partial(label, "liquid.time_to_limit", folded=True, certain=False)
    back = partial(label, "liquid.return_temperature_high", folded=True, certain=False)
    return Script(
        suffered=(WarmWater(when.at, 0, 12.0, when.until),),
        labels=(
            hot(cdu.id, *when, "the coolant leaves the unit 12 K too warm", on_s=65, off_s=190),
            *(
                each
                for rack in cdu.serves
                for each in (
                    hot(
                        rack,
                        *when,
                        "it comes to the rack too warm",
                        on_s=175,
                        off_s=150,
                        folded=True,
                    ),
                    warm(rack, *when, "it gets warmer by the second", on_s=150, off_s=200),
                    back(rack, *when, "it leaves the rack too warm", on_s=150, off_s=200),
                )
            ),
        ),
    )


# -- power ---------------------------------------------------------------------------------------


def _feed_lost(site: Site, began: Instant) -> Script:
    rack, tap, when = site.racks[0].id, site.taps[0].id, _span(began, 60, 150)
    return Script(
        suffered=(FeedLost(when.at, tap, when.until),),
        labels=(label("power.feed_lost", rack, *when, "one feed is dead", on_s=9, off_s=34),),
    )


def _over_budget(site: Site, began: Instant) -> Script:
    """That it is rated for less stands in the fleet file alone."""
    rack, when = site.racks[0].id, _span(began, 60, 150)
    what = "the rack draws a tenth more than it is rated for"
    return Script(
        suffered=(Draws(when.at, rack, 145.0, when.until),),
        labels=(label("power.over_budget", rack, *when, what, on_s=_SETTLED_S, off_s=40),),
    )


def _over_current(site: Site, began: Instant) -> Script:
    rack, tap, when = site.racks[0].id, site.taps[0].id, _span(began, 60, 150)
    what = "a breaker is set lower, and does not trip"
    return Script(
        suffered=(Draws(began, rack, 125.0, after(when.until, Millis(100_000))),),
        told=(Shows(when.at, tap, "CurrentLimit", 80, when.until),),
        labels=(
            label("power.over_current", tap, *when, what, on_s=16, off_s=70),
            label(
                "power.redundancy_lost",
                rack,
                *when,
                "that feed could not carry the rack alone",
                on_s=130,
                off_s=160,
                certain=False,
            ),
        ),
    )


# -- data ----------------------------------------------------------------------------------------


def _heartbeat(site: Site, began: Instant) -> Script:
    when = _span(began, 60, 180)
    lost = label(
        "data.publisher_lost", EntityId(PUB), *when, "the BMS falls silent", on_s=32, off_s=22
    )
    stale = partial(label, "data.stale", on_s=40, off_s=102, folded=True, certain=False)
    things = (*site.racks, *site.taps, *site.busways, *site.cdus)
    return Script(
        told=(Silence(when.at, PUB, when.until),),
        labels=(lost, *(stale(each.id, *when, "its points are not told") for each in things)),
    )


def _bad_quality(site: Site, began: Instant) -> Script:
    rack, when = site.racks[0].id, _span(began, 60, 150)
    what = "the BMS does not trust a temperature"
    return Script(
        told=(Doubts(when.at, rack, "RackLiquidReturnTemperature", when.until),),
        labels=(label("data.bad_quality", rack, *when, what, on_s=33, off_s=63),),
    )


def _bias(
    point_type: str, what: str, site: Site, began: Instant, *, factor: float = 1, offset: float = 0
) -> Script:
    rack, when = site.racks[0].id, _span(began, 60, 360)
    return Script(
        told=(Bends(when.at, rack, point_type, factor, offset, when.until),),
        labels=(*_lies(rack, when, what, power=point_type == "RackPower"),),
    )


def _frozen(site: Site, began: Instant) -> Script:
    rack, when = site.racks[0].id, _span(began, 300, 900)
    what = "a flow meter shows the same for ever"
    return Script(
        told=(Freezes(when.at, rack, "RackLiquidFlow", when.until),),
        labels=(
            label("sensor.frozen", rack, *when, what, on_s=180, off_s=200),
            *(each._replace(certain=False) for each in _lies(rack, when, what)),
        ),
    )


def _unit_error(site: Site, began: Instant) -> Script:
    rack, when = site.racks[0].id, _span(began, 0, 300)
    commissioned = after(began, Millis(-300_000))
    return Script(
        told=(Bends(commissioned, rack, "RackLiquidFlow", GALLONS, 0.0, when.until),),
        labels=(*_lies(rack, when, "a flow meter counts gallons and says litres"),),
    )


def _lies(rack: EntityId, when: _When, what: str, *, power: bool = False) -> Iterable[Label]:
    """A sensor of a rack lies; where it is the power, the rack's taps know better as well."""
    yield label("balance.heat", rack, *when, what, on_s=_HEAT_S, off_s=_HEAT_OFF_S)
    if power:
        yield label("balance.power", rack, *when, what, on_s=_METERS_S, off_s=_METERS_OFF_S)


SCENARIOS: Final[Mapping[str, Callable[[Site, Instant], Script]]] = {
    "steady": _steady,
    "leak": _leak,
    "leak_chatter": _leak_chatter,
    "leak_sensor_fault": _leak_sensor_fault,
    "isolation_ignored": _isolation_ignored,
    "flow_loss": _flow_loss,
    "pump_lost": _pump_lost,
    "supply_hot": _supply_hot,
    "feed_lost": _feed_lost,
    "over_budget": _over_budget,
    "over_current": _over_current,
    "heartbeat": _heartbeat,
    "bad_quality": _bad_quality,
    "bias_power": partial(_bias, "RackPower", "power is shown 20 % too high", factor=1.2),
    "bias_flow": partial(_bias, "RackLiquidFlow", "flow is shown 25 % too low", factor=0.75),
    "bias_supply": partial(
        _bias, "RackLiquidSupplyTemperature", "supply is shown 3 K too high", offset=3
    ),
    "bias_return": partial(
        _bias, "RackLiquidReturnTemperature", "return is shown 3 K too low", offset=-3
    ),
    "frozen": _frozen,
    "unit_error": _unit_error,
}
"""By the name that the command line knows them under."""
