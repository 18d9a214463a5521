import pytest

from services.bench.gigawatt import Spans, bench_gigawatt


@pytest.mark.real
@pytest.mark.timeout(240)
async def test_it_reports_what_is_kept_up_with_what_is_lost_and_who_took_how_long() -> None:
    report = await bench_gigawatt(3, Spans(whole=2, settling=0.5, short=1, alone=0.5))

    figures = {figure.name: figure for figure in report.figures}
    assert len(figures) == len(report.figures)
    for role in ("live", "history"):
        assert figures[f"own pace: lost on the way to {role}"].value == 0
    assert figures["own pace: leak to stream, how many"].value > 0
    assert figures["own pace: value to delta, how many"].value > 0
    assert figures["sustained"].value > 0
    assert figures["stream clients that still listen"].reached
    assert figures["of the others missing there"].value == 0
    assert {each.value for name, each in figures.items() if name.endswith(": lost")} == {0}
    (wrong,) = [each for name, each in figures.items() if name.endswith("told wrongly")]
    assert wrong.value == 0
