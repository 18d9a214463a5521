from twin.instants import Instant, Millis, after


def test_after_moves_an_instant_by_a_span() -> None:
    assert after(Instant(1_000), Millis(250)) == 1_250
