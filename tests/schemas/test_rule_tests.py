import pytest

from schemas.rule_tests import LONGEST, STALE, RuleTestsError, Run, SeriesEntry, parse, series_of
from twin.instants import Millis

LEAST = """
[[tests]]
name = "x"
[[tests.series]]
point = "Rack/RackPower"
entity = "R1"
values = "1"
[[tests.expect]]
"""


def test_series_is_values_so_many_times_each() -> None:
    assert series_of("32x10 -41.5 1e3 _ _x5 stale") == (
        Run(32.0, 10),
        Run(-41.5, 1),
        Run(1000.0, 1),
        Run("_", 1),
        Run("_", 5),
        Run(STALE, 1),
    )


@pytest.mark.parametrize("text", ["", "  ", "warm", "32x", "32x-1", "32 x 10", "nan", "1x0"])
def test_series_of_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is none of|has values"):
        series_of(text)


def test_series_is_bounded() -> None:
    with pytest.raises(ValueError, match=r"more than 1000000 values"):
        series_of(f"1x{LONGEST} 2")


def test_point_of_a_series_is_described_as_the_contract_has_it() -> None:
    point = SeriesEntry(
        point="CDU/LiquidFlow", entity="C1", tag="a/b", values="1", serves=("R1",), unit="LPM"
    ).described()

    assert point.id == "CDU/LiquidFlow/C1/a/b"
    assert (point.entity, point.unit, point.serves) == ("C1", "LPM", ("R1",))


def test_unit_is_the_contract_s_and_a_state_has_none() -> None:
    power = SeriesEntry(point="Rack/RackPower", entity="R1", values="1").described()
    leak = SeriesEntry(
        point="Rack/RackLeakDetect", entity="R1", values="1", states={"Leak": 1}
    ).described()

    assert power.unit == "kW"
    assert (leak.unit, leak.states) == (None, ((1, "Leak"),))


def test_least_of_a_file_expects_nothing_of_one_series() -> None:
    (test,) = parse(LEAST).tests

    assert (test.interval, test.until, test.recording) == (1000, None, None)
    assert (test.expect[0].at, test.expect[0].faults, test.expect[0].nothing_else) == (
        None,
        (),
        True,
    )


def test_expectation_may_name_when_it_is_asked_and_when_a_fault_was_raised() -> None:
    fault = "{ code = 'c', entity = 'R1', state = 'UNACK', raised = ['1s', '2.5s'] }"

    ((expected,),) = [
        test.expect[0].faults for test in parse(f"{LEAST}at = '20s'\nfaults = [{fault}]").tests
    ]

    assert expected.raised == (Millis(1000), Millis(2500))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tests = []", "tests: Tuple should have at least 1 item"),
        ("tests", "not TOML: "),
        (LEAST.replace("[[tests.expect]]", ""), "tests.0.expect: Field required"),
        (LEAST.replace("RackPower", "Power"), "tests.0.series.0.point: should be {objectType}"),
        (LEAST.replace('"1"', '"warm"'), "tests.0.series.0.values: 'warm' is none of 41.5,"),
        (LEAST.replace("values", "worth"), "tests.0.series.0.values: Field required"),
        (
            LEAST.replace('name = "x"', 'name = "x"\nrecording = "y.csv"'),
            "tests.0: either a recording or series should be there",
        ),
        (
            "[[tests]]\nname = 'x'\n[[tests.expect]]",
            "tests.0: either a recording or series should be there",
        ),
        (
            LEAST.replace('name = "x"', 'name = "x"\nuntil = "1s"') + "at = '2s'",
            "tests.0: expect.at lies behind until",
        ),
        (LEAST + "faults = [{ code = 'c' }]", "tests.0.expect.0.faults.0.entity: Field required"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(text: str, said: str) -> None:
    with pytest.raises(RuleTestsError) as raised:
        parse(text)

    assert str(raised.value).startswith(said)


def test_until_may_lie_behind_all_that_is_asked() -> None:
    parse(LEAST.replace('name = "x"', 'name = "x"\nuntil = "3s"') + "at = '2s'")
