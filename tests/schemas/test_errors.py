import pytest

from schemas.errors import DecodeError, Reason


def test_error_says_why_and_what_exactly() -> None:
    error = DecodeError(Reason.METADATA, "engUnit: not text")

    assert error.reason is Reason.METADATA
    assert str(error) == "metadata: engUnit: not text"


def test_error_without_detail_says_why() -> None:
    assert str(DecodeError(Reason.TOPIC)) == "topic"


def test_decode_error_is_caught_as_a_value_error() -> None:
    with pytest.raises(ValueError, match="topic"):
        raise DecodeError(Reason.TOPIC)
