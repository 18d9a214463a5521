from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.paging import Key, Listing, by_id, page, split
from services.api.replies import ProblemError

IDS = [f"R{number}" for number in range(7)]


class Filtered(Listing):
    """A listing with a filter."""

    colour: str = ""


def walk(ids: list[str], limit: int) -> list[list[str]]:
    pages, cursor = [], None
    while True:
        found, cursor = page(ids, by_id, Listing(limit=limit, cursor=cursor))
        pages.append(found)
        if cursor is None:
            return pages


@given(st.sets(st.text()), st.integers(1, 5))
def test_pages_together_are_everything_once_in_order(ids: set[str], limit: int) -> None:
    pages = walk(list(ids), limit)
    assert [each for part in pages for each in part] == sorted(ids)
    assert all(len(part) == limit for part in pages[:-1])


def test_page_that_takes_in_the_rest_is_the_last() -> None:
    assert page(IDS, by_id, Listing(limit=7)) == (IDS, None)


def test_item_that_goes_meanwhile_makes_no_other_be_missed() -> None:
    found, cursor = page(IDS, by_id, Listing(limit=3))
    rest, _ = page(IDS[3:], by_id, Listing(limit=10, cursor=cursor))
    assert found + rest == IDS


def test_items_without_a_value_come_last() -> None:
    values = {"a": None, "b": 2.0, "c": 1.0}
    found, _ = page(values, lambda e: Key(values[e] is None, values[e] or 0.0, e), Listing())
    assert found == ["c", "b", "a"]


def test_cursor_of_other_filters_is_refused() -> None:
    _, cursor = page(IDS, by_id, Filtered(limit=2, colour="red"))
    with pytest.raises(ProblemError) as caught:
        page(IDS, by_id, Filtered(limit=2, colour="blue", cursor=cursor))
    assert caught.value.problem.type.endswith("cursor-mismatch")
    assert caught.value.problem.status == 400


def test_cursor_goes_on_with_another_limit() -> None:
    _, cursor = page(IDS, by_id, Listing(limit=2))
    assert page(IDS, by_id, Listing(limit=1, cursor=cursor))[0] == ["R2"]


@pytest.mark.parametrize(
    "cursor", ["", "%%", "é", "abc", urlsafe_b64encode(b'["x", 1]').decode(), "W10"]
)
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(ProblemError) as caught:
        page(IDS, by_id, Listing(cursor=cursor))
    assert caught.value.problem.type.endswith("cursor-invalid")


def test_names_come_with_commas_or_one_by_one() -> None:
    assert split(["a,b", "c"]) == split(["a", "b", "c"]) == ["a", "b", "c"]
    assert split(None) is None
    assert split([1]) == [1]
