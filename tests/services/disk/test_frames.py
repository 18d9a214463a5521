import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.disk.frames import HEADER, End, fits, frame, frames_of, length_of

PAYLOADS = [b"one", b"", b"a longer one" * 20]
DATA = b"".join(map(frame, PAYLOADS))


@given(st.lists(st.binary()))
def test_what_was_framed_is_read(payloads: list[bytes]) -> None:
    data = b"".join(map(frame, payloads))

    assert frames_of(data) == (payloads, frames_of(data).sizes, End.WHOLE)
    assert frames_of(data).sizes[-1:] == ([len(data)] if payloads else [])


def test_cut_short_anywhere_all_whole_frames_are_read() -> None:
    ends = [0, *frames_of(DATA).sizes]
    for size in range(len(DATA)):
        found = frames_of(DATA[:size])
        whole = sum(1 for end in ends[1:] if end <= size)
        assert found.payloads == PAYLOADS[:whole]
        assert found.end is (End.WHOLE if size in ends else End.TORN)


def test_any_changed_byte_ends_it_there() -> None:
    ends = frames_of(DATA).sizes
    for place in range(len(DATA)):
        data = bytearray(DATA)
        data[place] ^= 0x40
        found = frames_of(bytes(data))
        assert found.payloads == PAYLOADS[: sum(1 for end in ends if end <= place)]
        assert found.end is End.DAMAGED


def test_room_that_was_never_filled_is_a_write_that_was_not_done() -> None:
    assert frames_of(DATA + bytes(2 * HEADER)).end is End.TORN
    assert frames_of(DATA + bytes(HEADER) + b"x").end is End.DAMAGED


@given(st.binary(max_size=40))
def test_a_header_says_what_follows(payload: bytes) -> None:
    data = frame(payload)
    header = data[:HEADER]

    assert length_of(header) == len(payload)
    assert fits(header, payload)
    assert not fits(header, payload + b"x")


@pytest.mark.parametrize("cut", [0, 4, 8, HEADER - 1])
def test_a_part_of_a_header_says_nothing(cut: int) -> None:
    assert length_of(frame(b"some")[:cut]) is None


@pytest.mark.parametrize("place", range(HEADER))
def test_a_header_with_one_wrong_byte_says_nothing(place: int) -> None:
    header = bytearray(frame(b"some")[:HEADER])
    header[place] ^= 1

    assert length_of(bytes(header)) is None
