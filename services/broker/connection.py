"""Connection: one MQTT client as the settings describe it, and what can go wrong with it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

import aiomqtt

from services.broker.client import Client
from services.broker.inbox import Inbox
from services.settings import BrokerSettings

TOKEN_USER: Final = "oauthtoken"  # noqa: S105  # a user name, as the DSX event bus wants it
"""Whose password an OAuth token is."""

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
KEEPALIVE_S: Final = 15
"""A dead link is known after twice this."""


class BrokerError(Exception):
    """The broker cannot be reached, refuses us or went away, and why."""


@asynccontextmanager
async def connect(
    settings: BrokerSettings, role: str, inbox: Inbox[aiomqtt.Message] | None = None
) -> AsyncIterator[Client]:
    """Stand connected for the length of a block; secrets are read anew each time.

    Args:
        settings: Where the broker is and who we are.
        role: Ends the client id, so that two processes of one installation can both be there.
        inbox: Where messages go.

    Raises:
        BrokerError: There is no connection, or no more.
    """
    try:
        async with _client(settings, role, inbox) as client:
            yield client
    except aiomqtt.MqttError as error:
        raise BrokerError(f"{address(settings)}: {error}") from error


async def probe(settings: BrokerSettings, role: str = "probe") -> None:
    """See that the broker is there and lets us in.

    Raises:
        BrokerError: It is not or does not, and why.
    """
    async with connect(settings, role):
        pass


def _client(settings: BrokerSettings, role: str, inbox: Inbox[aiomqtt.Message] | None) -> Client:
    username, password = credentials(settings)
    return Client(
        settings.url.host or "",
        port(settings),
        username=username,
        password=password,
        identifier=identity(settings, role),
        queue_type=_always(inbox or Inbox(settings.inbox)),
        protocol=aiomqtt.ProtocolVersion.V311,
        clean_session=True,  # values are repeated: what we missed comes again
        keepalive=KEEPALIVE_S,
        tls_context=tls(settings),
    )


def _always(inbox: Inbox[aiomqtt.Message]) -> type[asyncio.Queue[aiomqtt.Message]]:
    """A ``queue_type`` that gives this inbox: it outlives the clients, and so does its counter."""
    give: Callable[..., Inbox[aiomqtt.Message]] = lambda maxsize: inbox  # noqa: ARG005, E731
    return cast("type[asyncio.Queue[aiomqtt.Message]]", give)


def identity(settings: BrokerSettings, role: str) -> str:
    """The client id of a role."""
    return f"{settings.client_id}-{role}"


def credentials(settings: BrokerSettings) -> tuple[str | None, str | None]:
    """User and password, read anew.

    Raises:
        BrokerError: There should be some, and are not.
    """
    try:
        if settings.token_file is not None:
            return TOKEN_USER, _secret(settings.token_file)
        if settings.password_file is not None:
            return settings.username, _secret(settings.password_file)
    except OSError as error:
        raise BrokerError(f"no credentials: {error}") from error
    password = settings.password
    return settings.username, None if password is None else password.get_secret_value()


def _secret(file: Path) -> str:
    return file.read_text().strip()


def tls(settings: BrokerSettings) -> ssl.SSLContext | None:
    """Whom we trust and how we show who we are, read anew; None where the link is a plain one.

    Raises:
        BrokerError: A file of it is not there, or no good.
    """
    if settings.url.scheme != "mqtts":
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)  # without one, the system's
        if settings.cert_file is not None:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:
        raise BrokerError(f"no TLS: {error}") from error
    return context


def address(settings: BrokerSettings) -> str:
    """Host and port, as errors name them."""
    return f"{settings.url.host}:{port(settings)}"


def port(settings: BrokerSettings) -> int:
    """The port of the address, or the usual one."""
    return settings.url.port or _PORTS[settings.url.scheme]
