import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import settings
from openapi_spec_validator import validate
from schemathesis.specs.openapi.checks import positive_data_acceptance

from build import START
from live import Shelf, a_live_fleet, an_app
from schemas.history import Query, Series
from schemas.stream import MESSAGES
from services.api.documents import FOLDER, asyncapi, openapi, text, write
from twin.fleet import Fleet
from twin.instants import Instant
from twin.steps import Steps


def test_openapi_is_valid() -> None:
    validate(json.loads(text(openapi())))


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_written_descriptions_are_up_to_date(name: str, tmp_path: Path) -> None:
    write(tmp_path)
    fresh = (tmp_path / name).read_text()
    assert (FOLDER / name).read_text() == fresh, "run: python -m services.api.documents"


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    described = json.loads(text(asyncapi()))
    for reference in references(described):
        target = described
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]


def test_asyncapi_has_every_message_of_the_stream() -> None:
    described = json.loads(text(asyncapi()))
    assert described["channels"]["stream"]["messages"].keys() == MESSAGES.keys()
    assert described["operations"]["tellChanges"]["action"] == "send"


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from references(each)


class Empty:
    """A store that knows nothing."""

    async def read(self, query: Query) -> list[Series]:
        """No series."""
        del query
        return []


class Same:
    """A past in which all was as it is in any small fleet."""

    async def fleet(self, instant: Instant) -> Steps[Fleet] | None:
        """The fleet, unless that is before it all began."""
        return self._steps() if instant >= START else None

    def _steps(self) -> Steps[Fleet]:
        yield
        return a_live_fleet().fleet


api = an_app(a_live_fleet(), store=Empty(), past=Same(), backups=Shelf())
schema = schemathesis.openapi.from_asgi("/openapi.json", api)


@schema.exclude(path="/api/v1/stream").parametrize()
@settings(max_examples=20, deadline=None)
def test_api_is_as_described(case: schemathesis.Case[Any]) -> None:
    # a cursor, or a range of time, may well be refused for what it says
    case.call_and_validate(excluded_checks=[positive_data_acceptance])
