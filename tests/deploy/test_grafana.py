import itertools
import json
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from build import START, at
from influx_lines import parse
from provisioning import provision
from schemas.faults import FaultView
from schemas.lines import DOCUMENT, QUALITY, Lines
from services.history.rows import Rows
from services.intake import Intake
from services.simulate.plant import Plant
from services.simulate.scenarios import stage
from twin.fleet import Fleet

FOLDER = Path(__file__).parents[2] / "deploy/grafana/dashboards"
BOARDS = sorted(file.stem for file in FOLDER.glob("*.json"))
HEALTH = "prometheus"
"""The measurement of what the processes say of themselves: the tasks of InfluxDB make it."""

EVERY = {"_time", "_value", "_field", "_measurement"}
"""Columns of any answer in Flux."""


class Written(NamedTuple):
    """What is in the store: fields and tags by measurement."""

    fields: dict[str, set[str]]
    tags: dict[str, set[str]]


@cache
def written() -> Written:
    """What a fleet leaves behind that loses its flow for a while."""
    fleet, lines = Fleet(), Lines()
    intake, rows = Intake(fleet), Rows(fleet)
    found = Written(defaultdict(set), defaultdict(set))
    for message in Plant(2, 1, stage("flow_loss", 2, START)).recording(START, at(100)):
        for change in intake.take(message.topic, message.payload, message.received_at):
            for row in rows.of(change):
                read = parse(
                    lines.line(row.point, row.value, row.quality, row.measured_at, row.text)
                )
                found.fields[read.measurement] |= read.fields.keys()
                found.tags[read.measurement] |= read.tags.keys()
    return found


@cache
def told() -> Written:
    """What the tasks of InfluxDB make of what the processes say of themselves."""
    source = (FOLDER.parents[2] / "services/metrics.py").read_text()
    calls = re.findall(r"metrics\.(gauge|counter)\(\s*\"(\w+)\",(.*?)\)\n", source, re.DOTALL)
    ends = {"gauge": "", "counter": "_total"}
    fields = {f"racktwin_{name}{ends[kind]}" for kind, name, _ in calls}
    labels = {label for *_, rest in calls for label in re.findall(r'"(\w+)"\s*,?\s*$', rest)}
    return Written({HEALTH: fields}, {HEALTH: labels | {"process"}})


def load(board: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / f"{board}.json").read_text())
    return loaded


