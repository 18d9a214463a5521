import json
from pathlib import Path

import pytest
from pydantic_core import Url

from brokers import nats
from services.bench.nodered import PROGRAM, find, flows, node_red
from services.broker.publish import publisher


def test_its_flow_goes_from_the_bus_through_json_to_a_line() -> None:
    nodes = {node["id"]: node for node in json.loads(flows(Url("mqtt://127.0.0.1:1884"), 9))}
    assert (nodes["bus"]["broker"], nodes["bus"]["port"], nodes["sent"]["port"]) == (
        "127.0.0.1",
        "1884",
        "9",
    )
    way, kinds = "heard", []
    while wires := nodes[way].get("wires"):
        kinds.append(nodes[way]["type"])
        ((way,),) = wires
    assert [*kinds, nodes[way]["type"]] == ["mqtt in", "json", "function", "tcp out"]


def test_it_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find() is None
    program = tmp_path / PROGRAM
    program.touch(mode=0o755)
    assert find() == program


@pytest.mark.real
@pytest.mark.skipif(find() is None, reason=f"NO {PROGRAM} INSTALLED")
async def test_a_line_comes_out_for_each_value(tmp_path: Path) -> None:
    program = find()
    assert program is not None
    async with (
        nats(tmp_path) as broker,
        node_red(program, broker.url) as flow,
        publisher(broker.settings, "test") as publish,
    ):
        for _ in range(3):
            await publish("BMS/v1/PUB/Value/X", b'{"value":1,"timestamp":2,"quality":1}')
        taken = await flow.taken(3)

    assert taken.messages == 3
    assert taken.cpu_s > 0
