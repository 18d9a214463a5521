import aiohttp
import pytest
from aiohttp import web

from servers import serving
from services.bench.scraped import scraped

TEXT = '# TYPE racktwin_a counter\nracktwin_a_total 7\nracktwin_b{c="d"} 1\nracktwin_b{c="e"} 2\n'


@pytest.mark.real
async def test_figures_are_read_by_name() -> None:
    app = web.Application()
    app.router.add_get("/metrics", _metrics)
    async with serving(app) as address, aiohttp.ClientSession(address) as session:
        assert await scraped(session) == {"racktwin_a_total": 7, "racktwin_b": 2}


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(text=TEXT)