def queries_of(board: str) -> list[str]:
    """Everything that a dashboard asks: for its variables, its marks and its panels."""
    dashboard = load(board)
    variables = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    marks = dashboard.get("annotations", {"list": []})["list"]
    panels = [target["query"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [
        *(variable["query"]["query"] for variable in variables),
        *(mark["target"]["query"] for mark in marks),
        *panels,
    ]


QUERIES = [
    pytest.param(board, query, id=f"{board}-{number}")
    for board in BOARDS
    for number, query in enumerate(queries_of(board))
]


@pytest.fixture
def source(deploy: Path) -> dict[str, Any]:
    file = deploy / "grafana/provisioning/datasources/influxdb.yml"
    (source,) = yaml.safe_load(file.read_text())["datasources"]
    assert isinstance(source, dict)
    return source


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


def test_there_is_one_for_the_fleet_and_for_each_kind_of_trouble() -> None:
    assert BOARDS == ["cdu", "faults", "fleet", "health", "rack"]
    assert {load(board)["uid"] for board in BOARDS} == {f"racktwin-{board}" for board in BOARDS}


@pytest.mark.parametrize("board", BOARDS)
def test_everything_on_a_dashboard_asks_the_provisioned_data_source(
    board: str, source: dict[str, Any]
) -> None:
    wanted = {"type": source["type"], "uid": source["uid"]}
    dashboard = load(board)
    askers = [each for each in dashboard["templating"]["list"] if each["type"] == "query"]
    askers += dashboard.get("annotations", {"list": []})["list"]
    askers += dashboard["panels"]
    askers += [target for panel in dashboard["panels"] for target in panel["targets"]]

    assert [one for one in askers if one["datasource"] != wanted] == []


@pytest.mark.parametrize("board", BOARDS)
def test_panels_have_their_own_ids_and_places(board: str) -> None:
    panels = load(board)["panels"]
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


@pytest.mark.parametrize(("board", "query"), QUERIES)
def test_queries_name_only_what_is_written(board: str, query: str) -> None:
    known = told() if board == "health" else written()
    measurements = set(re.findall(r'(?:_measurement ==|measurement:) "([^"]+)"', query))
    fields = set(re.findall(r'_field == "([^"]+)"', query))
    rolled = {field for field in fields if re.search(r"_(min|max|mean|last)$", field)}

    assert measurements <= known.fields.keys()
    assert {field.rpartition("_")[0] for field in rolled} <= fields
    for measurement in measurements:
        assert fields - rolled <= known.fields[measurement]
    assert measurements or fields <= {QUALITY}


@pytest.mark.parametrize(("board", "query"), QUERIES)
def test_queries_read_only_tags_that_are_written(board: str, query: str) -> None:
    known = told() if board == "health" else written()
    measurements = re.findall(r'(?:_measurement ==|measurement:) "([^"]+)"', query)
    tags = set.union(*(known.tags[name] for name in measurements or known.tags))
    made = set(re.findall(r"[{,] ?(\w+): ", query))
    read = set(re.findall(r"\br\.(\w+)", query)) - EVERY - made
    named = set(re.findall(r'(?:unique\(column|tag): "(\w+)"', query))

    assert read | named <= tags


def test_every_document_of_a_fault_has_what_the_tables_show() -> None:
    shown = {
        name
        for board in BOARDS
        for query in queries_of(board)
        for name in re.findall(r"\bd\.(\w+)", query)
    }

    assert DOCUMENT in written().fields["Fault"]
    assert shown
    assert shown <= FaultView.model_fields.keys()


@pytest.mark.parametrize(("board", "query"), QUERIES)
def test_every_query_is_bounded_in_time_and_reads_a_bucket_of_ours(board: str, query: str) -> None:
    assert "v.defaultBucket" in query or 'bucket: "${resolution}"' in query
    assert ('v.defaultBucket + "-health"' in query) is (board == "health")
    assert "|> range(start: " in query or "schema.measurementTagValues(" in query


def test_readings_are_counted_apart_from_what_the_twin_says() -> None:
    counted = [query for query in queries_of("fleet") if f'_field == "{QUALITY}"' in query]
    said = ["Twin", "Fault", "Freshness"]

    assert counted
    for query in counted:
        apart = [f'r._measurement != "{name}"' in query for name in said]
        assert all(apart) or '_measurement == "Rack"' in query


@pytest.mark.parametrize("board", ["fleet", "rack", "cdu"])
def test_long_ranges_are_read_from_the_buckets_that_are_rolled_up(
    board: str, source: dict[str, Any], deploy: Path
) -> None:
    (choice,) = [each for each in load(board)["templating"]["list"] if each["type"] == "custom"]
    raw = source["jsonData"]["defaultBucket"]
    rolled = re.findall(
        r'^bucket "\$raw(-\w+)"', (deploy / "influxdb/rollups.sh").read_text(), re.MULTILINE
    )

    assert [each["value"] for each in choice["options"]] == [raw, *(raw + end for end in rolled)]
    assert choice["query"] == ", ".join(
        f"{each['text']} : {each['value']}" for each in choice["options"]
    )


@pytest.mark.parametrize("board", ["fleet", "rack", "cdu", "faults"])
def test_faults_are_marked_from_when_they_were_raised_until_they_were_over(board: str) -> None:
    (mark,) = load(board)["annotations"]["list"]

    assert mark["enable"]
    for column in ("time", "timeEnd", "title", "text", "tags"):
        assert f'"{column}"' in mark["target"]["query"]


@pytest.mark.real
def test_the_tasks_ask_the_processes_where_compose_runs_them(
    deploy: Path, ours: dict[str, Any], tmp_path: Path
) -> None:
    asked, tasks = provision(deploy / "influxdb/health.sh", tmp_path / "bin")

    assert asked == [
        "bucket create --org racktwin --name racktwin-health --retention 30d",
        *["task create --org racktwin"] * 2,
    ]
    assert [re.findall(r'url: "http://(\w+):8080/metrics"', task) for task in tasks] == [
        ["history"],
        ["live"],
    ]
    assert {"history", "live"} <= ours.keys()
    for task in tasks:
        assert re.findall(r"\b[A-Z]{3,}\b", task.partition("import")[2]) == []
        assert 'to(bucket: "racktwin-health")' in task


@pytest.mark.real
def test_what_asks_the_processes_already_is_not_made_again(deploy: Path, tmp_path: Path) -> None:
    for known in ("racktwin-health", "racktwin-health-live"):
        asked, _ = provision(deploy / "influxdb/health.sh", tmp_path / known, KNOWN=known)
        assert len(asked) == 2
