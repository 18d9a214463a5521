"""The descriptions of the API: OpenAPI of its requests, AsyncAPI of its messages.

``python -m services.api.documents`` writes both into ``schemas/``.
"""

import json
from pathlib import Path
from typing import Final

from pydantic.json_schema import models_json_schema

from schemas.documents import Document
from schemas.faults import FaultView
from schemas.notices import FAULTS, HEARTBEAT, Heartbeat
from schemas.stream import MESSAGES
from services.api.app import PREFIX, create_app
from services.api.context import Deps
from services.clock import wall_clock
from services.hub import Hub
from services.intake import Intake
from twin.fleet import Fleet

FOLDER: Final = Path(__file__).parent.parent.parent / "schemas"

_BMS: Final = {
    "url": "https://github.com/NVIDIA/dsx-exchange/blob/main/schemas/asyncapi/bms/bms.yaml",
    "description": "The contract of the event bus, which these messages follow",
}


_TOLD: Final[dict[str, type[Document]]] = {"standing": FaultView, "heartbeat": Heartbeat}
"""What is told on topics of our own."""


def openapi() -> dict[str, object]:
    """What can be requested."""
    return create_app(Deps(Intake(Fleet()), Hub("0"), wall_clock)).openapi()


def asyncapi() -> dict[str, object]:
    """What is heard from the event bus, and what is told on the stream."""
    _, schemas = models_json_schema(
        [(model, "serialization") for model in (*MESSAGES.values(), *_TOLD.values())],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "racktwin",
            "version": "1",
            "description": "The live state of an AI rack fleet, from and to messages.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "values": _bus("BMS/v1/{publisher}/Value/{objectType}/{pointType}/{tagPath}", "value"),
            "metadata": _bus("BMS/v1/PUB/Metadata/{objectType}/{pointType}/{tagPath}", "metadata"),
            "stream": {
                "address": f"{PREFIX}/stream",
                "description": "Server-sent events; `id` is `epoch:rev:seq`.",
                "messages": {name: _message(name) for name in MESSAGES},
            },
            "faults": _own(
                f"{FAULTS}/{{entity}}/{{code}}/{{qualifier}}",
                "standing",
                "Over MQTT 3.1.1, retained while a fault stands or asks for something, and empty"
                " when it is over. Levels are percent-encoded, dots too; `-` is an empty one.",
            ),
            "heartbeat": _own(HEARTBEAT, "heartbeat", "Over MQTT 3.1.1, not retained."),
        },
        "operations": {
            "takeValues": _operation("receive", "values"),
            "takeMetadata": _operation("receive", "metadata"),
            "tellChanges": _operation("send", "stream"),
            "tellFaults": _operation("send", "faults"),
            "tellLife": _operation("send", "heartbeat"),
        },
        "components": {"messages": _messages(), "schemas": schemas["$defs"]},
    }


def text(document: dict[str, object]) -> str:
    """A description as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def write(folder: Path = FOLDER) -> None:
    """Write both descriptions."""
    (folder / "openapi.json").write_text(text(openapi()))
    (folder / "asyncapi.json").write_text(text(asyncapi()))


def _bus(address: str, message: str) -> dict[str, object]:
    where = "Over MQTT 3.1.1; behind `cpc/{cluster}/` where a cluster is federated."
    return {**_own(address, message, where), "externalDocs": _BMS}


def _own(address: str, message: str, description: str) -> dict[str, object]:
    names = (part.strip("{}") for part in address.split("/") if part.startswith("{"))
    return {
        "address": address,
        "description": description,
        "parameters": {name: {} for name in names},
        "messages": {message: _message(message)},
    }


def _messages() -> dict[str, object]:
    told = {
        name: {
            "name": name,
            "title": model.__doc__,
            "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        }
        for name, model in (MESSAGES | _TOLD).items()
    }
    value = {"title": "A reading of a point", "externalDocs": _BMS}
    metadata = {"title": "What a point is", "externalDocs": _BMS}
    return {"value": value, "metadata": metadata, **told}


def _message(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def _operation(action: str, channel: str) -> dict[str, object]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


if __name__ == "__main__":
    write()
