import httpx
import pytest

from services.bench.sink import HOST, a_sink


@pytest.mark.real
async def test_it_says_that_whatever_is_written_is_kept() -> None:
    async with a_sink() as port, httpx.AsyncClient(base_url=f"http://{HOST}:{port}") as client:
        answer = await client.post(
            "/api/v2/write", content=b"never unpacked", headers={"Content-Encoding": "gzip"}
        )

    assert answer.status_code == 204
