"""The fleet file of a simulated site: what is written down where a real one is built."""

from collections.abc import Iterator
from typing import Final

from services.simulate.site import ROW, Site
from twin.thermal import Coolant

RATED_KW: Final = 132
"""Of a rack: what NVIDIA rates a GB200 NVL72 for."""

MODEL: Final = "GB200 NVL72"


def fleet_file(site: Site) -> str:
    """Hall, row and position of every rack with its two feeds, and what each CDU is built for."""
    return "\n".join(_lines(site)) + "\n"


def _lines(site: Site) -> Iterator[str]:
    yield f'coolant = "{Coolant.PG25}"'
    yield "[defaults.rack]"
    yield f'model = "{MODEL}"'
    yield f"rated_kw = {RATED_KW}"
    yield "[defaults.cdu]"
    yield f"capacity_kw = {ROW * RATED_KW}"
    count = len(site.racks)
    for number, rack in enumerate(site.racks):
        hall, row, position = rack.path.split("/")
        feeds = ", ".join(f'"{tap.id}"' for tap in site.taps[number::count])
        yield f'[racks."{rack.id}"]'
        yield f'hall = "{hall}"'
        yield f'row = "{row}"'
        yield f'position = "{position}"'
        yield f"feeds = [{feeds}]"
    yield from (f'[cdus."{cdu.id}"]' for cdu in site.cdus)
