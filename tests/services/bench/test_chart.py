from pathlib import Path

import pytest

from services.bench.chart import chart, fill, sizes

pytestmark = pytest.mark.real


async def test_a_chart_has_every_reading_of_the_files(tmp_path: Path) -> None:
    told = fill(tmp_path, racks=3, hours=2)
    first, again = await chart(tmp_path, racks=3, hours=2, times=2)

    assert told > 0
    assert min(first, again) > 0
    with pytest.raises(RuntimeError, match="every reading"):
        await chart(tmp_path, racks=3, hours=3, times=1)


async def test_a_reading_takes_fewer_bytes_in_a_file_than_in_the_table(tmp_path: Path) -> None:
    found = await sizes(tmp_path, racks=1)

    assert found.rows > 10_000
    assert 0 < found.cold < found.hot
