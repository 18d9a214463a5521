from build import START
from schemas.findings import FindingView, finding_view
from twin.finding import Finding
from twin.held import Standing
from twin.points import EntityId


def test_a_finding_is_shown_as_it_is() -> None:
    finding = Finding("balance.heat", EntityId("R1"), "RackPower", "why", 0.7, 35.0, "kW")

    assert finding_view(Standing(finding, START)) == FindingView(
        code="balance.heat",
        entity="R1",
        suspect="RackPower",
        reason="why",
        ratio=0.7,
        implied=35.0,
        unit="kW",
        since="2026-01-01T00:00:00.000Z",
    )


def test_what_overflowed_is_no_number() -> None:
    finding = Finding("balance.heat", EntityId("R1"), None, "why", float("inf"), None, None)

    assert finding_view(Standing(finding, START)).ratio is None
