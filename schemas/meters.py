"""Power meters as documents."""

from schemas.documents import Document, MeasuredView, measured_view
from twin.instants import Instant
from twin.meters import Meter


class PhaseView(Document):
    """One phase of a meter."""

    phase: str
    """A, B, C or 1, 2, 3."""
    current_a: MeasuredView


class MeterView(Document):
    """What a power meter says, and whether it agrees with itself and with what it serves."""

    load_kw: MeasuredView
    apparent_kva: MeasuredView
    power_factor: MeasuredView
    """Its own, else active by apparent power."""
    voltage_v: MeasuredView
    frequency_hz: MeasuredView
    current_a: MeasuredView
    limit_a: MeasuredView
    loading_pct: MeasuredView
    """The worst phase against the limit."""
    phases: tuple[PhaseView, ...]
    """In order of their names."""
    imbalance_pct: MeasuredView
    """The largest deviation of a phase from the mean, of the mean."""
    expected_kw: MeasuredView
    """√3 · V · I · power factor; no value where the volts are 0."""
    consistency_pct: MeasuredView
    """The reading against that; positive where it reads more."""
    capacity_kw: MeasuredView
    headroom_kw: MeasuredView
    serves_kw: MeasuredView
    """The sum of what is known to be taken from it; ``fresh`` of ``expected`` says by how many.

    Who has several feeders takes what it draws less what the others bring.
    """
    at_most: bool
    """Some that it serves are silent: ``serves_kw`` may not exceed the reading, no more."""
    residual_kw: MeasuredView
    """The reading less what it serves; no value unless all of that is known."""
    residual_pct: MeasuredView
    """The same, of the reading."""
    excess_kw: MeasuredView
    """By how much what it serves exceeds the reading, silent or not: more than 0 cannot be."""


def meter_view(meter: Meter, now: Instant) -> MeterView:
    """One power meter."""
    return MeterView(
        load_kw=measured_view(meter.load, now),
        apparent_kva=measured_view(meter.apparent, now),
        power_factor=measured_view(meter.power_factor, now),
        voltage_v=measured_view(meter.voltage, now),
        frequency_hz=measured_view(meter.frequency, now),
        current_a=measured_view(meter.current, now),
        limit_a=measured_view(meter.limit, now),
        loading_pct=measured_view(meter.loading, now),
        phases=tuple(
            PhaseView(phase=phase.name, current_a=measured_view(phase.current, now))
            for phase in meter.phases
        ),
        imbalance_pct=measured_view(meter.imbalance, now),
        expected_kw=measured_view(meter.expected, now),
        consistency_pct=measured_view(meter.consistency, now),
        capacity_kw=measured_view(meter.capacity, now),
        headroom_kw=measured_view(meter.headroom, now),
        serves_kw=measured_view(meter.serves.power, now),
        at_most=meter.serves.at_most,
        residual_kw=measured_view(meter.serves.residual, now),
        residual_pct=measured_view(meter.serves.residual_pct, now),
        excess_kw=measured_view(meter.serves.excess, now),
    )
