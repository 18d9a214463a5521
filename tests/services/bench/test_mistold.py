from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from services.bench.mistold import mistold
from services.simulate.site import Thing, site_of

RACK = "BMS/v1/PUB/Value/Rack/RackPower/Hall1/R01/K01/power"
TAP = "BMS/v1/PUB/Value/PowerMeter/Current/Hall1/R01/K01/TAP-A/current"
CDU = "BMS/v1/PUB/Value/CDU/Status/Hall1/R01/CDU/status"


async def test_what_the_twin_says_otherwise_is_named() -> None:
    asked: set[str] = set()

    async def ask(things: AbstractSet[Thing]) -> Mapping[str, Any]:
        asked.update(thing.id for thing in things)
        shown = {RACK: 35.5, TAP: 2.0, CDU: None}
        return {topic.split("/Value/")[1]: {"value": value} for topic, value in shown.items()}

    assert await mistold(site_of(2), {RACK: 35.5, TAP: 3.0, CDU: 1.0}, ask) == [TAP, CDU]
    assert asked == {"Hall1-R01-K01", "Hall1-R01-K01-TAP-A", "Hall1-R01-CDU"}
