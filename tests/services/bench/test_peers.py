import pytest

from services.bench.peers import FLOOR, KEEPER, NODE_RED, PLAIN, Size, bench_peers


@pytest.mark.real
@pytest.mark.timeout(240)
async def test_it_reports_what_each_takes_and_names_who_is_missing() -> None:
    report = await bench_peers(2, rounds=1, size=Size(fast=2_000, slow=500))

    figures = {figure.name: figure for figure in report.figures}
    assert len(figures) == len(report.figures)
    assert figures[PLAIN].value > 0
    assert figures[KEEPER].value > 0
    for what in (" alone", " and fold", ", fold, balances and faults"):
        assert figures[f"racktwin: intake{what}"].value > 0
    for name in (FLOOR, NODE_RED):
        assert (name in figures) is not (f"{name}: NOT INSTALLED HERE, left out" in figures)
    compared = {name: each.target for name, each in figures.items() if "the plain stack" in name}
    assert compared == {
        "ours to the same store against the plain stack": 10,
        "intake and fold against the plain stack": None,
        "all of ours against the plain stack": None,
    }
