"""The liquid side of racks, and coolant distribution units, as documents."""

from pydantic import Field

from schemas.documents import Document, MeasuredView, absent, finite, local, measured_view
from twin.cdu import Cdu, Pump
from twin.instants import Instant
from twin.thermal import Coolant, Thermal, heat_ratios


class ThermalView(Document):
    """The liquid side of a rack."""

    supply_c: MeasuredView
    return_c: MeasuredView
    delta_t_k: MeasuredView
    approach_k: MeasuredView
    """The supply above the set-point of the CDU."""
    flow_lpm: MeasuredView
    flow_lpm_per_kw: MeasuredView
    flow_share: MeasuredView
    """Of what the CDU says it sends, 0 to 1."""
    capacity_share: MeasuredView
    """The heat in parts of the CDU's capacity, where that is written down."""
    dp_kpa: MeasuredView
    dp_setpoint_kpa: MeasuredView
    valve_pct: MeasuredView
    heat_kw: MeasuredView
    heat_ratio: MeasuredView
    """Heat carried away per power drawn."""
    heat_ratio_by_coolant: dict[Coolant, MeasuredView]
    """What it would be with each coolant."""
    liquid_share: MeasuredView
    """Of the power drawn, 0 to 1; the air takes the rest."""
    ride_through_s: MeasuredView
    """Until the first critical temperature, if the flow stopped now."""
    coolant: Coolant


class PumpView(Document):
    """One pump of a CDU: its speed, or whether it is on."""

    point: str
    process_area: tuple[str, ...]
    speed_pct: MeasuredView | None = Field(None, exclude_if=absent)
    on: MeasuredView | None = Field(None, exclude_if=absent)


class CduView(Document):
    """A coolant distribution unit, and what the racks behind it say."""

    supply_c: MeasuredView
    return_c: MeasuredView
    supply_setpoint_c: MeasuredView
    approach_k: MeasuredView
    """The supply above its set-point."""
    delta_t_k: MeasuredView
    flow_lpm: MeasuredView
    dp_kpa: MeasuredView
    dp_setpoint_kpa: MeasuredView
    supply_kpa: MeasuredView
    return_kpa: MeasuredView
    filter_dp_kpa: MeasuredView
    """Over the worst of its filters."""
    primary_inlet_c: MeasuredView
    primary_outlet_c: MeasuredView
    primary_flow_lpm: MeasuredView
    pumps: tuple[PumpView, ...]
    available: MeasuredView
    status: MeasuredView
    heat_kw: MeasuredView
    """Carried by the secondary loop, by the CDU's own sensors."""
    racks_flow_lpm: MeasuredView
    racks_heat_kw: MeasuredView
    flow_residual_pct: float | None
    """Of the racks' flow, positive where the CDU reads more; null unless all of it is known."""
    capacity_kw: float | None
    utilization: MeasuredView
    """The racks' heat in parts of the capacity."""
    coolant: Coolant
    notes: tuple[str, ...]
    """What was not taken as it stands in the metadata."""


def thermal_view(thermal: Thermal, now: Instant) -> ThermalView:
    """The liquid side of a rack."""
    ratios = heat_ratios(thermal)
    return ThermalView(
        supply_c=measured_view(thermal.supply, now),
        return_c=measured_view(thermal.return_, now),
        delta_t_k=measured_view(thermal.delta_t, now),
        approach_k=measured_view(thermal.approach, now),
        flow_lpm=measured_view(thermal.flow, now),
        flow_lpm_per_kw=measured_view(thermal.flow_per_kw, now),
        flow_share=measured_view(thermal.flow_share, now),
        capacity_share=measured_view(thermal.capacity_share, now),
        dp_kpa=measured_view(thermal.dp, now),
        dp_setpoint_kpa=measured_view(thermal.dp_setpoint, now),
        valve_pct=measured_view(thermal.valve, now),
        heat_kw=measured_view(thermal.heat, now),
        heat_ratio=measured_view(thermal.heat_ratio, now),
        heat_ratio_by_coolant={each: measured_view(ratios[each], now) for each in ratios},
        liquid_share=measured_view(thermal.liquid_share, now),
        ride_through_s=measured_view(thermal.ride_through, now),
        coolant=thermal.coolant,
    )


def cdu_view(cdu: Cdu, now: Instant) -> CduView:
    """A coolant distribution unit."""
    primary, secondary = cdu.primary, cdu.secondary
    return CduView(
        supply_c=measured_view(secondary.supply, now),
        return_c=measured_view(secondary.return_, now),
        supply_setpoint_c=measured_view(secondary.supply_setpoint, now),
        approach_k=measured_view(secondary.approach, now),
        delta_t_k=measured_view(secondary.delta_t, now),
        flow_lpm=measured_view(secondary.flow, now),
        dp_kpa=measured_view(secondary.dp, now),
        dp_setpoint_kpa=measured_view(secondary.dp_setpoint, now),
        supply_kpa=measured_view(secondary.supply_pressure, now),
        return_kpa=measured_view(secondary.return_pressure, now),
        filter_dp_kpa=measured_view(secondary.filter_dp, now),
        primary_inlet_c=measured_view(primary.inlet, now),
        primary_outlet_c=measured_view(primary.outlet, now),
        primary_flow_lpm=measured_view(primary.flow, now),
        pumps=tuple(_pump(pump, now) for pump in cdu.pumps),
        available=measured_view(cdu.available, now),
        status=measured_view(cdu.status, now),
        heat_kw=measured_view(cdu.heat, now),
        racks_flow_lpm=measured_view(cdu.racks.flow, now),
        racks_heat_kw=measured_view(cdu.racks.heat, now),
        flow_residual_pct=finite(cdu.flow_residual_pct),
        capacity_kw=cdu.capacity_kw,
        utilization=measured_view(cdu.utilization, now),
        coolant=cdu.coolant,
        notes=cdu.notes,
    )


def _pump(pump: Pump, now: Instant) -> PumpView:
    shows = measured_view(pump.shows, now)
    return PumpView(
        point=local(pump.point),
        process_area=pump.area,
        speed_pct=None if pump.is_state else shows,
        on=shows if pump.is_state else None,
    )
