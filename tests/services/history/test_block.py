import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from history_rows import T0, a_point, a_row, taken
from services.history.block import Block, Row, block_of, decode, encode, tally
from services.history.roll import Roll
from twin.instants import Instant
from twin.points import EntityId, Point, PointId, PublisherId

WHOLE = Point(
    PointId("cpc/c1/CDU/CDUStatus/x"),
    "CDU",
    "CDUStatus",
    EntityId("CDU-1"),
    PublisherId("cpc/c1/BMS"),
    name="Unit 1",
    unit=None,
    states=((0, "Off"), (1, "On")),
    serves=(EntityId("R1"), EntityId("R2")),
    associated=True,
    process_area=("Hall", "Row"),
    is_setpoint=True,
    phase="A",
    scope="BMS/v1/#",
)
POINTS = [WHOLE, a_point("a"), a_point("b")]
INSTANTS = st.integers(-(2**63), 2**63 - 1).map(Instant)
ROWS = st.builds(
    Row,
    st.sampled_from(POINTS),
    st.none() | st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(2**31), 2**31 - 1),
    INSTANTS,
    INSTANTS,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
)
ROLL = Roll(WHOLE.object_type)


def rows_of(block: Block) -> list[Row]:
    """The rows that a block was made of."""
    columns = (block.point, block.value, block.quality, block.measured_at, block.received_at)
    return [
        Row(
            block.points[point],
            None if np.isnan(value) else value,
            quality,
            measured_at,
            received_at,
            block.texts.get(number, ""),
        )
        for number, (point, value, quality, measured_at, received_at) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    ]


@given(st.lists(ROWS, max_size=20), st.integers(0, 2**40))
def test_a_block_is_its_rows_also_after_it_was_bytes(rows: list[Row], first: int) -> None:
    block = block_of(rows, first)
    again = decode(encode(block))
    enrolled = block_of(rows, first, ROLL)

    assert encode(enrolled) == encode(block)
    assert rows_of(block) == rows_of(again) == rows
    assert (again.first, again.upto, again.rows) == (first, first + len(rows), len(rows))
    assert again.points == block.points
    assert [column.dtype for column in again[2:7]] == [column.dtype for column in block[2:7]]


def test_a_point_is_there_once() -> None:
    block = block_of([a_row(POINTS[place], 1.0) for place in (1, 0, 1, 1)], 0)

    assert block.points == (POINTS[1], WHOLE)
    assert block.point.tolist() == [0, 1, 0, 0]


def test_readings_are_kept_as_they_were_told_of() -> None:
    document = a_row(WHOLE, None, 2)._replace(text="{}")
    rows = [a_row(POINTS[1], 1.5), document, a_row(POINTS[1], None, 4)]

    block = block_of([taken(POINTS[1], 1.5), document, taken(POINTS[1], None, 4)], 0)

    assert rows_of(block) == rows


def test_points_on_a_roll_are_known_by_their_numbers() -> None:
    roll = Roll(WHOLE.object_type)
    rows = [a_row(POINTS[place], 1.0) for place in (1, 0, 2, 1)]

    first, second = block_of(rows, 0, roll), block_of(rows[::-1], 4, roll)

    assert first.enrolled is not None
    assert second.enrolled is not None
    assert first.enrolled.numbers.tolist() == [0, -1, 1]
    assert second.enrolled.numbers.tolist() == [0, 1, -1]
    assert decode(encode(second)).points == (POINTS[1], POINTS[2], WHOLE)
    assert block_of(rows, 0).enrolled is None


def test_rows_are_counted_by_point() -> None:
    block = block_of([a_row(POINTS[place], 1.0) for place in (1, 0, 1, 1)], 7)

    assert tally(encode(block)) == {POINTS[1].id: 3, WHOLE.id: 1}
    assert tally(encode(block_of([], 7))) == {}


def test_what_is_written_any_reader_of_arrow_can_read() -> None:
    data = encode(block_of([a_row(POINTS[1], None, 5)], 0))

    with pa.ipc.open_stream(data) as reader:
        (row,) = reader.read_all().to_pylist()
    assert np.isnan(row.pop("value"))
    assert row == {"point": 0, "quality": 1, "measured_at": T0 + 5, "received_at": T0 + 65}
