"""A stand-in for InfluxDB 2: its write handler's answers, and the few forms of Flux we ask in.

The write side answers as the published 2.x handler does. The query side is an honest reading of the
documented meaning of exactly the Flux that ``services.history.flux`` writes, function by function;
it is no Flux, and cannot find a form that the real compiler would refuse. Whether a real server
agrees is for the suite marked ``influx2`` to say.
"""

import asyncio
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from aiohttp import web

from influx_lines import Line, parse

TOKEN, ORG, BUCKET = "s3cret", "racktwin", "racktwin"

Row = dict[str, str | int | float]


class InfluxServer:
    """One bucket. Set ``fault`` to have every request fail so; ``keeps_from`` is the retention."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, tuple[tuple[str, str], ...], int], dict[str, float]] = {}
        self.kinds: dict[tuple[str, str], type] = {}
        self.statuses: Counter[int] = Counter()
        self.bodies: list[bytes] = []
        self.queries: list[str] = []
        self.fault: str | None = None
        self.canned: str | None = None
        """What to answer to every query, whatever it asks."""
        self.keeps_from = 0
        self.url = ""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/api/v2/write", self._write)
        app.router.add_post("/api/v2/query", self._query)
        return app

    async def _write(self, request: web.Request) -> web.Response:
        response = await self._check(request) or self._keep(request, await request.read())
        self.statuses[response.status] += 1
        return response

    async def _check(self, request: web.Request) -> web.Response | None:
        if self.fault == "slow":
            await asyncio.sleep(3_600)
        if self.fault == "cut" and request.transport is not None:
            request.transport.close()
        if self.fault == "proxy":
            return web.Response(status=503, text="<html>no upstream</html>")
        if self.fault == "internal":
            return _error(500, "internal error", "engine: timeout")
        if request.headers.get("Authorization") != f"Token {TOKEN}":
            return _error(401, "unauthorized", "unauthorized access")
        if request.query.get("org") != ORG:
            return _error(404, "not found", f'organization name "{request.query["org"]}" not found')
        return None

    def _keep(self, request: web.Request, body: bytes) -> web.Response:
        if request.query["bucket"] != BUCKET:
            return _error(404, "not found", f'bucket "{request.query["bucket"]}" not found')
        assert request.query["precision"] == "ms"
        self.bodies.append(body)
        try:
            lines = [parse(line) for line in body.decode().split("\n") if line]
        except ValueError as error:
            return _error(400, "invalid", str(error))
        dropped = sum(not self._keep_line(line) for line in lines)
        if dropped:
            why = "partial write: field type conflict or points beyond retention policy"
            return _error(
                422, "unprocessable entity", f"failure writing points: {why} dropped={dropped}"
            )
        return web.Response(status=204)

    def _keep_line(self, line: Line) -> bool:
        kinds = {(line.measurement, key): type(value) for key, value in line.fields.items()}
        if line.timestamp < self.keeps_from or any(
            self.kinds.get(field, kind) is not kind for field, kind in kinds.items()
        ):
            return False
        self.kinds |= kinds
        series = line.measurement, tuple(sorted(line.tags.items())), line.timestamp
        self.points.setdefault(series, {}).update(line.fields)
        return True

    async def _query(self, request: web.Request) -> web.Response:
        refused = await self._check(request)
        if refused is not None:
            return refused
        query = (await request.json())["query"]
        self.queries.append(query)
        if self.fault == "halfway":
            text = "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n"
            text += ',error,reference\r\n,"panic, halfway",897\r\n\r\n'
        elif self.canned is not None:
            text = self.canned
        else:
            text = "".join(_csv(name, tables) for name, tables in _Flux(self).run(query))
        return web.Response(body=gzip.compress(text.encode()), headers={
            "Content-Type": "text/csv; charset=utf-8", "Content-Encoding": "gzip"
        })  # fmt: skip


@asynccontextmanager
async def serving(app: web.Application, *, auto_decompress: bool = True) -> AsyncIterator[str]:
    """The address of ``app`` while it is served on a free port."""
    runner = web.AppRunner(
        app, shutdown_timeout=0.1, handler_cancellation=True, auto_decompress=auto_decompress
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def influx_server() -> AsyncIterator[InfluxServer]:
    """A server on a free port."""
    server = InfluxServer()
    async with serving(server.application()) as server.url:
        yield server


class _Tables:
    """A stream of tables: rows, and the columns whose values tell one table from another."""

    def __init__(self, rows: list[Row], key: tuple[str, ...] = ()) -> None:
        self.rows = rows
        self.key = key

    def split(self) -> Iterable[tuple[Row, list[Row]]]:
        tables: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in self.rows:
            tables[tuple(row.get(column) for column in self.key)].append(row)
        for rows in tables.values():
            yield {column: rows[0][column] for column in self.key if column in rows[0]}, rows


class _Flux:
    """Runs one script."""

    def __init__(self, server: InfluxServer) -> None:
        self.server = server
        self.named: dict[str, _Tables] = {}
        self.start = 0

    def run(self, script: str) -> Iterable[tuple[str, _Tables]]:
        for statement in re.split(r"\n(?=\w)", script.strip()):
            head, *pipes = re.split(r"\n *\|> ", statement.strip())
            name, _, source = head.rpartition(" = ")
            tables = self.named.get(source) or self._from(source)
            for pipe in pipes:
                function, arguments = pipe.replace("\n", " ").split("(", 1)
                if function == "yield":
                    yield _only(r'name: "(\w+)"', arguments[:-1])[0], tables
                else:
                    tables = getattr(self, f"_{function}")(tables, arguments[:-1])
            self.named[name] = tables

    def _from(self, source: str) -> _Tables:
        (bucket,) = _only(r'from\(bucket: "((?:[^"\\]|\\.)*)"\)', source)
        assert _unescaped(bucket) == BUCKET
        return _Tables(
            [
                {**dict(tags), "_measurement": name, "_time": at, "_field": key, "_value": value}
                for (name, tags, at), fields in self.server.points.items()
                for key, value in fields.items()
            ]
        )

    def _range(self, tables: _Tables, arguments: str) -> _Tables:
        start, stop = map(_instant, _only(r"start: (\S+), stop: (\S+)", arguments))
        assert start < stop, "cannot query an empty range"
        self.start = start
        return _Tables([row for row in tables.rows if start <= int(row["_time"]) < stop])

    def _filter(self, tables: _Tables, arguments: str) -> _Tables:
        (test,) = _only(r"fn: \(r\) => (.*)", arguments)
        if test.startswith("exists "):
            field, key, value = _only(r'exists r\["([\w.]+)"\] and r\.(\w+) == (\d+)', test)
            kept = [r for r in tables.rows if field in r and r.get(key) == int(value)]
        elif "=~" in test:
            key, pattern = _only(r"r\.(\w+) =~ /(.*)/", test)
            kept = [r for r in tables.rows if re.search(pattern, str(r[key]))]
        else:
            kept = []
            for part in test.split(" or "):
                key, text = _only(r'r\.(\w+) == "((?:[^"\\]|\\.)*)"', part)
                assert not re.search(r"(?<!\\)\$\{", text), "Flux would put a value here"
                kept += [r for r in tables.rows if r.get(key) == _unescaped(text)]
        return _Tables(kept, tables.key)

    def _pivot(self, tables: _Tables, arguments: str) -> _Tables:
        assert arguments == 'rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value"'
        rows: dict[tuple[object, ...], Row] = {}
        for row in tables.rows:
            rest = {k: v for k, v in row.items() if k not in {"_field", "_value"}}
            pivoted = rows.setdefault(tuple(sorted(rest.items())), rest)
            pivoted[str(row["_field"])] = row["_value"]
        return _Tables(list(rows.values()), ("_measurement",))

    def _group(self, tables: _Tables, arguments: str) -> _Tables:
        return _Tables(tables.rows, _names(arguments))

    def _sort(self, tables: _Tables, arguments: str) -> _Tables:
        assert arguments == 'columns: ["_time"]'
        return _Tables(sorted(tables.rows, key=lambda row: int(row["_time"])), tables.key)

    def _limit(self, tables: _Tables, arguments: str) -> _Tables:
        (n,) = _only(r"n: (\d+)", arguments)
        return _Tables([row for _, rows in tables.split() for row in rows[: int(n)]], tables.key)

    def _keep(self, tables: _Tables, arguments: str) -> _Tables:
        kept = _names(arguments)
        rows = [{name: row[name] for name in kept if name in row} for row in tables.rows]
        return _Tables(rows, tuple(name for name in tables.key if name in kept))

    def _last(self, tables: _Tables, arguments: str) -> _Tables:
        (column,) = _only(r'column: "(\w+)"', arguments)
        return _Tables(
            [[row for row in rows if column in row][-1] for _, rows in tables.split()], tables.key
        )

    def _aggregateWindow(self, tables: _Tables, arguments: str) -> _Tables:  # noqa: N802  # Flux's name
        every, offset, function, column = _only(
            r'every: (\d+)ms, offset: (\d+)ms, fn: (\w+), column: "([\w.]+)", +'
            r'timeSrc: "_start", createEmpty: false',
            arguments,
        )
        found: list[Row] = []
        for key, rows in tables.split():
            windows: dict[int, list[float]] = defaultdict(list)
            for row in rows:
                at = int(row["_time"])
                begin = at - (at - int(offset)) % int(every)
                windows[max(begin, self.start)].append(float(row[column]))
            found += [
                {**key, "_time": begin, column: _AGGREGATES[function](values)}
                for begin, values in windows.items()
            ]
        return _Tables(found, tables.key)


_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "mean": lambda values: sum(values) / len(values),
    "last": lambda values: values[-1],
    "count": len,
}


def _csv(name: str, tables: _Tables) -> str:
    """One result as annotated CSV: a header for each table, the result's name as a default."""
    blocks = []
    for number, (_, rows) in enumerate(tables.split()):
        columns = sorted({column for row in rows for column in row})
        kinds = [_KINDS[type(next(r[c] for r in rows if c in r))] for c in columns]
        head = [
            f"#datatype,string,long,{','.join(kinds)}",
            f"#group,false,false,{','.join(str(c in tables.key).lower() for c in columns)}",
            f"#default,{name},{',' * len(columns)}",
            f",result,table,{','.join(columns)}",
        ]
        cells = [[_cell(c, row.get(c)) for c in columns] for row in rows]
        blocks += [*head, *(f",,{number},{','.join(row)}" for row in cells), ""]
    return "".join(f"{line}\r\n" for line in blocks)


_KINDS: dict[type, str] = {str: "string", int: "long", float: "double"}


def _cell(column: str, value: float | str | None) -> str:
    if value is None:
        return ""
    if column == "_time":
        moment = datetime.fromtimestamp(int(value) // 1000, UTC)
        fraction = f".{int(value) % 1000:03d}".rstrip("0").rstrip(".")  # as Go writes it
        return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"
    text = str(value)
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if re.search(r'[",\r\n]', text) else text


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"code": code, "message": message}, status=status)


def _only(pattern: str, text: str) -> tuple[str, ...]:
    match = re.fullmatch(pattern, text.strip())
    assert match is not None, f"not a form that we send: {text}"
    return match.groups()


def _names(arguments: str) -> tuple[str, ...]:
    if not arguments:
        return ()
    return tuple(re.findall(r'"([\w.]+)"', _only(r"columns: \[(.*)\]", arguments)[0]))


def _unescaped(text: str) -> str:
    return re.sub(r"\\(\$\{|.)", r"\1", text)


def _instant(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)
