from dataclasses import replace

import pytest

from build import START, a_heartbeat, a_point, a_state
from twin.points import Freshness, PointId, PointState, PublisherId
from twin.publishers import Publisher

POWER = replace(a_point(), id=PointId("Rack/RackPower/hall1/pod1/R1/power"))
OTHER = replace(POWER, id=PointId("Rack/RackPower/hall1/pod12/R1/power"))


def _publisher(scope: str | None) -> Publisher:
    return Publisher(PointState(a_heartbeat(scope=scope)))


@pytest.mark.parametrize("scope", [None, "", " ", "#", "BMS/v1/#", "BMS/v1/PUB/Value/#", "cpc/7/#"])
def test_heart_without_a_narrower_scope_beats_for_all_points(scope: str | None) -> None:
    assert _publisher(scope).vouches_for(POWER)


@pytest.mark.parametrize(
    "scope",
    [
        "hall1/pod1",
        "/hall1/pod1/",
        "hall1/+/R1",
        "hall9, hall1/pod1",
        "hall1/pod1/#",
        "Rack/RackPower/hall1/pod1",
        "BMS/v1/PUB/Value/Rack/RackPower/hall1/pod1/#",
        "BMS/v1/PUB/Metadata/+/+/hall1/pod1/#",
        "cpc/7/BMS/v1/PUB/Value/Rack/RackPower/hall1/pod1/#",
        "hall1/pod1/R1/power",
    ],
)
def test_scope_covers_what_lies_below_it(scope: str) -> None:
    assert _publisher(scope).vouches_for(POWER)


@pytest.mark.parametrize(
    "scope",
    [
        "hall1/pod1",
        "hall2",
        "pod12",
        "Rack/RackLiquidFlow",
        "hall1/pod12/R1/power/deeper",
        "BMS/v1/PUB/Value/hall1/#",
        "hall.",
    ],
)
def test_scope_covers_nothing_else(scope: str) -> None:
    assert not _publisher(scope).vouches_for(OTHER)


def test_heart_beats_for_its_own_publisher_alone() -> None:
    assert not _publisher(None).vouches_for(replace(POWER, publisher=PublisherId("MEPAI1")))


def test_heart_of_a_cluster_beats_for_the_points_of_that_cluster() -> None:
    pub = PublisherId("cpc/7/PUB")
    near = replace(POWER, id=PointId(f"cpc/7/{POWER.id}"), publisher=pub)
    heart = Publisher(PointState(replace(a_heartbeat(scope="hall1/pod1"), publisher=pub)))

    assert heart.vouches_for(near)
    assert not heart.vouches_for(POWER)


def test_level_of_a_cluster_is_never_taken_for_one_of_the_scope() -> None:
    near = replace(POWER, id=PointId("cpc/7/Rack/RackPower/R1"))

    assert not _publisher("7/Rack").vouches_for(near)


def test_publisher_is_named_as_its_heartbeat_is() -> None:
    assert _publisher(None).name == "PUB"
    assert Publisher(PointState(replace(a_heartbeat(), name=None))).name == "PUB"
    assert Publisher(PointState(replace(a_heartbeat(), name="BMS 1"))).name == "BMS 1"


def test_publisher_shows_what_its_heartbeat_shows() -> None:
    beat = PointState(a_heartbeat(scope="hall1"))
    publisher = Publisher(beat)
    assert (publisher.freshness, publisher.heard_at) == (Freshness.UNHEARD, None)

    beat = a_state(a_heartbeat(), freshness=Freshness.STALE)
    publisher = Publisher(beat)

    assert (publisher.freshness, publisher.heard_at) == (Freshness.STALE, START)
    assert publisher.heartbeat == beat.point.id
