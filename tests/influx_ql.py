"""InfluxQL of the stand-in for InfluxDB 2: the few forms that we ask in, as documented.

Which fields and publishers there are, and the last of one field of each series in a span, with
what was written of other fields at that instant. Any other form is refused.
"""

import re
from collections.abc import Mapping

Tags = tuple[tuple[str, str], ...]
Points = Mapping[tuple[str, Tags, int], Mapping[str, float | int | str]]
Json = dict[str, object]

_NAME = r'"((?:[^"\\]|\\.)*)"'
_SELECT = re.compile(
    r"SELECT (?P<columns>.+) FROM (?P<kind>\S+) WHERE time >= (?P<start>\d+)ms"
    r" AND time <= (?P<end>\d+)ms AND (?P<tests>.+) GROUP BY \*"
)
_COLUMN = re.compile(rf"(?:(last)\({_NAME}\)|{_NAME})(?: AS {_NAME})?(?:, |$)")
_TEST = re.compile(r'"point" (=~|!~) /((?:[^/\\]|\\.)*)/(?: AND |$)')


def answer(text: str, points: Points) -> Json:
    """What the server says to a statement."""
    if text == 'SHOW FIELD KEYS; SHOW TAG VALUES WITH KEY = "publisher"':
        return {"results": [_result(_fields(points)), _result(_publishers(points))]}
    match = _SELECT.fullmatch(text)
    assert match is not None, f"not a form that we send: {text}"
    assert _COLUMN.sub("", match["columns"]) == _TEST.sub("", match["tests"]) == ""
    return {"results": [_result(_selected(match, points))]}


def _result(series: list[Json]) -> Json:
    return {"statement_id": 0, **({"series": series} if series else {})}


def _fields(points: Points) -> list[Json]:
    keys: dict[str, set[str]] = {}
    for (kind, _, _), fields in points.items():
        keys.setdefault(kind, set()).update(fields)
    columns = ["fieldKey", "fieldType"]
    return [
        {"name": kind, "columns": columns, "values": [[key, "float"] for key in sorted(keys[kind])]}
        for kind in sorted(keys)
    ]


def _publishers(points: Points) -> list[Json]:
    found = sorted({(kind, dict(tags).get("publisher", "")) for kind, tags, _ in points})
    return [
        {"name": kind, "columns": ["key", "value"], "values": [["publisher", who]]}
        for kind, who in found
        if who
    ]


def _selected(match: re.Match[str], points: Points) -> list[Json]:
    columns = [(last, _said(key or other), _said(name or key or other))
               for last, key, other, name in _COLUMN.findall(match["columns"])]  # fmt: skip
    (chosen,) = (key for last, key, _ in columns if last)
    kind, tests = _said(match["kind"][1:-1]), _TEST.findall(match["tests"])
    span = range(int(match["start"]), int(match["end"]) + 1)
    found: dict[Tags, int] = {}
    for (name, tags, at), fields in points.items():
        if name == kind and at in span and chosen in fields and _fits(dict(tags), tests):
            found[tags] = max(at, found.get(tags, at))
    keys = sorted({key for name, tags, _ in points if name == kind for key, _ in tags})
    return [
        {
            "name": kind,
            "tags": {key: dict(tags).get(key, "") for key in keys},
            "columns": ["time", *(name for _, _, name in columns)],
            "values": [[at, *(points[kind, tags, at].get(key) for _, key, _ in columns)]],
        }
        for tags, at in sorted(found.items())
    ]


def _fits(tags: Mapping[str, str], tests: list[tuple[str, str]]) -> bool:
    point = tags.get("point", "")
    return all((re.search(p, point) is not None) is (op == "=~") for op, p in tests)


def _said(name: str) -> str:
    return name.replace('\\"', '"').replace("\\\\", "\\")
