import pytest
from pydantic import ValidationError

from build import START, a_measured
from schemas.api import FaultCountsView, MeasuredView, RacksPage, absent
from schemas.views import measured_view


def test_document_does_not_change() -> None:
    with pytest.raises(ValidationError):
        measured_view(a_measured(), START).value = 1.0  # type: ignore[misc]


def test_document_has_no_field_that_is_not_described() -> None:
    with pytest.raises(ValidationError):
        FaultCountsView.model_validate({"WARNING": 1, "INFO": 1})


def test_document_reads_as_it_was_written() -> None:
    view = measured_view(a_measured(), START)
    assert MeasuredView.model_validate_json(view.model_dump_json()) == view


def test_field_of_some_documents_is_described_as_one_that_may_be_left_out() -> None:
    required = MeasuredView.model_json_schema(mode="serialization")["required"]
    assert {"value", "age_s"} <= set(required)
    assert not {"text", "derived_from", "fresh", "expected"} & set(required)
    assert absent(None)
    assert not absent(0)


def test_projected_rack_is_described_with_its_id_alone() -> None:
    schema = RacksPage.model_json_schema(mode="serialization")
    assert schema["$defs"]["RackSummary"]["required"] == ["id"]
