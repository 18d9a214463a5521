"""Status: how the link to the broker stands, for health, metrics and the log."""

import logging
from dataclasses import dataclass, field
from typing import Any

from services.broker.buffer import Buffer
from services.broker.inbox import Inbox
from twin.instants import Instant

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Status:
    """What became of one link; written by the link, read by anybody."""

    connected: bool = False
    since: Instant | None = None
    """When ``connected`` last changed; ``None`` until the link first stood."""
    reconnects: int = 0
    """How often the link stood again after a loss."""
    refused: list[str] = field(default_factory=list)
    """Topics the broker would not let us subscribe to."""
    last_error: str | None = None
    """Why the last attempt failed or the link was lost; ``None`` while all is well."""
    inbox: Buffer | Inbox[Any] | None = None
    """Where messages wait to be taken, once one listens."""

    @property
    def dropped(self) -> int:
        """Messages that came faster than they were taken, and went."""
        return 0 if self.inbox is None else self.inbox.dropped

    @property
    def waiting(self) -> int:
        """Messages that came and were not taken yet."""
        return 0 if self.inbox is None else self.inbox.waiting

    @property
    def oldest(self) -> Instant | None:
        """When the first of them came, where each is stamped as it comes."""
        return self.inbox.oldest if isinstance(self.inbox, Buffer) else None

    @property
    def pauses(self) -> int:
        """How often nothing was read, for messages came faster than they were taken."""
        return self.inbox.pauses if isinstance(self.inbox, Buffer) else 0

    @property
    def paused_s(self) -> float:
        """For how many seconds in all."""
        return self.inbox.paused_s if isinstance(self.inbox, Buffer) else 0.0

    @property
    def broken(self) -> int:
        """Connections that we gave up, for the broker broke the protocol."""
        return self.inbox.broken if isinstance(self.inbox, Buffer) else 0

    def up(self, at: Instant) -> None:
        """Note that the link stands."""
        _log.info("Connected to the broker")
        self.reconnects += self.since is not None
        self.connected, self.since, self.last_error = True, at, None

    def down(self, error: str, at: Instant) -> None:
        """Note that the link is lost or could not be made; the same trouble is logged once."""
        if self.connected:
            self.connected, self.since = False, at
            _log.warning("Lost the broker", extra={"error": error})
        elif error != self.last_error:
            _log.warning("Cannot connect to the broker", extra={"error": error})
        self.last_error = error

    def refuse(self, topics: list[str]) -> None:
        """Note the topics that were refused; nothing will ever come on these."""
        self.refused = topics
        if topics:
            _log.error("The broker refused a subscription", extra={"topics": topics})
