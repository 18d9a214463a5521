import pytest

from services.replay.filters import matching


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/b"),
        ("#", "a/b"),
        ("a/#", "a/b/c"),
        ("a/#", "a"),
        ("+", "a"),
        ("+/b/+", "a/b/"),
        ("/+", "/a"),
        ("BMS/v1/PUB/Value/+/+/#", "BMS/v1/PUB/Value/Rack/RackPower/x/y"),
        ("$SYS/#", "$SYS/a"),
    ],
)
def test_filter_means_topic(topic_filter: str, topic: str) -> None:
    assert matching(topic_filter)(topic)


@pytest.mark.parametrize(
    ("topic_filter", "topic"),
    [
        ("a/b", "a/c"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("+", "a/b"),
        ("+", "/a"),
        ("a/#", "ab"),
        ("a/+", "a"),
        ("#", "$SYS/a"),
        ("+/a", "$SYS/a"),
    ],
)
def test_filter_does_not_mean_topic(topic_filter: str, topic: str) -> None:
    assert not matching(topic_filter)(topic)


@pytest.mark.parametrize("topic_filter", ["", "a+", "a/b#", "#/a", "a/#/b", "a/\0"])
def test_what_no_broker_takes_is_refused(topic_filter: str) -> None:
    with pytest.raises(ValueError, match="not a topic filter"):
        matching(topic_filter)
