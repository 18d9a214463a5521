import pytest
from pydantic import ValidationError

from schemas.handling import ANONYMOUS, Act, SeveralShelving, Shelving
from twin.instants import Instant

NOW = Instant(1_000)


def test_whoever_does_not_say_who_they_are_is_anonymous() -> None:
    assert Act().by == ANONYMOUS


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ({}, 3_601_000),
        ({"for": "5m"}, 301_000),
        ({"until": "1970-01-01T00:01:00Z"}, 60_000),
    ],
)
def test_shelf_ends_when_it_is_said_or_after_an_hour(given: dict[str, str], end: int) -> None:
    assert Shelving.model_validate({"reason": "known", **given}).end(NOW) == end


def test_shelf_has_one_end() -> None:
    both = {"reason": "known", "for": "5m", "until": "1970-01-01T00:01:00Z"}
    with pytest.raises(ValidationError, match="not both"):
        SeveralShelving.model_validate({"ids": ["a"], **both})
