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

import influx_ql
from influx_lines import Line, parse
from servers import serving

TOKEN, ORG, BUCKET = "s3cret", "racktwin", "racktwin"

Row = dict[str, str | int | float]

Fields = dict[str, float | int | str]


DOCUMENTED: dict[str, frozenset[int]] = {
    "/api/v2/write": frozenset({204, 400, 401, 404, 413, 500, 503}),
    "/api/v2/query": frozenset({200, 400, 401, 404, 429, 500}),
    "/query": frozenset({200, 429}),
}
"""The responses of each path, beside a default one for any other error.

Source: influxdata/openapi, src/oss/paths/write.yml at 653a3ddf1991968b898bc1cc3e5e329833cac01a,
src/oss/paths/query.yml at f5af6de41f568c50bc29f7ab6a30169c567a467b, and src/legacy/paths/query.yml
at 35e089239f07771d50e1042c0803b0ae3d407e76.
"""

UNDOCUMENTED = {
    422: "a partial write, by the write handler of 2.x; the documents have 400 for it",
    403: "a gateway before the server, or a token that may not write",
    413: "on queries: a gateway",
    429: "on writes: InfluxDB Cloud, or a gateway",
    503: "on queries: a gateway",
    **dict.fromkeys((401, 404, 500), "on InfluxQL, whose document has no more than a default"),
}
"""What is met besides, under the default response, and where it comes from."""

FAULTS: dict[str, tuple[int, str, str]] = {
    "full": (413, "request too large", "request entity is too large"),
    "forbidden": (403, "forbidden", "insufficient permissions"),
    "internal": (500, "internal error", "engine: timeout"),
    "throttled": (429, "too many requests", "exceeded rate limit"),
    "unavailable": (503, "unavailable", "not now"),
}
"""What the server answers to everything while it has a fault of that name."""


class InfluxServer:
    """One bucket. Set ``fault`` to have every request fail so; ``keeps_from`` is the retention."""

    def __init__(self) -> None:
        self.points: dict[tuple[str, tuple[tuple[str, str], ...], int], Fields] = {}
        self.kinds: dict[tuple[str, str], type] = {}
        self.statuses: Counter[int] = Counter()
        self.bodies: list[bytes] = []
        self.queries: list[str] = []
        self.statements: list[str] = []
        """Of InfluxQL."""
        self.token = TOKEN
        self.bucket = BUCKET
        self.fault: str | None = None
        """One of ``FAULTS``, or ``hang``, ``cut``, ``half-close``, ``page``, ``halfway``."""
        self.retry_after: str | None = None
        self.most_bytes = 64 * 2**20
        """Of a body, unpacked."""
        self.delay_s = 0.0
        self.canned: str | None = None
        """What to answer to every query, whatever it asks."""
        self.keeps_from = 0
        self.poison = ""
        """What no line may hold: a body that has it cannot be read."""
        self.url = ""

    def application(self) -> web.Application:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/api/v2/write", self._write)
        app.router.add_post("/api/v2/query", self._query)
        app.router.add_post("/query", self._influxql)
        return app

    async def _write(self, request: web.Request) -> web.Response:
        body = await request.read()
        response = await self._check(request) or self._keep(request, body)
        self.statuses[response.status] += 1
        return response

    async def _check(self, request: web.Request) -> web.Response | None:
        while self.fault == "hang":  # noqa: ASYNC110  # whoever sets it tells nobody
            await asyncio.sleep(0.05)
        await asyncio.sleep(self.delay_s)
        if self.fault == "cut" and request.transport is not None:
            request.transport.abort()
        if self.fault == "half-close" and request.transport is not None:
            request.transport.write_eof()
            await asyncio.sleep(3_600)
        if self.fault == "page":
            return web.Response(text="<html>please log in</html>", content_type="text/html")
        if self.fault in FAULTS:
            return self._error(*FAULTS[self.fault])
        if request.headers.get("Authorization") != f"Token {self.token}":
            return self._error(401, "unauthorized", "unauthorized access")
        org = request.query.get("org")
        if org != ORG:
            return self._error(404, "not found", f'organization name "{org}" not found')
        return None

    def _keep(self, request: web.Request, body: bytes) -> web.Response:
        bucket = request.query["bucket"]
        if bucket != self.bucket:
            return self._error(404, "not found", f'bucket "{bucket}" not found')
        if len(body) > self.most_bytes:
            return self._error(413, "request too large", "unable to read data: too large")
        if request.query["precision"] != "ms":
            return self._error(400, "invalid", "invalid precision")
        self.bodies.append(body)
        try:
            if self.poison and self.poison in body.decode():
                raise ValueError(f"unable to parse '{self.poison}'")
            lines = [parse(line) for line in body.decode().split("\n") if line]
        except ValueError as error:
            return self._error(400, "invalid", str(error))
        old = [line for line in lines if line.timestamp < self.keeps_from]
        others = [line for line in lines if line.timestamp >= self.keeps_from]
        conflicts = sum(not self._keep_line(line) for line in others)
        # one cause is told, and how many are dropped of it
        why, dropped = "field type conflict", conflicts
        if old and not conflicts:
            why, dropped = "points beyond retention policy", len(old)
        if dropped:
            said = f"failure writing points to database: partial write: {why} dropped={dropped}"
            return self._error(422, "unprocessable entity", said)
        return web.Response(status=204)

    def _keep_line(self, line: Line) -> bool:
        kinds = {(line.measurement, key): type(value) for key, value in line.fields.items()}
        if any(self.kinds.get(field, kind) is not kind for field, kind in kinds.items()):
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

    async def _influxql(self, request: web.Request) -> web.Response:
        refused = await self._check(request)
        if refused is not None:
            return refused
        text = str((await request.post())["q"])
        self.statements.append(text)
        database, epoch = request.query["db"], request.query["epoch"]
        if self.canned is not None:
            return web.Response(text=self.canned, content_type="application/json")
        if database != self.bucket or epoch != "ms":
            said = {"statement_id": 0, "error": f"database not found: {database}"}
            return web.json_response({"results": [said]})
        return web.json_response(influx_ql.answer(text, self.points))

    def _error(self, status: int, code: str, message: str) -> web.Response:
        headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
        return web.json_response({"code": code, "message": message}, status=status, headers=headers)


