import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.areas import Area, read, slips, whereabouts

WORDS = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("word", "area"),
    [
        ("Secondary", Area.SECONDARY),
        ("secondary", Area.SECONDARY),
        ("Seccondary", Area.SECONDARY),
        ("Secodnary", Area.SECONDARY),
        ("Scondry", Area.SECONDARY),
        ("Pirmary", Area.PRIMARY),
        ("Prim", None),
        ("Retrun", Area.RETURN),
        ("Filter1", Area.FILTER),
        ("FILTER-2", Area.FILTER),
        ("Filtre", Area.FILTER),
        ("Fill", Area.FILL),
        ("Pump1", None),
        ("Pod1C", None),
        ("Tertiary", None),
        ("Full", None),  # of so few letters it is another word
        ("Onlet", None),  # and so it is with another first letter
        ("Intlet", Area.INLET),
        ("", None),
        ("12", None),
    ],
)
def test_word_is_read_as_the_area_it_is_a_slip_away_from(word: str, area: Area | None) -> None:
    assert read(word) is area


def test_only_a_word_with_slips_is_noted() -> None:
    said = whereabouts(("Seccondary", "SUPPLY", "Filter1", "Pod1C"))

    assert said.areas == {Area.SECONDARY, Area.SUPPLY, Area.FILTER}
    assert said.notes == ("process area 'Seccondary' read as 'Secondary'",)


def test_no_words_say_nothing() -> None:
    assert whereabouts(()).areas == frozenset()


@pytest.mark.parametrize("area", Area)
def test_every_area_is_read_as_itself_alone(area: Area) -> None:
    assert [each for each in Area if read(each) is area] == [area]


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [("abc", "abc", 0), ("abc", "ab", 1), ("ab", "ba", 1), ("abc", "xyz", 3), ("", "abc", 3)],
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert slips(one, other) == count


@given(WORDS, WORDS)
def test_slips_are_the_same_both_ways_and_none_only_between_equals(one: str, other: str) -> None:
    assert slips(one, other) == slips(other, one)
    assert (slips(one, other) == 0) == (one == other)
    assert abs(len(one) - len(other)) <= slips(one, other) <= max(len(one), len(other))
