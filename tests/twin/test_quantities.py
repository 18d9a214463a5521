import pytest

from twin.quantities import base_of, factor


@pytest.mark.parametrize("unit", ["kW", "kw", "KW"])
def test_spelling_of_a_unit_does_not_matter(unit: str) -> None:
    assert factor(unit, "kW") == 1.0


@pytest.mark.parametrize(
    ("unit", "wanted", "expected"),
    [
        ("W", "kW", 0.001),
        ("MW", "kW", 1000.0),
        ("mA", "A", 0.001),
        ("kV", "V", 1000.0),
        ("bar", "kPa", 100.0),
        ("PSI", "PSI", 1.0),
        ("GPM", "LPM", 3.785412),
        ("°C", "C", 1.0),
        ("%", "", 0.01),
    ],
)
def test_related_units_have_a_factor(unit: str, wanted: str, expected: float) -> None:
    assert factor(unit, wanted) == expected


@pytest.mark.parametrize(("unit", "wanted"), [("kPa", "kW"), (None, "kW"), ("F", "C"), ("kW", "")])
def test_unrelated_units_have_none(unit: str | None, wanted: str) -> None:
    assert factor(unit, wanted) is None


def test_no_unit_is_that_of_a_ratio() -> None:
    assert factor(None, "") == 1.0


def test_milliwatt_is_never_taken_for_megawatt() -> None:
    assert factor("mW", "kW") is None


@pytest.mark.parametrize(
    ("unit", "base"),
    [("W", "kW"), ("kw", "kW"), ("gpm", "LPM"), ("%RH", ""), ("furlong", "furlong")],
)
def test_what_is_converted_to_the_same_unit_is_akin(unit: str, base: str) -> None:
    assert base_of(unit) == base
