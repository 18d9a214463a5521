import pytest

from schemas.errors import DecodeError, Reason
from schemas.payload import LARGEST, integer, read_object, spelled


def test_object_is_read_as_json_says() -> None:
    assert read_object(b'{"a": [1, 2.5, null, true, "x"]}') == {"a": [1, 2.5, None, True, "x"]}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b'"text"',
        b"{",
        b'{"a": 1}x',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": %s}' % (b"9" * 5_000),
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda payload: repr(payload[:20]),
)
def test_what_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeError) as refusal:
        read_object(payload)

    assert refusal.value.reason is Reason.JSON


def test_more_bytes_than_the_bus_carries_are_refused_unread() -> None:
    payload = b"{}" + b" " * (LARGEST - 2)

    assert read_object(payload) == {}
    with pytest.raises(DecodeError) as refusal:
        read_object(payload + b" ")
    assert refusal.value.reason is Reason.TOO_LARGE


def test_integer_is_what_json_schema_calls_one() -> None:
    assert [integer(1), integer(1.0), integer(-0.0), integer(2**70)] == [1, 1, 0, 2**70]
    assert [integer(each) for each in (True, 1.5, "1", None, [1])] == [None] * 5


def test_spelled_integer_is_ascii_digits_only() -> None:
    assert [spelled("0"), spelled("-12"), spelled("1743620423000")] == [0, -12, 1_743_620_423_000]
    for text in ("", "-", "+1", " 1", "1.0", "1e3", "1_000", "٣", "nan", "9" * 20, 1, None):
        assert spelled(text) is None
