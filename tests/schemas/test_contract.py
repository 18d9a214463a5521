from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from schemas.contract import CATALOGUE, KNOWN, Owner

Pair = tuple[str, str]


def pairs(*owners: Owner) -> set[Pair]:
    return {
        (object_type, point_type)
        for object_type, kinds in CATALOGUE.items()
        for point_type, kind in kinds.items()
        if kind.owner in owners
    }


def listed(asyncapi: dict[str, Any], publisher: str, kind: str) -> set[Pair]:
    """Every pair of types that a channel of the contract lists."""

    def found() -> Iterator[Pair]:
        for channel in asyncapi["channels"].values():
            _, _, by, what, object_type, *_ = channel["address"].split("/")
            if (by, what) == (publisher, kind):
                for point_type in channel["parameters"]["pointType"]["enum"]:
                    yield object_type, point_type

    return set(found())


def test_catalogue_has_every_point_with_metadata_and_no_other(asyncapi: dict[str, Any]) -> None:
    assert pairs(*Owner) == listed(asyncapi, "PUB", "Metadata")
    assert len(CATALOGUE) == 23


def test_each_listed_metadata_channel_has_a_message_of_its_own(
    asyncapi: dict[str, Any], metadata_schemas: dict[Pair, Draft202012Validator]
) -> None:
    assert metadata_schemas.keys() == listed(asyncapi, "PUB", "Metadata")


def test_bms_publishes_the_values_of_exactly_what_is_not_an_integrations(
    asyncapi: dict[str, Any],
) -> None:
    assert pairs(Owner.BMS, Owner.EITHER) == listed(asyncapi, "PUB", "Value")


def test_integrations_publish_what_is_theirs_or_may_be(asyncapi: dict[str, Any]) -> None:
    # Status and Available of equipment: the metadata may name an integration, so it may be theirs,
    # although only the System's are listed among what integrations publish.
    unlisted = {
        (object_type, point_type)
        for object_type, point_type in pairs(Owner.EITHER)
        if point_type in ("Status", "Available") and object_type != "System"
    }

    theirs = pairs(Owner.INTEGRATION, Owner.EITHER) - unlisted

    assert theirs == listed(asyncapi, "{integration}", "Value")


def test_every_channel_is_one_of_three_layouts(asyncapi: dict[str, Any]) -> None:
    layouts = {
        tuple(channel["address"].split("/")[:4]) + tuple(channel["address"].split("/")[5:])
        for channel in asyncapi["channels"].values()
    }

    rest = ("{pointType}", "{tagPath}")
    assert layouts == {
        ("BMS", "v1", "PUB", "Value", *rest),
        ("BMS", "v1", "PUB", "Metadata", *rest),
        ("BMS", "v1", "{integration}", "Value", *rest),
    }


def test_known_types_are_those_of_the_catalogue() -> None:
    assert {f"{object_type}/{point_type}" for object_type, point_type in pairs(*Owner)} == KNOWN
