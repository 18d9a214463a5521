import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.misread import MISREADINGS, Misreading, misread


@pytest.mark.parametrize(
    ("reads", "truth", "unit", "name"),
    [
        (13.22, 50.05, "LPM", "US gallons told as litres"),
        (189.5, 50.05, "LPM", "litres a minute taken for US gallons"),
        (3.0, 50.0, "LPM", "cubic metres an hour told as litres a minute"),
        (833.0, 50.0, "LPM", "litres a minute taken for cubic metres an hour"),
        (0.83, 50.0, "LPM", "litres a second told as litres a minute"),
        (3000.0, 50.0, "LPM", "litres a minute taken for litres a second"),
        (35207.0, 35.2, "kW", "watts told as kilowatts"),
        (0.0352, 35.2, "kW", "kilowatts taken for watts"),
        (89.6, 32.0, "C", "degrees Fahrenheit told as Celsius"),
        (7.2, 45.0, "C", "degrees Celsius taken for Fahrenheit"),
        (305.15, 32.0, "C", "kelvins told as degrees Celsius"),
    ],
)
def test_a_usual_misreading_is_called_by_its_name(
    reads: float, truth: float, unit: str, name: str
) -> None:
    assert misread(reads, truth, unit) == name


@pytest.mark.parametrize(
    ("reads", "unit"), [(50.0, "LPM"), (65.0, "LPM"), (0.0, "kW"), (13.2, "A")]
)
def test_what_no_usual_way_leads_to_has_no_name(reads: float, unit: str) -> None:
    assert misread(reads, 50.0, unit) is None


def test_nothing_is_nothing_in_every_unit() -> None:
    assert misread(5.0, 0.0, "LPM") is None


@given(st.sampled_from(MISREADINGS), st.floats(20.0, 60.0), st.floats(-0.02, 0.02))
def test_every_misreading_is_recognised_by_what_it_makes_of_the_truth(
    how: Misreading, truth: float, noise: float
) -> None:
    assert misread((how.by * truth + how.plus) * (1 + noise), truth, how.unit) == how.name
