import pytest
from pydantic import BaseModel, ValidationError

from schemas.moments import AnyMoment, Moment, Span


class Asked(BaseModel):
    """What a client may ask."""

    moment: Moment | None = None
    span: Span | None = None
    any: AnyMoment | None = None


def test_instants_and_durations_are_read() -> None:
    asked = Asked.model_validate({"moment": "1970-01-01T00:00:01Z", "span": "1h30m"})
    assert (asked.moment, asked.span) == (1000, 5_400_000)


@pytest.mark.parametrize("given", ["1970-01-01T00:00:01Z", "1000", 1000])
def test_some_instants_may_be_milliseconds(given: object) -> None:
    assert Asked.model_validate({"any": given}).any == 1000


@pytest.mark.parametrize(
    "wrong",
    [
        {"moment": "1969-12-31T23:59:59Z"},
        {"moment": "2026-01-01"},
        {"moment": 5},
        {"span": "soon"},
        {"span": 5},
        {"any": "soon"},
        {"any": "253402300800000"},
        {"any": -1},
        {"any": 1.5},
        {"any": True},
    ],
)
def test_what_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Asked.model_validate(wrong)
