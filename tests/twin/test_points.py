from dataclasses import replace

import pytest

from build import a_point, a_state
from twin.points import EntityId, Freshness, Point, PointState, PublisherId

LEAK = replace(a_point("Rack/RackLeakDetect"), states=((0, "NoLeak"), (1, "Leak")))


@pytest.mark.parametrize(("value", "text"), [(0.0, "NoLeak"), (1.0, "Leak"), (2.0, None)])
def test_state_has_the_text_of_its_value(value: float, text: str | None) -> None:
    assert LEAK.text(value) == text


def test_null_has_no_text() -> None:
    assert LEAK.text(None) is None


@pytest.mark.parametrize(
    "changed",
    [
        replace(LEAK, unit="kW"),
        replace(LEAK, states=()),
        replace(LEAK, entity=EntityId("R2")),
        replace(LEAK, publisher=PublisherId("MEPAI1")),
        replace(LEAK, is_setpoint=True),
    ],
)
def test_change_of_what_a_value_says_changes_its_meaning(changed: Point) -> None:
    assert not changed.means_as(LEAK)


@pytest.mark.parametrize(
    "changed",
    [
        replace(LEAK, name="Rack one"),
        replace(LEAK, serves=(EntityId("R2"),)),
        replace(LEAK, process_area=("Return",)),
        replace(LEAK, phase="A"),
        replace(LEAK, scope="BMS/v1/#"),
    ],
)
def test_change_of_anything_else_keeps_its_meaning(changed: Point) -> None:
    assert changed.means_as(LEAK)


def test_new_point_is_unheard() -> None:
    assert PointState(LEAK).freshness is Freshness.UNHEARD


def test_forgotten_reading_leaves_nothing_behind() -> None:
    state = a_state(LEAK, 1.0)

    state.forget()

    assert (state.value, state.freshness, state.heard_at) == (None, Freshness.UNHEARD, 0)
