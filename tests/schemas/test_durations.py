import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.durations import format_ms, parse_ms, parse_ns

LONGEST_NS = 2**63 - 1


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("0s", 0),
        ("1m39.36s", 99_360_000_000),
        ("3.4731ms", 3_473_100),
        ("1h2m3s", 3_723_000_000_000),
        ("7µs", 7_000),
        ("7μs", 7_000),  # Greek mu
        ("7us", 7_000),
        ("12ns", 12),
        ("1.5h", 5_400_000_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("1.9ns", 1),
        ("2562047h47m16.854775807s", LONGEST_NS),
    ],
)
def test_duration_is_read_as_go_reads_it(text: str, nanoseconds: int) -> None:
    assert parse_ns(text) == nanoseconds


@pytest.mark.parametrize(
    "text", ["", "1", "s", ".s", "-1s", "1 s", "1s ", "1d", "1S", "٣s", "1e3s", "nans", "1s2"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        parse_ns(text)


@pytest.mark.parametrize("text", ["2562047h47m16.854775808s", "9" * 19 + "h", "1s" * 2 + "9e9"])
def test_longer_than_go_can_say_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_ns(text)


@given(st.text("0123456789.hmsuµn ", max_size=40))
@example("9" * 1_000_000 + "h")
@example("1h" * 1_000)
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    try:
        nanoseconds = parse_ns(text)
    except ValueError:
        return
    assert 0 <= nanoseconds <= LONGEST_NS


def test_milliseconds_are_the_nearest() -> None:
    assert [parse_ms("3.47ms"), parse_ms("3.5ms"), parse_ms("499us")] == [3, 4, 0]


@pytest.mark.parametrize(("ms", "text"), [(0, "0s"), (100, "0.1s"), (10_000, "10s"), (1, "0.001s")])
def test_milliseconds_are_written_as_seconds(ms: int, text: str) -> None:
    assert format_ms(ms) == text


@given(st.integers(0, LONGEST_NS // 1_000_000))
def test_written_duration_reads_back_the_same(ms: int) -> None:
    assert parse_ms(format_ms(ms)) == ms
