from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notified import Faulty, key_of
from schemas.faults import fault_event
from schemas.notices import FAULTS, FaultNotice, fault_topic


@pytest.mark.parametrize(
    ("entity", "qualifier", "topic"),
    [
        ("R1", "", "R1/leak%2Edetected/-"),
        ("Pod 1/R.1", "a+b#", "Pod%201%2FR%2E1/leak%2Edetected/a%2Bb%23"),
        ("-", "*>$", "%2D/leak%2Edetected/%2A%3E%24"),
    ],
)
def test_topic_names_the_fault(entity: str, qualifier: str, topic: str) -> None:
    assert fault_topic(key_of("leak.detected", entity, qualifier)) == f"{FAULTS}/{topic}"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=3, max_size=3))
def test_every_key_has_a_topic_of_its_own_that_any_broker_takes(parts: list[str]) -> None:
    code, entity, qualifier = parts
    levels = fault_topic(key_of(code, entity, qualifier)).removeprefix(f"{FAULTS}/").split("/")

    assert [unquote("" if each == "-" else each) for each in levels] == [entity, code, qualifier]
    for level in levels:
        assert level
        assert level.isascii()
        assert not set(level) & set(". +#*>$/\0")


def test_notice_tells_the_event_whole() -> None:
    site = Faulty()
    site.judge(key_of("leak.detected"))

    notice = FaultNotice(id="e1:1", fault=fault_event(1, site.changes[0], site.fleet))

    assert notice.fault.what == "RAISED"
    assert notice.fault.code == "leak.detected"
    assert notice.fault.annunciates
