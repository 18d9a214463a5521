from schemas.envelope import Envelope
from twin.instants import Instant


def test_envelope_is_live_unless_said_to_be_retained() -> None:
    assert not Envelope("topic", b"", Instant(0)).retain
    assert Envelope("topic", b"", Instant(0), retain=True).retain
