import tomllib
from pathlib import Path

import jsonschema
import pytest

from conftest import ROOT
from schemas.rules_file import USUAL, RulesFileError, json_schema, parse
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import seconds

EXAMPLE = ROOT / "deploy" / "rules.toml"

WARM = """
[site.warm]
point_type = "AirTemperature"
above = { warning = 32 }
unit = "C"
guidance = "Too warm. Look today."
view = "/api/v1/fleet"
"""


def test_file_that_says_nothing_is_the_catalogue() -> None:
    found = parse("")

    assert found.rules.by_code == CATALOGUE.by_code
    assert (found.rules.off, found.thresholds) == ({}, ())
    assert USUAL.rules is CATALOGUE


def test_row_is_changed_and_all_others_stay() -> None:
    found = parse("[rules.liquid.flow_low]\non_delay = '15s'").rules.by_code

    assert found["liquid.flow_low"].on_delay == seconds(15)
    assert {code: row for code, row in found.items() if code != "liquid.flow_low"} == {
        code: row for code, row in CATALOGUE.by_code.items() if code != "liquid.flow_low"
    }


def test_row_that_is_switched_off_is_known_and_judges_nothing() -> None:
    rules = parse("[rules.data.stale]\nenabled = false\nreason = 'too many'").rules

    assert "data.stale" not in rules
    assert rules["data.stale"].source.endswith("switched off (too many)")


def test_a_site_s_own_rule_has_a_row_and_a_threshold() -> None:
    found = parse(WARM)

    assert found.rules["site.warm"].guidance == "Too warm. Look today."
    assert [each.code for each in found.thresholds] == ["site.warm"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules", "not TOML: "),
        ("[rules]\nliquid = 3", "rules.liquid: Input should be a table"),
        ("[rules.liquid.flow_low]\nlatches = 1", "rules.liquid.flow_low.latches: no such key"),
        (
            "[rules.leak.detected]\nsuppressible = true",
            "rules.leak.detected.suppressible: no such key",
        ),
        (
            "[rules.liquid.flow_lo]\non_delay = '1s'",
            "rules.liquid.flow_lo: no such code (perhaps liquid.flow_low)",
        ),
        (
            "[rules.liquid.flow_low]\non_delay = '-5s'",
            "rules.liquid.flow_low.on_delay: not a duration: '-5s'",
        ),
        (
            "[rules.liquid.flow_low]\non_delay = 5",
            "rules.liquid.flow_low.on_delay: Input should be a duration in quotes, as '10s', not 5",
        ),
        (
            "[rules.liquid.flow_low]\nlimits.flow_lpm_per_kw.critical = 2",
            "rules.liquid.flow_low.limits.flow_lpm_per_kw: critical, 2, should be below",
        ),
        (WARM.replace('"C"', '"F"'), "site.warm.unit: should be C or what can be converted"),
        (WARM.replace("guidance", "advice"), "site.warm.guidance: Field required"),
        (WARM.replace("/api", "api"), "site.warm.view: String should match pattern"),
        (WARM.replace("warm", "Warm"), "site.Warm: String should match pattern"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(text: str, said: str) -> None:
    with pytest.raises(RulesFileError) as raised:
        parse(text)

    assert str(raised.value).startswith(said)


def test_everything_that_is_wrong_is_named_a_line_each() -> None:
    with pytest.raises(RulesFileError) as raised:
        parse("[rules.data.stale]\nenabled = false\n[rules.a.b]\n" + WARM.replace('"C"', '"F"'))

    assert len(str(raised.value).splitlines()) == 3


def test_example_can_be_used_and_its_schema_agrees() -> None:
    text = EXAMPLE.read_text()

    assert parse(text).thresholds
    jsonschema.validate(tomllib.loads(text), json_schema())


@pytest.mark.parametrize(
    "text",
    [
        "[rules.liquid.flow_lo]",
        "[rules.lquid.flow_low]",
        "[rules.liquid.flow_low]\nlatches = true",
        "[rules.liquid.flow_low]\nlimits.x = {}",
        "[rules.liquid.flow_low]\nlimits.flow_lpm_per_kw.high = 2",
        "[rules.liquid.flow_low]\non_delay = 'soon'",
        "[site.Warm]",
    ],
)
def test_schema_refuses_what_an_editor_should_underline(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(text), json_schema())


def test_example_names_a_schema_that_is_there() -> None:
    (line,) = [each for each in EXAMPLE.read_text().splitlines() if each.startswith("#:schema ")]

    assert (Path(EXAMPLE.parent) / line.removeprefix("#:schema ")).exists()
