from hypothesis import given
from hypothesis import strategies as st

from services.faults.frames import HEADER, End, frame, frames_of

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
