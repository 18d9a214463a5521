"""Words: what the text of a state says of whether a thing runs, rests or has failed."""

from enum import StrEnum
from functools import lru_cache
from typing import Final

from twin.points import Point, PointState


class Word(StrEnum):
    """What the text of a state comes to."""

    ON = "ON"
    READY = "READY"
    """It does not run, and could."""
    OFF = "OFF"
    FAULT = "FAULT"


_ON: Final = "on run running available normal ok okay enabled active healthy good auto started true"
_READY: Final = "standby idle ready"
_OFF: Final = "off stopped stop disabled inactive false"
_FAULT: Final = (
    "fault faulted faulty fail failed failure alarm trip tripped error unavailable lost critical"
    " outofservice emergencystop"
)
_WORDS: Final = {
    **dict.fromkeys(_ON.split(), Word.ON),
    **dict.fromkeys(_READY.split(), Word.READY),
    **dict.fromkeys(_OFF.split(), Word.OFF),
    **dict.fromkeys(_FAULT.split(), Word.FAULT),
}
"""The contract leaves texts free: NVIDIA's recording has Off, On, Available and NotAvailable; the
others are usual in building controls."""

_OPPOSITE: Final = {
    Word.ON: Word.OFF,
    Word.READY: Word.OFF,
    Word.OFF: Word.ON,
    Word.FAULT: Word.ON,
}


@lru_cache(maxsize=1_000)  # few texts, each on many points
def read(text: str) -> Word | None:
    """What a text says, whatever its case and what stands between its words; None where unknown."""
    bare = "".join(each for each in text.lower() if each.isalpha())
    if bare in _WORDS:
        return _WORDS[bare]
    for no in ("not", "no"):
        if bare.startswith(no) and (word := _WORDS.get(bare.removeprefix(no))) is not None:
            return _OPPOSITE[word]
    return None


def word_of(state: PointState) -> Word | None:
    """What a state point says now."""
    return word_at(state.point, state.value)


def word_at(point: Point, value: float | None) -> Word | None:
    """What a value of it says; without texts 0 is off and 1 is on, as everywhere."""
    if point.states:
        text = point.text(value)
        return None if text is None else read(text)
    if value is None:
        return None
    return Word.ON if value else Word.OFF
