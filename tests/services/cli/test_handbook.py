import json
from pathlib import Path

import jsonschema
import pytest

from schemas.rules import rule_view
from schemas.rules_file import USUAL, parse
from services.cli.handbook import FAULTS, ROOT, SCHEMA, facts_of, faults, limit_text, write

_CDU = "cdu.unavailable"


@pytest.mark.parametrize("name", [FAULTS, SCHEMA], ids=str)
def test_written_documents_are_up_to_date(name: Path, tmp_path: Path) -> None:
    for each in (FAULTS, SCHEMA):
        (tmp_path / each).parent.mkdir()
    write(tmp_path)

    fresh = (tmp_path / name).read_text()
    assert (ROOT / name).read_text() == fresh, "run: python -m services.cli.handbook"


def test_every_code_has_a_section_that_its_row_leads_to() -> None:
    text = faults()

    for code, rule in USUAL.rules.by_code.items():
        assert f"\n## {code}\n\n{rule.guidance}\n" in text
        assert f"| [`{code}`](#{code.replace('.', '')}) |" in text


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads((ROOT / SCHEMA).read_text()))


def test_limit_names_its_sides_unit_deadband_and_source() -> None:
    said = [
        limit_text(limits)
        for code in ("liquid.flow_low", "leak.tray", "liquid.dp_deviation")
        for limits in rule_view(USUAL.rules, code).limits
    ]

    assert said[0].startswith(
        "flow_lpm_per_kw: warning below 0.95 LPM/kW, critical below 0.8 LPM/kW,"
        " deadband 0.03 LPM/kW (15 and 18 K"
    )
    assert said[1].startswith("leaking_trays: warning above 0 trays, critical above 1 trays (one")
    assert said[-1].startswith("times_peers: warning above 2, deadband 0.05 (twice")


@pytest.mark.parametrize(
    ("code", "fact", "said"),
    [
        ("liquid.flow_low", "severity", "WARNING or CRITICAL, by its limits"),
        ("liquid.dp_deviation", "severity", "WARNING or CRITICAL, by its limits"),
        ("data.stale", "severity", "WARNING"),
        ("data.stale", "on", "anything"),
        ("liquid.flow_low", "raised after", "10s, critical 1.2s"),
        ("leak.sensor_fault", "raised after", "5s, or 3 times in 60s"),
        ("leak.detected", "raised after", "at once"),
        ("leak.detected", "stays", "until reset"),
        ("leak.detected", "suppressed by", "nothing, ever"),
        ("cdu.unavailable", "suppressed by", "nothing"),
        (
            "cdu.pump_lost",
            "suppressed by",
            f"{_CDU} upstream in liquid; {_CDU} on the same entity; waits 5s for it",
        ),
        ("data.stale", "suppressed by", "data.publisher_lost on its publisher; waits 5s for it"),
        ("data.publisher_lost", "suppresses", "data.stale, sensor.frozen"),
    ],
)
def test_facts_of_a_row(code: str, fact: str, said: str) -> None:
    assert dict(facts_of(rule_view(USUAL.rules, code)))[fact] == said


def test_fact_that_a_site_adds_is_told() -> None:
    rules = parse("[rules.liquid.flow_low]\nrealarm_after = '1h'").rules

    facts = dict(facts_of(rule_view(rules, "liquid.flow_low")))

    assert facts["called again"] == "3600s after it was noted"
