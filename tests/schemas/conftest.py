"""NVIDIA's contract as JSON Schema: what says whether a payload keeps to it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012, SchemaRegistry

Pair = tuple[str, str]
"""Object type and point type."""


@pytest.fixture(scope="session")
def asyncapi(dsx: Path) -> dict[str, Any]:
    """``bms.yaml``."""
    with (dsx / "bms.yaml").open(encoding="utf-8") as file:
        document = yaml.load(file, Loader=yaml.CSafeLoader)
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="session")
def registry(asyncapi: dict[str, Any]) -> SchemaRegistry:
    """Where ``bms#/…`` leads to."""
    empty: SchemaRegistry = Registry()
    filled: SchemaRegistry = empty.with_resource("bms", DRAFT202012.create_resource(asyncapi))
    return filled


@pytest.fixture(scope="session")
def value_schema(registry: SchemaRegistry) -> Draft202012Validator:
    """What every Value payload must be."""
    schema = {"$ref": "bms#/components/messages/ValueMessage/payload"}
    return Draft202012Validator(schema, registry=registry)


@pytest.fixture(scope="session")
def metadata_schemas(
    asyncapi: dict[str, Any], registry: SchemaRegistry
) -> dict[Pair, Draft202012Validator]:
    """What the Metadata payload of every point must be, its types those of the topic included."""
    found = {}
    for channel in asyncapi["channels"].values():
        _, _, _, kind, object_type, *_ = channel["address"].split("/")
        if kind != "Metadata":
            continue
        for name, message in channel["messages"].items():
            point_type = name[0].upper() + name[1:]
            schema = {
                "$ref": f"bms{message['$ref']}/payload",
                "properties": {
                    "objectType": {"const": object_type},
                    "pointType": {"const": point_type},
                },
            }
            found[object_type, point_type] = Draft202012Validator(schema, registry=registry)
    return found
