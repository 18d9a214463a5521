import json
import re
from typing import Any

import pytest

from influx_ql import answer as server_answer
from schemas.history import HistoryError
from services.history.influxql import EVENTS_BACK_MS, KINDS, newest, pages, rows
from twin.instants import Instant

AT = Instant(EVENTS_BACK_MS + 7)
TAGS = {"entity": "R1", "point": "Rack/RackPower/x", "publisher": "PUB", "setpoint": "false"}


def said(**series: Any) -> bytes:  # noqa: ANN401  # JSON
    return json.dumps(
        {"results": [{"statement_id": 0, "series": [{"name": "Rack"} | series]}]}
    ).encode()


def a_page(*values: object, columns: str = "time quality value bad", **tags: str) -> bytes:
    return said(tags=TAGS | tags, columns=columns.split(), values=[values])


def asked_for(kind: str, *fields: str) -> list[str]:
    values = [[field, "float"] for field in fields]
    known = {"name": kind, "columns": ["fieldKey", "fieldType"], "values": values}
    who = {"name": kind, "columns": ["key", "value"], "values": [["publisher", "P.1"]]}
    return pages(json.dumps({"results": [{"series": [known]}, {"series": [who]}]}).encode(), AT)


def patterns(questions: list[str]) -> list[tuple[str, ...]]:
    found = (re.search(r'"point" (=~|!~) /(.*)/ GROUP', text) for text in questions)
    return [match.groups() for match in found if match is not None]


def fits(pattern: tuple[str, ...], point: str) -> bool:
    return (re.search(pattern[1], point) is not None) is (pattern[0] == "=~")


def test_a_page_holds_one_point_type_and_the_last_what_was_never_good() -> None:
    power, flow, rest = patterns(asked_for("Rack", "RackPower", "RackLiquidFlow", "bad", "quality"))

    for point in ("Rack/RackPower/a/b", "cpc/x/Rack/RackPower/a"):
        assert [fits(each, point) for each in (power, flow, rest)] == [True, False, False]
    assert [fits(each, "Rack/RackPowerX/a") for each in (power, flow, rest)] == [False, False, True]


def test_readings_are_looked_for_an_hour_back_and_what_the_twin_says_thirty_days() -> None:
    rack, fault = asked_for("Rack", "RackPower")[0], asked_for("Fault", "leak.detected")[0]

    assert f"time >= {AT - 3_600_000}ms AND time <= {AT}ms" in rack
    assert "time >= 7ms" in fault
    assert ('"document"' in rack, '"document"' in fault) == (False, True)


def test_who_is_heard_is_asked_by_object_type_and_by_publisher() -> None:
    field = {"columns": ["fieldKey", "fieldType"], "values": [["quality", "integer"]]}
    known = [{"name": kind} | field for kind in ("CDU", "Fault", "Freshness", "Rack")]
    who = [{"name": "Rack", "columns": ["key", "value"], "values": [["publisher", "P.1"]]}]
    found = pages(json.dumps({"results": [{"series": known}, {"series": who}]}).encode(), AT)

    units, racks, publisher = patterns([text for text in found if 'FROM "Freshness"' in text])
    assert fits(units, "Freshness/CDU/Status/a")
    assert fits(racks, "Freshness/cpc/x/Rack/RackPower/a")
    assert [fits(publisher, f"Freshness/{name}") for name in ("P.1", "P.1/R1", "PX1", "P.12")] == [
        True,
        True,
        False,
        False,
    ]


def test_names_are_written_so_that_nothing_in_them_is_read_as_its_own() -> None:
    (text, _) = asked_for('a"b\\', 'c"d\\/.')

    assert r'"c\"d\\/." AS "value"' in text
    assert r'FROM "a\"b\\" WHERE' in text
    assert r"(c\"d".replace("\\", "") in text
    assert r"\\\/\." in text


def test_a_reading_has_the_value_that_its_quality_tells_of() -> None:
    (good,) = rows(a_page(5, 1, 2.5, 9, unit="kW", process_area="A;B", phase="L1"))
    (bad,) = rows(a_page(5, 0, 2.5, 9))
    (none,) = rows(a_page(5, 1, None, None))

    assert (good.value, good.quality, good.measured_at, good.received_at) == (2.5, 1, 5, 5)
    assert (good.point.unit, good.point.process_area, good.point.phase) == ("kW", ("A", "B"), "L1")
    assert (bad.value, bad.quality, bad.point.unit) == (9.0, 0, None)
    assert none.value is None


def test_what_is_heard_has_no_quality_and_a_fault_has_a_document() -> None:
    (heard,) = rows(a_page(5, 2, columns="time value", point="Freshness/Rack/RackPower/x"))
    (fault,) = rows(a_page(5, 1, 2, None, "{}", columns="time quality value bad document"))

    assert (heard.value, heard.quality, heard.text) == (2.0, 1, "")
    assert fault.text == "{}"


def test_what_somebody_else_wrote_is_left_alone() -> None:
    assert rows(said(columns=["time", "quality"], values=[[5, 1]])) == []
    assert rows(a_page(5, 1, "text", None))[0].value is None


def test_of_several_descriptions_the_newest_reading_counts_in_order_of_time() -> None:
    old, new = rows(a_page(5, 1, 1, 0, unit="W")), rows(a_page(6, 1, 2, 0))
    other = rows(a_page(4, 1, 3, 0, point="Rack/RackPower/y"))

    for found in (old + new + other, new + old + other):
        assert [row.value for row in newest(found)] == [3.0, 2.0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"results": [{"error": "database not found: x"}]}', "database not found: x"),
        ('{"results": [{"partial": true, "series": []}]}', "cuts its answers short"),
        ("<html>", "no answer to a query"),
    ],
)
def test_whatever_is_no_whole_answer_is_an_error(text: str, why: str) -> None:
    with pytest.raises(HistoryError, match=why):
        rows(text.encode())


def test_a_bucket_without_readings_has_no_pages() -> None:
    assert pages(json.dumps(server_answer(KINDS, {})).encode(), AT) == []
