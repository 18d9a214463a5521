"""``racktwin rules``: what is judged a fault, and whether a site's own rules do as they should."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer

from schemas.overrides import perhaps
from schemas.rules import RuleView, rule_view, rule_views
from schemas.rules_file import USUAL, RulesFileError
from schemas.toml_text import TomlError
from services.cli.columns import columns
from services.cli.handbook import facts_of, limit_text
from services.cli.options import AsJson
from services.cli.rule_tests import run
from services.ingest.rules import read
from twin.faults.thresholds import SiteRules

rules = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What is judged a fault, and from where on."
)

RulesFile = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE", help="A rules file over the catalogue.")
]


@rules.command()
def lint(
    file: Annotated[Path, typer.Argument(help="A rules file.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Check a rules file; exit code 1 with a line for each thing that is wrong.

    \b
    Example:
      racktwin rules lint rules.toml
    """  # noqa: D301  # the backspace keeps the lines as they are
    wrong: list[str] = []
    try:
        _say(_changes(read(file)), as_json=as_json)
    except RulesFileError as error:
        wrong = str(error).splitlines()
    if wrong and as_json:
        typer.echo(json.dumps({"errors": wrong}, indent=2))
    for line in () if as_json else wrong:
        typer.echo(line, err=True)
    raise typer.Exit(1 if wrong else 0)


@rules.command("list")
def list_(file: RulesFile = None, *, as_json: AsJson = False) -> None:
    """Name every code there is, with its priority and delays.

    \b
    Examples:
      racktwin rules list
      racktwin rules list --rules rules.toml --json
    """  # noqa: D301  # the backspace keeps the lines as they are
    views = rule_views(_judged_by(file).rules)
    if as_json:
        typer.echo(json.dumps([view.model_dump(mode="json") for view in views], indent=2))
        return
    rows: list[tuple[str, ...]] = [("code", *_COLUMNS)]
    for view in views:
        facts = dict(facts_of(view))
        off = "" if view.enabled else " (off)"
        rows.append((view.code + off, *(facts[name] for name in _COLUMNS)))
    for line in columns(rows):
        typer.echo(line)


@rules.command()
def explain(
    code: Annotated[str, typer.Argument(help="As liquid.flow_low.")],
    file: RulesFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell all about one code: what it means, its limits and their sources, what explains it.

    \b
    Examples:
      racktwin rules explain liquid.flow_low
      racktwin rules explain site.hall_warm --rules rules.toml --json
    """  # noqa: D301  # the backspace keeps the lines as they are
    judged = _judged_by(file).rules
    if code not in judged.by_code and code not in judged.off:
        typer.echo(f"{code}: no such code{perhaps(code, judged.by_code)}", err=True)
        raise typer.Exit(1)
    view = rule_view(judged, code)
    if as_json:
        typer.echo(view.model_dump_json(indent=2))
        return
    typer.echo(f"{view.code}{'' if view.enabled else ' (switched off)'}\n{view.guidance}\n")
    for limits in view.limits:
        typer.echo(f"{'limit':>{_WIDTH}}  {limit_text(limits)}")
    for name, said in facts_of(view):
        typer.echo(f"{name:>{_WIDTH}}  {said}")


@rules.command("test")
def check(
    file: Annotated[Path, typer.Argument(help="A file of tests: see docs/rules-file.md.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Fold recordings or written series, and see that the faults come of them that should.

    \b
    Example:
      racktwin rules test rules_test.toml
    """  # noqa: D301  # the backspace keeps the lines as they are
    try:
        outcomes = run(file)
    except TomlError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    if as_json:
        told = [{"name": each.name, "failures": each.lines} for each in outcomes]
        typer.echo(json.dumps(told, indent=2))
    for each in () if as_json else outcomes:
        typer.echo(f"{'FAIL' if each.lines else 'ok':<4}  {each.name}")
        for line in each.lines:
            typer.echo(f"      {line}")
    raise typer.Exit(1 if any(each.lines for each in outcomes) else 0)


_COLUMNS: Final = ("priority", "raised after", "over after", "stays", "on")
_WIDTH: Final = max(len(name) for name, _ in facts_of(rule_view(USUAL.rules, "liquid.flow_low")))


def _judged_by(file: Path | None) -> SiteRules:
    return USUAL if file is None else read(file)


def _changes(found: SiteRules) -> list[RuleView]:
    """The rows that are not as in the catalogue."""
    usual, now = USUAL.rules.by_code, found.rules.by_code
    return [view for view in rule_views(found.rules) if usual.get(view.code) != now.get(view.code)]


def _say(changed: list[RuleView], *, as_json: bool) -> None:
    if as_json:
        told = {"errors": [], "changes": [view.model_dump(mode="json") for view in changed]}
        typer.echo(json.dumps(told, indent=2))
        return
    for view in changed:
        own = view.code.startswith("site.")
        typer.echo(f"{view.code}: {'own' if own else 'changed' if view.enabled else 'off'}")
    typer.echo(f"{len(changed)} rules differ from the catalogue")
