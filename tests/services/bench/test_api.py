from pathlib import Path

import pytest

from services.bench.api import bench_api


@pytest.mark.real
async def test_it_reports_how_soon_api_and_stream_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACKTWIN_DATA", str(tmp_path))

    report = await bench_api(racks=1, requests=20, values=5, settle_s=0.5)

    assert [figure.unit for figure in report.figures] == ["ms"] * 5
    assert all(figure.value > 0 for figure in report.figures)
