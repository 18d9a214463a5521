"""``racktwin faults``: what is wrong, and what is done about it, by the API of a running twin."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import aiohttp
import typer

from services.cli.options import AsJson, SettingsFile, settings_of

faults = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="What is wrong, and what is done about it."
)

TIMEOUT_S: Final = 30.0

Api = Annotated[
    str | None,
    typer.Option("--api", metavar="URL", help="Of a running twin; else the settings' address."),
]
Ids = Annotated[list[str], typer.Argument(help="Ids of occurrences.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who does it.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")]


class ApiError(Exception):
    """The API cannot be reached, or refuses."""


@faults.command("list")
def list_(
    entity: Annotated[str | None, typer.Option(metavar="ID", help="On this.")] = None,
    code: Annotated[str | None, typer.Option(help="As leak.detected.")] = None,
    severity_min: Annotated[str | None, typer.Option(help="WARNING or CRITICAL.")] = None,
    state: Annotated[str | None, typer.Option(help="As UNACK.")] = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Name what is wrong: most urgent first.

    \b
    Examples:
      racktwin faults list
      racktwin faults list --severity-min CRITICAL --json
    """  # noqa: D301  # the backspace keeps the lines as they are
    wanted = {"entity": entity, "code": code, "severity_min": severity_min, "state": state}
    query = {name: value for name, value in wanted.items() if value is not None}
    found: list[dict[str, Any]] = []
    page: dict[str, Any] = {"next_cursor": ""}
    while page["next_cursor"] is not None:
        more = {"cursor": page["next_cursor"]} if page["next_cursor"] else {}
        page = _ask(_address(api, settings), "GET", "faults", query=query | more)
        found += page["items"]
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for each in found:
        names = ("id", "raised_at", "severity", "state", "code", "entity", "message")
        typer.echo("  ".join(str(each[name]) for name in names))


@faults.command()
def show(identity: str, api: Api = None, settings: SettingsFile = None) -> None:
    """Tell all about one occurrence.

    \b
    Example:
      racktwin faults show e670a3ff54fd30ce
    """  # noqa: D301  # the backspace keeps the lines as they are
    typer.echo(
        json.dumps(
            _ask(_address(api, settings), "GET", f"faults/{quote(identity, safe='')}"), indent=2
        )
    )


@faults.command()
def ack(
    ids: Ids,
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take note of faults.

    \b
    Example:
      racktwin faults ack e670a3ff54fd30ce --by ann
    """  # noqa: D301  # the backspace keeps the lines as they are
    _act("ack", ids, {"by": by}, _address(api, settings), as_json=as_json)


@faults.command()
def reset(
    ids: Ids,
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let go of what is latched, when it is over and noted."""
    _act("reset", ids, {"by": by}, _address(api, settings), as_json=as_json)


@faults.command()
def shelve(
    ids: Ids,
    reason: Reason,
    span: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="30m; 12h at the most.")
    ] = "1h",
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Keep faults quiet for a while.

    \b
    Example:
      racktwin faults shelve e670a3ff54fd30ce --reason "filter is changed" --for 2h --by ann
    """  # noqa: D301  # the backspace keeps the lines as they are
    body = {"by": by, "reason": reason, "for": span}
    _act("shelve", ids, body, _address(api, settings), as_json=as_json)


@faults.command()
def unshelve(
    ids: Ids,
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Take faults off the shelf before their time."""
    _act("unshelve", ids, {"by": by}, _address(api, settings), as_json=as_json)


@faults.command("out-of-service")
def out_of_service(
    ids: Ids,
    reason: Reason,
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Let faults count for nobody's health, and call nobody, until they are put back."""
    body = {"by": by, "reason": reason}
    _act("out-of-service", ids, body, _address(api, settings), as_json=as_json)


@faults.command("return")
def return_(
    ids: Ids,
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Put faults back into service."""
    _act("return", ids, {"by": by}, _address(api, settings), as_json=as_json)


@faults.command()
def comment(
    ids: Ids,
    text: Annotated[str, typer.Option("--text", help="What there is to say.")],
    by: By = None,
    api: Api = None,
    settings: SettingsFile = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have something to say of faults."""
    _act("comment", ids, {"by": by, "text": text}, _address(api, settings), as_json=as_json)


def _act(
    what: str, ids: Sequence[str], body: Mapping[str, str | None], address: str, *, as_json: bool
) -> None:
    """Do something to faults, and tell of each; exit code 1 if one of them would not."""
    said = {name: value for name, value in body.items() if value is not None}
    results = _ask(address, "POST", f"faults/{what}", body=said | {"ids": list(ids)})["items"]
    refused = [each for each in results if each["status"] >= 400]  # noqa: PLR2004  # of HTTP
    if as_json:
        typer.echo(json.dumps(results, indent=2))
    else:
        for each in results:
            if each not in refused:
                typer.echo(f"{each['id']}: {each['fault']['state']}")
    for each in () if as_json else refused:
        typer.echo(f"{each['id']}: {each['problem']['detail']}", err=True)
    raise typer.Exit(1 if refused else 0)


def _address(api: str | None, settings: Path | None) -> str:
    if api is not None:
        return api
    asked = settings_of(settings).api
    host = "127.0.0.1" if asked.host in {"0.0.0.0", "::"} else asked.host  # noqa: S104  # not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{asked.port}"


def _ask(
    address: str,
    method: str,
    path: str,
    *,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Any:  # noqa: ANN401  # JSON
    """What the API answers; says why and ends where it does not."""
    url = f"{address.rstrip('/')}/api/v1/{path}"
    try:
        return asyncio.run(_request(method, url, query, body))
    except (aiohttp.ClientError, TimeoutError, ValueError, ApiError) as error:
        typer.echo(f"{address}: {str(error) or type(error).__name__}", err=True)
        raise typer.Exit(1) from error


async def _request(
    method: str, url: str, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
) -> Any:  # noqa: ANN401  # JSON
    timeout = aiohttp.ClientTimeout(TIMEOUT_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.request(method, url, params=query, json=body) as response,
    ):
        answer = await response.json(content_type=None)
    if not response.ok:
        wrong = "; ".join(f"{one['pointer']}: {one['detail']}" for one in answer.get("errors", ()))
        raise ApiError(answer.get("detail") or wrong or answer["title"])
    return answer
