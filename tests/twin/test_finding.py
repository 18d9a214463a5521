import pytest

from twin.finding import Finding
from twin.points import EntityId


def test_a_finding_is_a_value_that_nobody_can_alter() -> None:
    finding = Finding("data.contract", EntityId("R1"), None, "why")

    assert finding == Finding("data.contract", EntityId("R1"), None, "why")
    with pytest.raises(AttributeError):
        finding.reason = "another"  # type: ignore[misc]
