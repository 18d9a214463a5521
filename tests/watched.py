"""A loop of racks under watch, whose sensors the tests move by hand."""

from collections.abc import Iterable, Mapping
from typing import Final

from build import a_cooled_rack, a_meter, a_point, a_state, an_entity, at
from twin.fault import Condition, Fault, Judged, Key
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rules
from twin.points import EntityId, PointState
from twin.severity import Severity
from twin.site import UNWRITTEN, Site
from twin.steady import Steady, gather
from twin.suspects import LIQUID_SHARE
from twin.thermal import Coolant, heat_kw, warmed_c
from twin.watch.racks import RackWatch, crowd_of

FLOW: Final = "RackLiquidFlow"
SUPPLY: Final = "RackLiquidSupplyTemperature"
RETURN: Final = "RackLiquidReturnTemperature"
POWER: Final = "RackPower"
DP: Final = "RackLiquidDifferentialPressure"
DP_SETPOINT: Final = f"{DP}Sp"
LIQUID_STATUS: Final = "RackLiquidIsolationStatus"
LIQUID_REQUEST: Final = "RackLiquidIsolationRequest"

LPM, SUPPLY_C, RISE_K = 150.0, 32.0, 10.0
KW: Final = heat_kw(LPM, SUPPLY_C, SUPPLY_C + RISE_K, Coolant.PG25) / LIQUID_SHARE
"""What is drawn where the balance closes: 104 kW."""

TAPS: Final = ("TAP-A", "TAP-B")

Told = dict[Key, Judged]


def key(code: str, qualifier: str = "", entity: str = "R1") -> Key:
    """A key of the first rack."""
    return Key(code, EntityId(entity), qualifier)


def standing(
    of: Key, severity: Severity = Severity.WARNING, *, judged: Judged | None = None
) -> dict[Key, Fault]:
    """A fault that stands."""
    shown = Judged(severity) if judged is None else judged
    return {of: Fault(of, "1", 1, Condition.ACTIVE, severity_now=severity, judged=shown)}


class Watched:
    """Racks of one loop that draw ``KW`` and are cooled as they should be, each on two taps.

    Args:
        racks: How many; R1 is the one that is looked at.
        without: Types of points that they do not have.
        rules: What they are judged by.
        site: What is written down of them.
        taps: The names of the taps of R1; the others have none.
    """

    def __init__(
        self,
        racks: int = 4,
        *,
        without: Iterable[str] = (),
        rules: Rules = CATALOGUE,
        site: Site = UNWRITTEN,
        taps: Iterable[str] = TAPS,
    ) -> None:
        self.second = 0
        self.rules = rules
        self.states: dict[tuple[str, str], PointState] = {}
        self.watches: list[RackWatch] = []
        self.steadies: list[Steady] = []
        for number in range(1, racks + 1):
            name = f"R{number}"
            shown = a_cooled_rack(name, kw=KW, lpm=LPM, supply=SUPPLY_C, rise=RISE_K)
            for kind, value in ((DP, 80.0), (DP_SETPOINT, 80.0)):
                shown[a_point(f"Rack/{kind}", name)] = value
            for kind in (LIQUID_STATUS, LIQUID_REQUEST):
                shown[a_point(f"Rack/{kind}", name)] = 0.0
            states = [a_state(p, v) for p, v in shown.items() if p.point_type not in set(without)]
            self.states |= {(name, each.point.point_type): each for each in states}
            taps = tuple(taps) if number == 1 else ()
            meters = []
            for tap in taps:
                of_tap = [a_state(p, v) for p, v in a_meter(tap, name, kw=KW / len(taps)).items()]
                self.states |= {(tap, each.point.point_type): each for each in of_tap}
                meters.append(an_entity(tap, *of_tap))
            rack = an_entity(name, *states)
            self.steadies.append(Steady(rack, meters, Coolant.PG25))
            self.watches.append(RackWatch(rack, self.steadies[-1], rules, meters, site))
        self.smoothing = gather(self.steadies)

    def show(self, kind: str, value: float | None, entity: str = "R1") -> None:
        """Let a sensor read something else."""
        self.states[entity, kind].value = value

    def take_tap(self, kw: float, tap: str = "TAP-A") -> None:
        """Let a tap carry something else."""
        self.show("ActivePower", kw, tap)

    def run(self, seconds: int) -> None:
        """Let time pass."""
        for _ in range(seconds):
            self.second += 1
            self.smoothing.sample(at(self.second))

    def look(self, live: Mapping[Key, Fault] | None = None, *suspects: str) -> Told:
        """What is said of R1 a second later."""
        self.run(1)
        crowd = crowd_of(self.watches)
        return dict(self.watches[0].look(at(self.second), live or {}, suspects, crowd))


def a_settled_loop(racks: int = 4, **more: object) -> Watched:
    """Racks that have been watched for a while."""
    watched = Watched(racks, **more)  # type: ignore[arg-type]
    watched.run(60)
    return watched


def warm_c(lpm: float, kw: float = KW) -> float:
    """How warm so much flow comes back in the end."""
    warm = warmed_c(LIQUID_SHARE * kw, lpm, SUPPLY_C, Coolant.PG25)
    assert warm is not None
    return warm
