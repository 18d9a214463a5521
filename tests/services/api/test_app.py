from pathlib import Path

import pytest
from fastapi import FastAPI

from live import a_client, a_live_fleet
from services.api.app import create_app
from services.api.context import Deps

ACTS = ("ack", "reset", "shelve", "unshelve", "put_back", "comment")


def an_app(page: Path) -> FastAPI:
    live = a_live_fleet()
    return create_app(Deps(live.intake, live.hub, live.clock), page)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "index.html").write_text("<title>racktwin</title>")
    (tmp_path / "app.js").write_text("1")
    return tmp_path


@pytest.mark.real
async def test_page_is_served_and_loads_nothing_from_elsewhere(page: Path) -> None:
    async with a_client(an_app(page)) as client:
        index = await client.get("http://twin/")
        script = await client.get("http://twin/app.js")
    assert index.text == "<title>racktwin</title>"
    assert index.headers["content-security-policy"] == "default-src 'self'"
    assert script.headers["content-type"].startswith("text/javascript")


@pytest.mark.real
@pytest.mark.parametrize("path", ["/nothing", "/../context.py", "/api/v1/nothing", "/docs"])
async def test_page_has_nothing_else(page: Path, path: str) -> None:
    async with a_client(an_app(page)) as client:
        response = await client.get(f"http://twin{path}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.real
async def test_page_takes_no_other_methods_from_the_api(page: Path) -> None:
    async with a_client(an_app(page)) as client:
        response = await client.post("racks")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")


async def test_operations_have_names_that_last() -> None:
    described = an_app(Path("no page")).openapi()
    names = {
        operation["operationId"]
        for path in described["paths"].values()
        for operation in path.values()
    }
    assert names == {
        "fleet",
        "racks",
        "rack",
        "rack_power",
        "rack_thermal",
        "rack_trend",
        "rack_balances",
        "rack_faults",
        "rack_points",
        "all_equipment",
        "equipment",
        "equipment_balances",
        "topology",
        "upstream",
        "downstream",
        "fate",
        "findings",
        "faults",
        "fault",
        "fault_statistics",
        "fault_rules",
        *(f"{act}{several}" for act in ACTS for several in ("", "_several")),
        "out_of_service",
        "several_out_of_service",
        "audit",
        "balances",
        "whatif",
        "history",
        "history_of_many",
        "history_backup",
        "annotations",
        "energy",
        "stream",
        "healthz",
        "readyz",
        "metrics",
        "rack_metrics",
    }


async def test_description_knows_problems_and_not_the_framework_s_own_errors() -> None:
    app = an_app(Path("no page"))
    schemas = app.openapi()["components"]["schemas"]
    assert {"Problem", "Mistake"} <= schemas.keys()
    assert not {"HTTPValidationError", "ValidationError"} & schemas.keys()
    assert app.openapi() is app.openapi()
