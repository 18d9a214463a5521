"""The rules file: what a site wants judged otherwise than in the catalogue, and besides, as TOML.

A key, code, limit, type or unit that does not exist is an error, and so are limits and delays that
contradict one another. That leaks and isolation speak for themselves cannot be changed.
"""

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field

from schemas.overrides import RuleEntry, Section, contradictions, overridden, perhaps
from schemas.thresholds import ThresholdEntry, problems, threshold_of
from schemas.toml_text import TomlError, parse_toml, path_of
from twin.faults.catalogue import CATALOGUE
from twin.faults.rule import Rule, Rules
from twin.faults.thresholds import SiteRules

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

USUAL: Final = SiteRules(CATALOGUE)
"""What is judged where a site says nothing."""


class RulesFileError(TomlError):
    """A rules file that cannot be used, and why: a line for each thing that is wrong."""


class RulesFile(Section):
    """The rules file of racktwin."""

    rules: dict[str, dict[str, RuleEntry]] = Field(default_factory=dict)
    """By the two parts of a code of the catalogue, as [rules.liquid.flow_low]."""
    site: dict[Name, ThresholdEntry] = Field(default_factory=dict)
    """A site's own codes, as [site.hall_warm]."""


def parse(text: str) -> SiteRules:
    """What is judged by a rules file.

    Raises:
        RulesFileError: It is no TOML, or says something that cannot be.
    """
    try:
        file = parse_toml(text, RulesFile)
    except TomlError as error:
        raise RulesFileError(str(error)) from error
    rows = dict(CATALOGUE.by_code)
    wrong = [*_override(file, rows), *_wrong(file)]
    if wrong:
        raise RulesFileError("\n".join(wrong))
    off = {code: rows.pop(code) for code, entry in _entries(file) if entry.enabled is False}
    own = [threshold_of(f"site.{name}", entry) for name, entry in file.site.items()]
    rows |= {each.rule.code: each.rule for each in own}
    return SiteRules(Rules(rows, off), tuple(each.threshold for each in own))


def json_schema() -> dict[str, object]:
    """The same for an editor, in JSON Schema: with the codes and limits that there are."""
    schema = RulesFile.model_json_schema()
    families: dict[str, dict[str, object]] = {}
    for code, rule in sorted(CATALOGUE.by_code.items()):
        family, _, name = code.partition(".")
        families.setdefault(family, {})[name] = _described(rule)
    schema["properties"]["site"]["additionalProperties"] = False
    schema["properties"]["rules"] |= _closed(
        {family: {"type": "object"} | _closed(rows) for family, rows in families.items()}
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


def _described(rule: Rule) -> dict[str, object]:
    limits = _closed({each.of: {"$ref": "#/$defs/LimitsEntry"} for each in rule.limits})
    return {
        "allOf": [{"$ref": "#/$defs/RuleEntry"}, {"properties": {"limits": limits}}],
        "description": rule.guidance,
    }


def _closed(properties: dict[str, object]) -> dict[str, object]:
    return {"properties": properties, "additionalProperties": False}


def _entries(file: RulesFile) -> Iterator[tuple[str, RuleEntry]]:
    for family, rows in file.rules.items():
        for name, entry in rows.items():
            yield f"{family}.{name}", entry


def _override(file: RulesFile, rows: dict[str, Rule]) -> Iterator[str]:
    """Put what the file says into the rows; what is wrong with it."""
    for code, entry in _entries(file):
        family, name = code.split(".", 1)
        where = path_of("rules", family, name)
        before = rows.get(code)
        if before is None:
            yield f"{where}: no such code{perhaps(code, rows)}"
            continue
        rows[code] = overridden(before, entry)
        for key, why in contradictions(before, entry, rows[code]):
            yield f"{where}.{key}: {why}"


def _wrong(file: RulesFile) -> Iterator[str]:
    for name, entry in file.site.items():
        for key, why in problems(entry):
            yield f"{path_of('site', name, key)}: {why}"
