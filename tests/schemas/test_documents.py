import pytest
from pydantic import ValidationError

from build import START, a_measured, at
from schemas.documents import (
    MeasuredView,
    absent,
    cluster_of,
    finite,
    local,
    measured_view,
    time_of,
)
from twin.measured import nothing


def shown(view: MeasuredView) -> dict[str, object]:
    return view.model_dump(mode="json")


def test_number_carries_its_truth_and_its_age() -> None:
    assert shown(measured_view(a_measured(35.21), at(0.4))) == {
        "value": 35.21,
        "unit": "kW",
        "quality": "GOOD",
        "freshness": "LIVE",
        "measured_at": "2026-01-01T00:00:00.000Z",
        "received_at": "2026-01-01T00:00:00.000Z",
        "age_s": 0.4,
    }


def test_number_that_was_never_heard_has_neither_value_nor_age() -> None:
    assert shown(measured_view(nothing("kW"), START)) == {
        "value": None,
        "unit": "kW",
        "quality": None,
        "freshness": "UNHEARD",
        "measured_at": None,
        "received_at": None,
        "age_s": None,
    }


def test_number_from_a_clock_ahead_has_no_negative_age() -> None:
    assert measured_view(a_measured(), at(-5)).age_s == 0


def test_computed_number_says_from_how_many() -> None:
    view = shown(measured_view(a_measured()._replace(derived_from=3), START))
    assert view["derived_from"] == 3
    assert "expected" not in view


def test_state_says_what_it_means() -> None:
    assert shown(measured_view(a_measured()._replace(text="Leak"), START))["text"] == "Leak"


@pytest.mark.parametrize(("value", "said"), [(1.5, 1.5), (None, None), (float("inf"), None)])
def test_value_that_json_cannot_say_is_none(value: float | None, said: float | None) -> None:
    assert finite(value) == said


def test_instant_that_never_was_has_no_time() -> None:
    assert (time_of(None), time_of(START)) == (None, "2026-01-01T00:00:00.000Z")


def test_document_does_not_change() -> None:
    with pytest.raises(ValidationError):
        measured_view(a_measured(), START).value = 1.0  # type: ignore[misc]


def test_document_reads_as_it_was_written() -> None:
    view = measured_view(a_measured(), START)
    assert MeasuredView.model_validate_json(view.model_dump_json()) == view


def test_field_of_some_documents_is_described_as_one_that_may_be_left_out() -> None:
    required = MeasuredView.model_json_schema(mode="serialization")["required"]
    assert {"value", "age_s"} <= set(required)
    assert not {"text", "derived_from", "fresh", "expected"} & set(required)
    assert absent(None)
    assert not absent(0)


def test_id_without_its_cluster() -> None:
    assert (local("cpc/west/a/b"), cluster_of("cpc/west/a/b")) == ("a/b", "west")
    assert (local("a/b"), cluster_of("a/b")) == ("a/b", None)
