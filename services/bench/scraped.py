"""What a twin says of itself, asked as Prometheus asks."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families


async def scraped(session: aiohttp.ClientSession) -> dict[str, float]:
    """Its figures by name, without their labels: of several of a name the last."""
    async with session.get("/metrics") as answer:
        families = text_string_to_metric_families(await answer.text())
    return {each.name: each.value for family in families for each in family.samples}
