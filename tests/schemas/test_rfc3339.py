import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rfc3339 import format_instant, parse_instant
from twin.instants import Instant

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999  # years 1 to 9999


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_795_334_400_120, "2026-11-22T08:00:00.120Z"),
        (FIRST, "0001-01-01T00:00:00.000Z"),
        (LAST, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_instant_is_written_in_utc_with_milliseconds(instant: int, text: str) -> None:
    assert format_instant(Instant(instant)) == text


@given(st.integers(FIRST, LAST))
def test_written_instant_reads_back_the_same(instant: int) -> None:
    assert parse_instant(format_instant(Instant(instant))) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T08:00:00Z",
        "2026-11-22t08:00:00z",
        "2026-11-22 08:00:00.000999Z",
        "2026-11-22T09:30:00+01:30",
        "2026-11-22T00:00:00.0000000001-08:00",
    ],
)
def test_every_form_of_rfc_3339_is_read(text: str) -> None:
    assert parse_instant(text) == 1_795_334_400_000


def test_instant_without_a_zone_says_so() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        parse_instant("2026-11-22T08:00:00")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-11-22",
        "20261122T080000Z",
        "2026-W47-7T08:00:00Z",
        "2026-11-22T08:00Z",
        "2026-13-22T08:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T08:00:00+99:00",
        "٢٠٢٦-11-22T08:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
    ],
)
def test_anything_else_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an instant|outside|must be|out of range|Invalid"):
        parse_instant(text)


@given(st.text("0123456789-:.TZz+ ", max_size=40))
def test_any_text_is_an_instant_or_a_value_error(text: str) -> None:
    try:
        instant = parse_instant(text)
    except ValueError:
        return
    assert FIRST <= instant <= LAST
