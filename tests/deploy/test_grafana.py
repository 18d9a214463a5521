import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from build import a_point
from schemas.contract import CATALOGUE
from schemas.lines import QUALITY, Lines
from twin.instants import Instant


@pytest.fixture
def source(deploy: Path) -> dict[str, Any]:
    file = deploy / "grafana/provisioning/datasources/influxdb.yml"
    (source,) = yaml.safe_load(file.read_text())["datasources"]
    assert isinstance(source, dict)
    return source


@pytest.fixture
def dashboard(deploy: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((deploy / "grafana/dashboards/fleet.json").read_text())
    return loaded


@pytest.fixture
def queries(dashboard: dict[str, Any]) -> list[str]:
    variables = [variable["query"]["query"] for variable in dashboard["templating"]["list"]]
    panels = [target["query"] for panel in dashboard["panels"] for target in panel["targets"]]
    return variables + panels


def test_the_data_source_reads_the_store_that_history_writes(
    source: dict[str, Any], ours: dict[str, Any], services: dict[str, Any]
) -> None:
    history = ours["history"]["environment"]
    token = source["secureJsonData"]["token"]

    assert source["url"] == history["RACKTWIN_HISTORY__URL"]
    assert source["jsonData"]["version"] == "Flux"
    assert source["jsonData"]["organization"] == history["RACKTWIN_HISTORY__ORG"]
    assert source["jsonData"]["defaultBucket"] == history["RACKTWIN_HISTORY__BUCKET"]
    assert token == f"$__file{{{history['RACKTWIN_HISTORY__TOKEN_FILE']}}}"
    assert Path(history["RACKTWIN_HISTORY__TOKEN_FILE"]).name in services["grafana"]["secrets"]


def test_the_dashboards_are_mounted_where_grafana_looks_for_them(
    deploy: Path, services: dict[str, Any]
) -> None:
    file = deploy / "grafana/provisioning/dashboards/racktwin.yml"
    (provider,) = yaml.safe_load(file.read_text())["providers"]
    folder = provider["options"]["path"]
    home = services["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert f"./deploy/grafana/dashboards:{folder}:ro" in services["grafana"]["volumes"]
    assert Path(home).parent == Path(folder)
    assert (deploy / "grafana/dashboards" / Path(home).name).exists()


def test_everything_on_the_dashboard_asks_the_provisioned_data_source(
    dashboard: dict[str, Any], source: dict[str, Any]
) -> None:
    wanted = {"type": source["type"], "uid": source["uid"]}
    askers = [*dashboard["templating"]["list"], *dashboard["panels"]]
    askers += [target for panel in dashboard["panels"] for target in panel["targets"]]

    assert [one for one in askers if one["datasource"] != wanted] == []


def test_panels_have_their_own_ids_and_places(dashboard: dict[str, Any]) -> None:
    panels = dashboard["panels"]
    cells = [
        cell
        for place in (panel["gridPos"] for panel in panels)
        for cell in itertools.product(
            range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        )
    ]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_queries_name_only_what_the_contract_knows(queries: list[str]) -> None:
    for query in queries:
        measurements = re.findall(r'(?:_measurement ==|measurement:) "([^"]+)"', query)
        fields = set(re.findall(r'_field == "([^"]+)"', query)) - {QUALITY}

        assert set(measurements) <= set(CATALOGUE), query
        assert all(field in CATALOGUE[name] for field in fields for name in measurements), query
        assert measurements or not fields, query


def test_queries_read_only_tags_that_every_line_carries(queries: list[str]) -> None:
    line = Lines().line(a_point(), 1.0, 1, Instant(0))
    written = {tag.split("=")[0] for tag in line.split(" ")[0].split(",")[1:]}
    filtered = set(re.findall(r"r\.([a-z]+)", "\n".join(queries)))
    named = set(re.findall(r'(?:unique\(column|tag): "([a-z]+)"', "\n".join(queries)))

    assert named == {"entity", "point"}
    assert filtered | named <= written


def test_the_dashboard_shows_power_cooling_and_the_state_of_the_data(queries: list[str]) -> None:
    fields = set(re.findall(r'_field == "([^"]+)"', "\n".join(queries)))

    assert fields == {
        "RackPower",
        "RackLiquidSupplyTemperature",
        "RackLiquidReturnTemperature",
        "RackLiquidFlow",
        QUALITY,
    }


def test_every_query_is_bounded_in_time_and_reads_the_default_bucket(queries: list[str]) -> None:
    for query in queries:
        assert "v.defaultBucket" in query
        assert "|> range(start: " in query or "schema.measurementTagValues(" in query