@asynccontextmanager
async def influx_server() -> AsyncIterator[InfluxServer]:
    """A server on a free port."""
    server = InfluxServer()
    async with serving(server.application()) as server.url:
        yield server


class _Tables:
    """A stream of tables: rows, and the columns whose values tell one table from another.

    Without such columns all but the time and the value do, as where the rows come from.
    """

    def __init__(self, rows: list[Row], key: tuple[str, ...] | None = None) -> None:
        self.rows = rows
        self.key = key

    def split(self) -> Iterable[tuple[Row, list[Row]]]:
        tables: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for row in self.rows:
            tables[tuple((column, row.get(column)) for column in self._key(row))].append(row)
        for rows in tables.values():
            yield {column: rows[0][column] for column in self._key(rows[0])}, rows

    def _key(self, row: Row) -> list[str]:
        if self.key is None:
            return sorted(row.keys() - {"_time", "_value"})
        return [column for column in self.key if column in row]


class _Flux:
    """Runs one script."""

    def __init__(self, server: InfluxServer) -> None:
        self.server = server
        self.named: dict[str, _Tables] = {}
        self.start = 0

    def run(self, script: str) -> Iterable[tuple[str, _Tables]]:
        for statement in re.split(r"\n(?=\w)", script.strip()):
            head, *pipes = re.split(r"\n *\|> ", statement.strip())
            name, _, source = head.rpartition(" = () => ")
            tables = self.named.get(source.removesuffix("()")) or self._from(source)
            for pipe in pipes:
                function, arguments = pipe.replace("\n", " ").split("(", 1)
                if function == "yield":
                    yield _only(r'name: "([\w ]+)"', arguments[:-1])[0], tables
                else:
                    tables = getattr(self, f"_{function}")(tables, arguments[:-1])
            self.named[name] = tables

    def _from(self, source: str) -> _Tables:
        (bucket,) = _only(r'from\(bucket: "((?:[^"\\]|\\.)*)"\)', source)
        assert _unescaped(bucket) == BUCKET
        rows: list[Row] = [
            {**dict(tags), "_measurement": name, "_time": at, "_field": key, "_value": value}
            for (name, tags, at), fields in self.server.points.items()
            for key, value in fields.items()
        ]
        return _Tables(sorted(rows, key=lambda row: int(row["_time"])))

    def _range(self, tables: _Tables, arguments: str) -> _Tables:
        start, stop = map(_instant, _only(r"start: (\S+), stop: (\S+)", arguments))
        assert start < stop, "cannot query an empty range"
        self.start = start
        return _Tables([row for row in tables.rows if start <= int(row["_time"]) < stop])

    def _filter(self, tables: _Tables, arguments: str) -> _Tables:
        (test,) = _only(r"fn: \(r\) => (.*)", arguments)
        terms = [match.groups() for match in TERM.finditer(test)]
        between = set(TERM.sub("", test).split())
        assert between in ({"or"}, {"and"}, set()), f"not a form that we send: {test}"
        holds = all if between == {"and"} else any
        assert not any(re.search(r"(?<!\\)\$\{", t) for _, _, t, _ in terms if t), "a value"
        kept = [row for row in tables.rows if holds(_is_so(row, *term) for term in terms)]
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
        assert arguments == ""
        return _Tables(tables.rows, ())

    def _sort(self, tables: _Tables, arguments: str) -> _Tables:
        assert arguments == 'columns: ["_time"]'
        return _Tables(sorted(tables.rows, key=lambda row: int(row["_time"])), tables.key)

    def _limit(self, tables: _Tables, arguments: str) -> _Tables:
        (n,) = _only(r"n: (\d+)", arguments)
        return _Tables([row for _, rows in tables.split() for row in rows[: int(n)]], tables.key)

    def _keep(self, tables: _Tables, arguments: str) -> _Tables:
        assert tables.key == ()
        kept = re.findall(r'"([\w.]+)"', _only(r"columns: \[(.*)\]", arguments)[0])
        return _Tables([{n: row[n] for n in kept if n in row} for row in tables.rows], ())

    def _last(self, tables: _Tables, arguments: str) -> _Tables:
        assert arguments == ""
        return _Tables([rows[-1] for _, rows in tables.split()], tables.key)

    def _window(self, tables: _Tables, arguments: str) -> _Tables:
        every, offset = _only(r"every: (\d+)ms, offset: (\d+)ms", arguments)
        rows = [
            {**row, "_start": self._begin(int(row["_time"]), int(every), int(offset))}
            for row in tables.rows
        ]
        return _Tables(rows)

    def _aggregateWindow(self, tables: _Tables, arguments: str) -> _Tables:  # noqa: N802  # Flux's name
        every, offset, function = _only(
            r"every: (\d+)ms, offset: (\d+)ms, fn: (\w+), "
            r'timeSrc: "_start", createEmpty: false',
            arguments,
        )
        found: list[Row] = []
        for key, rows in tables.split():
            windows: dict[int, list[float]] = defaultdict(list)
            for row in rows:
                begin = self._begin(int(row["_time"]), int(every), int(offset))
                windows[begin].append(float(row["_value"]))
            found += [
                {**key, "_time": begin, "_value": _AGGREGATES[function](values)}
                for begin, values in windows.items()
            ]
        return _Tables(found)

    def _begin(self, at: int, every: int, offset: int) -> int:
        return max(at - (at - offset) % every, self.start)


TERM = re.compile(r'r\.(\w+) (==|!=|=~) (?:"((?:[^"\\]|\\.)*)"|/((?:[^/\\]|\\.)*)/)')


def _is_so(row: Row, column: str, operator: str, text: str | None, pattern: str | None) -> bool:
    value = str(row.get(column))
    if pattern is not None:
        assert operator == "=~"
        return re.search(pattern, value) is not None
    assert text is not None
    return (value == _unescaped(text)) is (operator == "==")


_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "min": min,
    "max": max,
    "mean": lambda values: sum(values) / len(values),
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
            f"#group,false,false,{','.join('false' for _ in columns)}",
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


def _only(pattern: str, text: str) -> tuple[str, ...]:
    match = re.fullmatch(pattern, text.strip())
    assert match is not None, f"not a form that we send: {text}"
    return match.groups()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(\$\{|.)", r"\1", text)


def _instant(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return round(moment.timestamp() * 1000)
