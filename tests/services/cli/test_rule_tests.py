from pathlib import Path

import pytest

from conftest import ROOT
from services.cli.rule_tests import Outcome, run

LEAK = """
[[tests]]
name = "x"
{more}
[[tests.series]]
point = "Rack/RackLeakDetect"
entity = "R1"
states = {{ Normal = 0, Leak = 1 }}
values = "{values}"
[[tests.expect]]
{expect}
"""
FAULT = "faults = [{{ code = 'leak.detected', entity = 'R1'{} }}]"


def outcomes(folder: Path, text: str) -> list[Outcome]:
    file = folder / "tests.toml"
    file.write_text(text)
    return run(file)


def lines(
    folder: Path, expect: str, *, values: str = "0x5 1x5", more: str = "", head: str = ""
) -> list[str]:
    """What is not as expected of one rack whose leak detector is wet from the fifth second on."""
    text = head + LEAK.format(expect=expect, values=values, more=more)
    ((_, found),) = outcomes(folder, text)
    return found


@pytest.mark.parametrize(
    "expect",
    [
        "at = '4.9s'",
        "at = '5s'\n" + FAULT.format(""),
        FAULT.format(", severity = 'CRITICAL', state = 'UNACK', raised = ['5s', '5s']"),
        FAULT.format(", qualifier = 'Rack/RackLeakDetect/R1'"),
        "at = '1h'\nnothing_else = false",
        "nothing_else = false",
    ],
)
def test_what_is_as_expected_says_nothing(tmp_path: Path, expect: str) -> None:
    assert lines(tmp_path, expect) == []


FOUND = "  + leak.detected R1 CRITICAL UNACK Rack/RackLeakDetect/R1 raised 5s"


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("", ["until the end:", FOUND]),
        ("at = '6s'", ["at 6s:", FOUND]),
        ("at = '4s'\n" + FAULT.format(""), ["at 4s:", "  - leak.detected R1"]),
        (
            FAULT.format(", severity = 'WARNING', raised = ['0s', '4s']"),
            ["until the end:", "  - leak.detected R1 WARNING raised 0s to 4s", FOUND],
        ),
        (
            FAULT.format(", state = 'NORM', qualifier = 'x'") + "\nnothing_else = false",
            ["until the end:", "  - leak.detected R1 NORM x", FOUND],
        ),
        (
            "faults = [{ code = 'leak.tray', entity = 'R1' }]\nnothing_else = false",
            ["until the end:", "  - leak.tray R1"],
        ),
    ],
)
def test_what_is_not_as_expected_is_told_beside_what_is(
    tmp_path: Path, expect: str, said: list[str]
) -> None:
    assert lines(tmp_path, expect) == said


def test_who_asks_for_most_is_served_first(tmp_path: Path) -> None:
    trays = "".join(
        f"""
        [[tests.series]]
        point = "Rack/RackLeakDetect"
        entity = "R1"
        tag = "{tag}"
        states = {{ Normal = 0, Leak = 1 }}
        values = "1"
        """
        for tag in "ab"
    )
    any_, of_a = "code = 'leak.detected', entity = 'R1'", "qualifier = 'Rack/RackLeakDetect/R1/a'"
    expect = f"[[tests.expect]]\nfaults = [{{ {any_} }}, {{ {any_}, {of_a} }}]"

    assert outcomes(tmp_path, f"[[tests]]\nname = 'x'\n{trays}\n{expect}") == [Outcome("x", [])]


def test_time_runs_on_until_it_is_said_to_end(tmp_path: Path) -> None:
    wet = FAULT.format(", state = 'UNACK'")
    dry = FAULT.format(", state = 'LTUNA'")

    assert lines(tmp_path, wet, values="1 0") == []
    assert lines(tmp_path, dry, values="1 0", more="until = '1m'") == []


def test_what_comes_after_the_end_is_left_out(tmp_path: Path) -> None:
    assert lines(tmp_path, "", more="until = '4s'") == []


def test_expectations_are_asked_in_order_of_time(tmp_path: Path) -> None:
    expect = "at = '7s'\n" + FAULT.format("") + "\n[[tests.expect]]\nat = '3s'"

    assert lines(tmp_path, expect) == []


def test_silence_is_stale_after_its_word_and_not_before(tmp_path: Path) -> None:
    lost = "faults = [{{ code = 'data.stale', entity = 'R1', raised = ['{0}', '{0}'] }}]"
    until = "until = '8m'"

    assert lines(tmp_path, "at = '254s'", values="0x6 stale 0", more=until) == []
    assert lines(tmp_path, lost.format("255s"), values="0x6 stale 0", more=until) == []
    assert lines(tmp_path, "at = '7m'", values="0 _x200 0 _x200 0", more=until) == []


def test_interval_is_the_time_between_two_values(tmp_path: Path) -> None:
    expect = FAULT.format(", raised = ['50s', '50s']")

    assert lines(tmp_path, expect, more="interval = '10s'") == []


def test_rules_of_a_site_are_judged_by(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(
        "[rules.leak.detected]\nenabled = false\nreason = 'no detectors'"
    )

    assert lines(tmp_path, "", head="rules = 'rules.toml'\n") == []


def test_recording_is_folded_as_any_other(tmp_path: Path, dsx: Path) -> None:
    text = f"""
        [[tests]]
        name = "the pod"
        recording = "{dsx / "dsx_exemplar.csv"}"
        [[tests.expect]]
        faults = [{{ code = "balance.flow", entity = "C-F00-CDU-05", severity = "WARNING" }}]
        nothing_else = false
    """

    assert outcomes(tmp_path, text) == [Outcome("the pod", [])]


def test_example_holds() -> None:
    assert [lines for _, lines in run(ROOT / "deploy" / "rules_test.toml")] == [[]]
