"""Why a message cannot be understood."""

from enum import StrEnum


class Reason(StrEnum):
    """The reasons of a rejection, each a label of the counter."""

    TOPIC = "topic"
    """Not a topic of DSX BMS v1."""
    TYPE = "type"
    """An object type or point type that the contract does not have, or not together."""
    JSON = "json"
    """Not a JSON object, or a number in it that no float holds."""
    VALUE = "value"
    """No ``value``, or one that is neither a finite number nor null."""
    TIMESTAMP = "timestamp"
    """No ``timestamp``, or none in epoch milliseconds."""
    QUALITY = "quality"
    """No ``quality``, or none that is an integer."""
    TOO_LARGE = "too_large"
    """More bytes than the event bus carries."""
    METADATA = "metadata"
    """Metadata whose fields cannot be read."""
    METADATA_TYPE = "metadata_type"
    """Metadata whose types are not those of its topic."""
    METADATA_IDENTITY = "metadata_identity"
    """Metadata that does not say whose point it is."""


class DecodeError(ValueError):
    """A message that cannot be understood.

    Args:
        reason: The label it is counted under.
        detail: What exactly was wrong, for a log or a person.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
