from dataclasses import replace

import pytest

from build import a_point, a_state
from twin.watch.words import Word, read, word_of


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("On", Word.ON),
        ("RUNNING", Word.ON),
        ("Available", Word.ON),
        ("No alarm", Word.ON),
        ("NotFaulted", Word.ON),
        ("Not off", Word.ON),
        ("Normal", Word.ON),
        ("Stand-by", Word.READY),
        ("Off", Word.OFF),
        ("Stopped", Word.OFF),
        ("NotAvailable", Word.OFF),
        ("Not ready", Word.OFF),
        ("Out of service", Word.FAULT),
        ("Tripped", Word.FAULT),
        ("North", None),
        ("Mode 3", None),
    ],
)
def test_text_is_understood_whatever_its_case_and_its_gaps(text: str, word: Word | None) -> None:
    assert read(text) is word


@pytest.mark.parametrize(
    ("value", "word"), [(0.0, Word.OFF), (1.0, Word.ON), (2.0, None), (None, None)]
)
def test_state_says_what_its_text_says(value: float | None, word: Word | None) -> None:
    point = replace(a_point("CDU/Status", "U1"), states=((0, "Off"), (1, "On")))

    assert word_of(a_state(point, value)) is word


@pytest.mark.parametrize(("value", "word"), [(0.0, Word.OFF), (1.0, Word.ON), (None, None)])
def test_state_without_texts_is_on_or_off(value: float | None, word: Word | None) -> None:
    assert word_of(a_state(a_point("CDU/Status", "U1"), value)) is word
