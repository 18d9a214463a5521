from schemas.envelope import Envelope
from services.bench.fold import bench_fold
from twin.instants import Instant


def test_it_reports_a_rate_and_counts_what_was_rejected() -> None:
    envelopes = [Envelope("some/topic", b"{}", Instant(0))] * 20

    report = bench_fold(envelopes, "nothing of use")

    figures = {figure.name: figure for figure in report.figures}
    assert figures["messages folded"].value > 0
    assert figures["rejected"].value == 20
    assert figures["rejected"].reached is False
