"""Node-RED without its editor: MQTT in, JSON, a line, TCP out."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pydantic_core import Url

from services.bench.running import usage
from services.bench.taker import Taken
from services.broker.embedded import LOCAL, free_port

PROGRAM: Final = "node-red"

_READY: Final = b"Connected to broker"
_READY_S: Final = 60.0
_SUBSCRIBED_S: Final = 1.0
_SETTINGS: Final = """\
module.exports = {{
    uiPort: {port}, uiHost: "{host}", httpAdminRoot: false, httpNodeRoot: false,
    flowFile: "flows.json", userDir: "{folder}", telemetry: {{ enabled: false }},
    logging: {{ console: {{ level: "info", metrics: false, audit: false }} }},
}};
"""
_LINE: Final = """\
const said = msg.payload;
msg.payload = `${msg.topic.replaceAll("/", ",")} value=${said.value} ${said.timestamp}\\n`;
return msg;
"""
_FLOWS: Final = """\
[{"id": "flow", "type": "tab", "label": "values"},
 {"id": "bus", "type": "mqtt-broker", "broker": "%s", "port": "%d", "clientid": "node-red",
  "protocolVersion": "4", "keepalive": "60"},
 {"id": "heard", "type": "mqtt in", "z": "flow", "topic": "BMS/v1/#", "qos": "0",
  "datatype": "utf8", "broker": "bus", "wires": [["parsed"]]},
 {"id": "parsed", "type": "json", "z": "flow", "property": "payload", "wires": [["made"]]},
 {"id": "made", "type": "function", "z": "flow", "func": %s, "wires": [["sent"]]},
 {"id": "sent", "type": "tcp out", "z": "flow", "host": "%s", "port": "%d",
  "beserver": "client", "base64": false, "end": false, "wires": []}]
"""


class NodeRed:
    """One that runs, and the lines that came out of it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._news = asyncio.Event()
        self._lines = 0

    async def taken(self, messages: int) -> Taken:
        """What was done, once that many lines came."""
        while self._lines < messages:
            self._news.clear()
            await self._news.wait()
        return Taken(self._lines, usage(self.pid).cpu_s)

    def count(self, lines: int) -> None:
        """Note that lines came."""
        self._lines += lines
        self._news.set()


def find() -> Path | None:
    """The program, where it is installed: ``npm install node-red`` and its folder on the path."""
    found = shutil.which(PROGRAM)
    return None if found is None else Path(found)


@asynccontextmanager
async def node_red(program: Path, url: Url) -> AsyncIterator[NodeRed]:
    """Node-RED for the length of a block, subscribed."""
    begun: list[NodeRed] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(2**20):
            begun[0].count(data.count(b"\n"))
        writer.close()

    server = await asyncio.start_server(hear, LOCAL, 0)
    with TemporaryDirectory(prefix="racktwin-bench-") as name:
        folder = Path(name)
        port = server.sockets[0].getsockname()[1]
        (folder / "flows.json").write_text(flows(url, port))
        settings = folder / "settings.js"
        settings.write_text(_SETTINGS.format(port=free_port(), host=LOCAL, folder=folder))
        process = await asyncio.create_subprocess_exec(
            *(program, "--settings", settings, "--userDir", folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        begun.append(NodeRed(process))
        try:
            await _ready(process)
            yield begun[0]
        finally:
            server.close()
            process.kill()
            await process.communicate()


def flows(url: Url, port: int) -> str:
    """What it does, as its editor would save it."""
    return _FLOWS % (url.host, url.port, json.dumps(_LINE), LOCAL, port)


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(_READY_S):
        while _READY not in (line := await process.stdout.readline()):
            if not line:
                raise RuntimeError(f"{PROGRAM} does not start")
        await asyncio.sleep(_SUBSCRIBED_S)
