"""Finding: one disagreement within the data, with the reading that is to blame."""

from dataclasses import dataclass

from twin.points import EntityId


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about the data that cannot be true.

    It is about data, never about the plant: it names a reading that cannot stand together with the
    others. It is a judgement of one instant, made of current readings alone; whoever raises alarms
    from it decides how long it must last.
    """

    code: str
    """Of the fault catalogue: ``balance.…``, ``sensor.implausible``, ``data.contract``."""
    entity: EntityId
    suspect: str | None
    """Point type of the reading that is to blame; None where more than one would explain it."""
    reason: str
    ratio: float | None = None
    """Of the two sides of a balance, 1 is closed; None where there is no balance."""
    implied: float | None = None
    """What the suspect would read if the balance closed …"""
    unit: str | None = None
    """… in this unit."""
