import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.rules_file import RulesFileError
from services.cli.app import app_of
from twin.faults.catalogue import CATALOGUE

OFF = "[rules.data.stale]\nenabled = false\nreason = 'too many'\n"
SAFETY = "a rule about leaks or isolation is changed with a reason"
SLOW = "[rules.liquid.flow_low]\non_delay = '15s'\n"
OWN = """
[site.warm]
point_type = "AirTemperature"
above = { warning = 32 }
unit = "C"
guidance = "Too warm. Look today."
view = "/api/v1/fleet"
"""


def rules(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app_of(["rules"]), ["rules", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "rules.toml"
    written.write_text(OFF + SLOW + OWN)
    return written


def test_lint_names_what_is_other_than_in_the_catalogue(file: Path) -> None:
    code, said, _ = rules("lint", str(file))

    assert code == 0
    assert said.splitlines() == [
        "data.stale: off",
        "liquid.flow_low: changed",
        "site.warm: own",
        "3 rules differ from the catalogue",
    ]


def test_lint_tells_the_same_as_json(file: Path) -> None:
    told = json.loads(rules("lint", str(file), "--json")[1])

    assert told["errors"] == []
    assert [each["code"] for each in told["changes"]] == [
        "data.stale",
        "liquid.flow_low",
        "site.warm",
    ]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_lint_of_a_wrong_file_ends_with_1_and_a_line_for_each_thing(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text("[rules.liquid.flow_lo]\n[rules.leak.detected]\nlatch = false\n")

    code, said, wrong = rules("lint", str(file), *flags)

    assert code == 1
    assert (json.loads(said)["errors"] if flags else wrong.splitlines()) == [
        f"{file}: rules.liquid.flow_lo: no such code (perhaps liquid.flow_low)",
        f"{file}: rules.leak.detected.reason: {SAFETY}",
    ]


def test_list_has_every_code_in_columns(file: Path) -> None:
    _, said, _ = rules("list")
    _, ours, _ = rules("list", "--rules", str(file))

    codes = [line.split()[0] for line in said.splitlines()]
    assert codes == ["code", *sorted(CATALOGUE.by_code)]
    assert "data.stale (off)" in ours
    assert "site.warm " in ours


def test_list_is_json_where_that_is_asked_for() -> None:
    told = json.loads(rules("list", "--json")[1])

    assert {each["code"] for each in told} == set(CATALOGUE.by_code)


def test_explain_tells_what_it_means_its_limits_and_what_explains_it(file: Path) -> None:
    code, said, _ = rules("explain", "liquid.flow_low", "--rules", str(file))

    assert code == 0
    assert said.startswith(f"liquid.flow_low\n{CATALOGUE['liquid.flow_low'].guidance}\n")
    assert "        limit  flow_lpm_per_kw: warning below 0.95 LPM/kW" in said
    assert " raised after  15s, critical 1.2s\n" in said
    assert "   suppresses  liquid.delta_t_high" in said
    assert "at this site: on_delay 15s" in said


def test_explain_says_that_a_rule_is_off_and_why(file: Path) -> None:
    _, said, _ = rules("explain", "data.stale", "--rules", str(file))

    assert said.startswith("data.stale (switched off)\n")
    assert "at this site: switched off (too many)" in said


def test_explain_is_json_where_that_is_asked_for() -> None:
    told = json.loads(rules("explain", "leak.detected", "--json")[1])

    assert (told["code"], told["latch"], told["suppressible"]) == ("leak.detected", True, False)


def test_explain_of_what_is_not_there_ends_with_1() -> None:
    assert rules("explain", "leak.detecte") == (
        1,
        "",
        "leak.detecte: no such code (perhaps leak.detected)\n",
    )


def test_rules_file_that_cannot_be_used_ends_the_command(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app_of(["rules"]), ["rules", "list", "--rules", str(tmp_path / "no")]
    )

    assert isinstance(result.exception, RulesFileError)


LEAK = """
[[tests]]
name = "a leak is raised at once"
[[tests.series]]
point = "Rack/RackLeakDetect"
entity = "R1"
states = { Normal = 0, Leak = 1 }
values = "0x5 1x5"
[[tests.expect]]
at = "5s"
faults = [{ code = "leak.detected", entity = "R1" }]
[[tests]]
name = "a leak is nothing"
[[tests.series]]
point = "Rack/RackLeakDetect"
entity = "R1"
states = { Normal = 0, Leak = 1 }
values = "0x5 1x5"
[[tests.expect]]
"""


def test_tests_that_fail_end_with_1_and_show_the_difference(tmp_path: Path) -> None:
    file = tmp_path / "leak.toml"
    file.write_text(LEAK)

    code, said, _ = rules("test", str(file))

    assert code == 1
    assert said.splitlines()[:4] == [
        "ok    a leak is raised at once",
        "FAIL  a leak is nothing",
        "      until the end:",
        "        + leak.detected R1 CRITICAL UNACK Rack/RackLeakDetect/R1 raised 5s",
    ]


def test_tests_that_pass_end_with_0_and_are_json_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "leak.toml"
    file.write_text(LEAK[: LEAK.rindex("[[tests]]")])

    code, said, _ = rules("test", str(file), "--json")

    assert (code, json.loads(said)) == (0, [{"name": "a leak is raised at once", "failures": []}])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour = 1", "tests.toml: tests: Field required"),
        (LEAK + "[[tests]]\nname = 'x'\nrecording = 'no.csv'\n[[tests.expect]]", "no.csv"),
        ("rules = 'no.toml'\n" + LEAK, "no.toml"),
        (
            LEAK + "[[tests]]\nname = 'x'\nrecording = 'tests.toml'\n[[tests.expect]]",
            "tests.toml: ",
        ),
    ],
)
def test_tests_that_cannot_be_run_end_with_1_and_say_why(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "tests.toml"
    file.write_text(text)

    code, _, wrong = rules("test", str(file))

    assert code == 1
    assert said in wrong
