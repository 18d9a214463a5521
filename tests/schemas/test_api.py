import pytest
from pydantic import ValidationError

from schemas.api import FaultCountsView, RacksPage


def test_document_has_no_field_that_is_not_described() -> None:
    with pytest.raises(ValidationError):
        FaultCountsView.model_validate({"WARNING": 1, "INFO": 1})


def test_projected_rack_is_described_with_its_id_alone() -> None:
    schema = RacksPage.model_json_schema(mode="serialization")
    assert schema["$defs"]["RackSummary"]["required"] == ["id"]
