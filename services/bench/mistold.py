"""What a twin says other than it was told."""

from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from services.simulate.site import Site, Thing

_TYPES: Final = 2  # of object and point: what a tag path follows

Ask = Callable[[AbstractSet[Thing]], Awaitable[Mapping[str, Any]]]
"""What the twin says of all points of some racks and pieces of equipment, by id."""


async def mistold(site: Site, said: Mapping[str, float | None], ask: Ask) -> list[str]:
    """Points of which the twin says something else, by topic.

    Args:
        site: Where they are.
        said: What each said last, by topic.
        ask: Asks the twin.
    """
    things = _things(site)
    shown = await ask({_owner(things, topic) for topic in said})
    return [topic for topic, value in said.items() if shown[_point(topic)]["value"] != value]


def _things(site: Site) -> dict[str, Thing]:
    return {each.path: each for each in (*site.racks, *site.taps, *site.busways, *site.cdus)}


def _owner(things: Mapping[str, Thing], topic: str) -> Thing:
    """Whose tag path begins that of the topic: the longest."""
    path = _point(topic).split("/")[_TYPES:]
    return next(
        things[name] for end in range(len(path), 0, -1) if (name := "/".join(path[:end])) in things
    )


def _point(topic: str) -> str:
    return topic.split("/Value/")[1]
