from build import at
from twin.watch.band import Band


def _band(*told: tuple[float, float | None]) -> Band:
    band = Band()
    for when, value in told:
        band.take(value, at(when))
    return band


def test_nothing_is_off_what_was_never_asked_for() -> None:
    assert _band().off(30.0, 1) is None
    assert _band((0, None)).off(30.0, 1) is None


def test_value_is_off_by_what_it_differs() -> None:
    band = _band((0, 32.0), (1, 32.0))

    assert band.off(36.0, 1) == (4.0, 32.0)
    assert band.off(36.0, -1) == (-4.0, 32.0)
    assert band.off(30.0, -1) == (2.0, 32.0)


def test_what_was_asked_for_of_late_counts_as_well() -> None:
    band = _band((0, 32.0), (10, 25.0))

    assert band.off(32.0, 1) == (0.0, 32.0)
    assert band.off(25.0, -1) == (0.0, 25.0)


def test_it_has_to_be_followed_after_five_minutes() -> None:
    band = _band((0, 32.0), (10, 25.0), (309, 25.0))
    assert band.off(32.0, 1) == (0.0, 32.0)

    band.take(25.0, at(310))
    assert band.off(32.0, 1) == (7.0, 25.0)


def test_set_point_that_is_not_heard_is_where_it_was() -> None:
    assert _band((0, 32.0), (1, None)).off(33.0, 1) == (1.0, 32.0)
