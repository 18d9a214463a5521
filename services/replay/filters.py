"""Topic filters: which topics an MQTT filter with ``+`` and ``#`` means."""

from collections.abc import Callable


def matching(topic_filter: str) -> Callable[[str], bool]:
    """The test whether a topic is meant, as a broker would decide it.

    Raises:
        ValueError: It is no filter.
    """
    wanted = topic_filter.split("/")
    if not topic_filter or not all(map(_whole, wanted)) or "#" in wanted[:-1]:
        raise ValueError(
            f"not a topic filter: {topic_filter!r} (+ stands for a level, a last # for the rest)"
        )
    rest = wanted[-1] == "#"
    if rest:
        wanted.pop()

    def matches(topic: str) -> bool:
        levels = topic.split("/")
        if topic.startswith("$") and topic_filter[0] in "+#":  # what the broker says of itself
            return False
        if len(levels) < len(wanted) or (len(levels) > len(wanted) and not rest):
            return False
        return all(want in ("+", level) for want, level in zip(wanted, levels, strict=False))

    return matches


def _whole(level: str) -> bool:
    """Whether wildcards fill the level they stand in."""
    return level in {"+", "#"} or not {"+", "#", "\0"} & set(level)
