import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_rows import T0, a_point
from influx_lines import parse
from schemas.lines import LATEST, SPARE, Columns, Lines, areas, carried, writable
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PublisherId

TEXT = st.text(min_size=1, max_size=12)
AWKWARD = st.text(st.sampled_from("a,= \\\"'é%/\n\r\t\0"), min_size=1, max_size=12)
IDENTITY = TEXT | AWKWARD
FINITE = st.floats(allow_nan=False, allow_infinity=False)


def line(point: Point, value: float | None, quality: int = 1, text: str = "") -> str:
    return Lines().line(point, value, quality, T0, text)


def test_a_line_names_the_series_the_value_and_the_millisecond() -> None:
    assert line(a_point(), 35.2) == (
        "Rack,entity=R1,point=Rack/RackPower/site/R1/power,publisher=PUB,setpoint=false,unit=kW "
        "RackPower=35.2,quality=1i 1767225600000"
    )


def test_a_reading_without_a_value_has_only_its_quality() -> None:
    assert parse(line(a_point(), None, 0)).fields == {"quality": 0}


def test_a_value_that_is_not_to_be_trusted_has_a_field_of_its_own() -> None:
    assert parse(line(a_point(), 800.0, 0)).fields == {"bad": 800.0, "quality": 0}


def test_columns_are_lines_in_their_order() -> None:
    points, lines = [a_point(), a_point("R2")], Lines()
    columns = Columns(points, [1, 0, 1], [1.0, math.nan, 3.0], [1, 1, 0], [7, 8, 9], {2: "so"})

    assert lines.of(columns).to_pylist() == [
        lines.line(points[1], 1.0, 1, Instant(7)) + "\n",
        lines.line(points[0], None, 1, Instant(8)) + "\n",
        lines.line(points[1], 3.0, 0, Instant(9), "so") + "\n",
    ]


@given(TEXT | AWKWARD)
def test_a_text_is_a_string_beside_the_value(text: str) -> None:
    read = parse(line(a_point(), 3.0, text=text))

    said = read.fields.pop("document")
    assert read.fields == {"RackPower": 3.0, "quality": 1}
    assert isinstance(said, str)
    assert carried(said) == carried(text)


def test_a_document_comes_back_to_the_letter() -> None:
    document = json.dumps({"title": 'a "b", c = d\n', "path": "back\\slash", "ü": [1, None]})

    assert parse(line(a_point(), None, 0, document)).fields == {"document": document, "quality": 0}


def test_a_point_type_that_is_a_field_of_every_line_cannot_be_written() -> None:
    for name in ("quality", "bad", "document", "time"):
        assert not writable(replace(a_point(), point_type=name))
    assert writable(a_point())


def test_tags_stand_in_order_of_key_and_absent_ones_are_left_out() -> None:
    whole = parse(line(a_point(area=("Supply", "Row 1"), phase="A", setpoint=True), 1.0))
    least = parse(line(a_point(unit=None), 1.0))

    assert whole.tags == {
        "entity": "R1",
        "phase": "A",
        "point": "Rack/RackPower/site/R1/power",
        "process_area": "Supply;Row 1",
        "publisher": "PUB",
        "setpoint": "true",
        "unit": "kW",
    }
    assert list(whole.tags) == sorted(whole.tags)
    assert list(least.tags) == ["entity", "point", "publisher", "setpoint"]


def test_a_point_described_anew_has_the_new_tags() -> None:
    lines, point = Lines(), a_point()
    lines.line(point, 1.0, 1, T0)

    described = lines.line(replace(point, unit="W"), 1.0, 1, T0)
    again = lines.line(replace(point, unit="W"), 1.0, 1, T0)

    assert parse(described).tags["unit"] == "W"
    assert again == described


def test_former_texts_do_not_gather_for_ever() -> None:
    lines, points = Lines(), [a_point(), a_point("R2")]
    moved = [replace(points[0], process_area=(f"Row{n % 2}",)) for n in range(SPARE + 3)]
    for some in (points, moved, points, [*points, *moved[:2]]):
        rows = range(len(some))
        told = lines.of(
            Columns(some, rows, [1.0] * len(some), [1] * len(some), [T0] * len(some), {})
        )

        assert told.to_pylist() == [line(point, 1.0) + "\n" for point in some]


def test_a_value_is_a_float_in_every_form_a_float_has() -> None:
    for value in (0.0, -0.0, 5.0, 1e300, 5e-324, 1.7976931348623157e308):
        read = parse(line(a_point(), value)).fields["RackPower"]
        assert isinstance(read, float)
        assert read == value


@pytest.mark.parametrize("areas_", [(), ("Supply",), ("Supply", "Row 1")])
def test_process_areas_come_back_as_they_went(areas_: tuple[str, ...]) -> None:
    tags = parse(line(a_point(area=areas_), 1.0)).tags

    assert areas(tags.get("process_area")) == areas_


def test_what_a_tag_cannot_carry_goes_out_as_what_it_looks_like() -> None:
    assert carried("a\\b\nc") == "a\N{SET MINUS}b\N{SYMBOL FOR LINE FEED}c"
    assert carried("Größe 5%, x=y") == "Größe 5%, x=y"


@given(IDENTITY, IDENTITY, IDENTITY, st.none() | IDENTITY, st.none() | FINITE)
def test_any_point_and_value_make_one_line_that_says_both(
    entity: str, path: str, kind: str, unit: str | None, value: float | None
) -> None:
    point = Point(
        PointId(path),
        kind,
        kind,
        EntityId(entity),
        PublisherId("PUB"),
        unit=unit,
    )

    read = parse(Lines().line(point, value, 1, LATEST))

    assert read.measurement == carried(kind)
    assert read.tags["entity"] == carried(entity)
    assert read.tags["point"] == carried(path)
    assert read.tags.get("unit") == (None if unit is None else carried(unit))
    assert read.fields == {"quality": 1} | ({} if value is None else {carried(kind): value})
    assert read.timestamp == LATEST


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\\")))
def test_ordinary_text_is_carried_as_it_is(text: str) -> None:
    assert carried(text) == text


def test_the_latest_millisecond_fits_in_nanoseconds_and_the_next_does_not() -> None:
    assert LATEST * 1_000_000 < 2**63 <= Instant(LATEST + 1) * 1_000_000
