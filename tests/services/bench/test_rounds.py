from build import at
from schemas.envelope import Envelope
from services.bench.rounds import length, round_and_round
from twin.instants import Millis

ONCE = [Envelope("first", b"{}", at(0)), Envelope("last", b'{"timestamp":1767225602000}', at(2))]


def test_a_recording_is_played_whole_until_the_time_is_over() -> None:
    played = list(round_and_round(ONCE, Millis(5_000)))

    assert [each.topic for each in played] == ["first", "last"] * 3
    assert [each.received_at - at(0) for each in played] == [0, 2000, 2001, 4001, 4002, 6002]
    assert played[-1].payload == b'{"timestamp":1767225606002}'


def test_nothing_goes_round_where_nothing_was_recorded() -> None:
    assert length(ONCE) == 2000
    assert length([]) == 0
    assert list(round_and_round([], Millis(5_000))) == []
