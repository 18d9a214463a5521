import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.history import HistoryError, Query
from schemas.lines import carried
from services.history import flux
from twin.instants import Instant

ANSWER = (
    "#datatype,string,long,dateTime:RFC3339,double\r\n"
    "#group,false,false,false,false\r\n"
    "#default,min,,,\r\n"
    ",result,table,_time,RackPower\r\n"
    ",,0,2026-01-01T00:00:00Z,1.5\r\n"
    ",,0,2026-01-01T00:00:01Z,\r\n"
    "\r\n"
    "#datatype,string,long,string\r\n"
    "#group,false,false,true\r\n"
    "#default,details,,\r\n"
    ",result,table,point\r\n"
    ',,1,"a ""b"", c"\r\n'
    "\r\n"
)


def test_a_row_has_the_name_of_its_result_and_nothing_where_there_is_nothing() -> None:
    rows = list(flux.records(ANSWER))

    assert [(row["result"], row["table"]) for row in rows] == [
        ("min", "0"),
        ("min", "0"),
        ("details", "1"),
    ]
    assert [row.get("RackPower") for row in rows] == ["1.5", "", None]
    assert rows[2]["point"] == 'a "b", c'


def test_an_empty_answer_has_no_rows() -> None:
    assert list(flux.records("")) == []
    assert list(flux.records("\r\n")) == []


def test_an_error_in_the_answer_is_raised() -> None:
    head = "#datatype,string,string\r\n#group,true,true\r\n#default,,\r\n,error,reference\r\n"

    with pytest.raises(HistoryError, match="no"):
        list(flux.records(head + ",no,1\r\n"))


def read_string(source: str) -> tuple[str, str]:
    """What a Flux string says, and what follows it."""
    assert source[0] == '"'
    said, place = "", 1
    while source[place] != '"':
        assert not source.startswith("${", place), "a value would be put here"
        if source[place] == "\\":
            place += 1
            escaped = "${" if source.startswith("${", place) else source[place]
            assert escaped in ('"', "\\", "${")
            said, place = said + escaped, place + len(escaped)
        else:
            said, place = said + source[place], place + 1
    return said, source[place + 1 :]


@given(st.text() | st.text('\\"${}'))
def test_no_text_leaves_its_string(text: str) -> None:
    query = Query((text,), ("RackPower",), Instant(0), Instant(1))
    asked = flux.samples(query, query.metrics, text)

    bucket, rest = read_string(asked.removeprefix("\nfrom(bucket: "))
    entity, end = read_string(rest.split("r.entity == ", 1)[1])

    assert (bucket, entity) == (text, carried(text))
    assert rest.startswith(")\n    |> range(")
    assert end.startswith(")\n    |> filter(")


@given(st.lists(st.text() | st.text("/\\.*|()[]$^ -#"), min_size=2, max_size=5))
def test_several_entities_are_a_pattern_that_fits_them_alone(texts: list[str]) -> None:
    query = Query(tuple(texts), ("RackPower",), Instant(0), Instant(1))
    asked = flux.samples(query, query.metrics, "b")

    found = re.search(r"r\.entity =~ /((?:[^/\\\n]|\\.)*)/\)\n    \|> filter", asked)

    assert found is not None
    assert all(re.search(found[1], carried(text)) for text in texts)
    assert not re.search(found[1], "none of them")


@pytest.mark.parametrize("metric", ["", "a b", 'a"', "a/b", "1a", "ä", ".a", "a.", "a..b"])
def test_only_a_name_is_asked_for(metric: str) -> None:
    names = ("RackPower", metric, "balance.heat")

    assert flux.askable(Query(("R1",), names, Instant(0), Instant(1))) == names[::2]
    assert flux.askable(Query(("R1",), names, Instant(1), Instant(1))) == ()


def test_freshness_is_asked_for_by_its_object_type() -> None:
    query = Query(("R1",), ("RackPower", "freshness"), Instant(0), Instant(1))

    assert 'or r._measurement == "Freshness")' in flux.buckets(query, query.metrics, "b")
    assert '"Freshness"' not in flux.buckets(query, query.metrics[:1], "b")
