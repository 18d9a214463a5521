"""Plant: a simulated site on the bus, message by message."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from schemas.bms import metadata_topic, value_topic
from schemas.contract import CADENCE_S
from schemas.envelope import Envelope
from services.simulate.columns import SECOND_MS, Columns
from services.simulate.metadata import metadata_of
from services.simulate.noise import Array, Noise
from services.simulate.physics import Physics
from services.simulate.script import STEADY, Freezes, Script
from services.simulate.site import site_of
from services.simulate.tampering import Tampering, row_of
from twin.instants import Instant

_BLOCK: Final = 64  # seconds of physics at a time: the same ones, whoever asks for which part

_METADATA, _VALUE = 0, 1  # in the order in which a point says them


class Plant:
    """A fleet of ``racks`` as its BMS and its integration put it on the bus.

    Everything is a function of racks, seed, script and instant: the same span gives the same
    bytes however it is cut and whatever was asked for before. Only the last block of physics is
    kept, to save time. Each gauge is read once a second, at its own millisecond, and speaks where
    it shows something else than a second before; besides, every 100 s.
    """

    def __init__(self, racks: int, seed: int, script: Script = STEADY) -> None:
        site, noise = site_of(racks), Noise(seed)
        self.labels = script.labels
        self._physics = Physics(site, noise, script.suffered)
        self._columns = Columns(site, noise)
        frozen = {each: self._shown(each) for each in script.told if isinstance(each, Freezes)}
        self._tampering = Tampering(self._columns, script, frozen)
        points = self._columns.points
        self._topics = [value_topic(point) for point in points]
        self._metadata = [(metadata_topic(point), metadata_of(point)) for point in points]
        self._payloads = [
            f'{{"value":%.{places}f,"timestamp":%d,"quality":%d}}'.encode()
            for places in self._columns.decimals
        ]
        self._offsets = self._columns.offsets.tolist()
        self._slots = np.arange(len(points)) % CADENCE_S
        self._block: tuple[int, Array] | None = None

    def metadata(self) -> Iterator[tuple[str, bytes]]:
        """Topic and payload of every point's metadata, to be retained."""
        yield from self._metadata

    def values(self, at: Instant) -> Iterator[Envelope]:
        """What every point that is not silent said last before ``at``, or would have."""
        tick, within = divmod(at, SECOND_MS)
        before, now = self._rows(tick)
        spoken = self._columns.offsets < within
        shown = np.where(spoken, now, before) * self._columns.steps
        stamps = np.where(spoken, tick, tick - 1) * SECOND_MS + self._columns.offsets
        quality = self._tampering.doubted(stamps)
        for column in np.flatnonzero(~self._tampering.silent(stamps)[:, _VALUE]).tolist():
            payload = self._payloads[column] % (shown[column], stamps[column], quality[column])
            yield Envelope(self._topics[column], payload, at)

    def messages(self, start: Instant, until: Instant) -> Iterator[Envelope]:
        """Everything said from ``start`` on and before ``until``, in order of time."""
        for tick in range(start // SECOND_MS, -(-until // SECOND_MS)):
            for message in self._second(tick):
                if message.received_at >= until:
                    return
                if message.received_at >= start:
                    yield message

    def recording(self, start: Instant, until: Instant) -> Iterator[Envelope]:
        """A whole recording: all metadata and values as they stand at ``start``, then the rest."""
        for topic, payload in self._metadata:
            yield Envelope(topic, payload, start, retain=True)
        yield from self.values(start)
        yield from self.messages(start, until)

    def _second(self, tick: int) -> Iterator[Envelope]:
        before, now = self._rows(tick)
        slot, begin = tick % CADENCE_S, tick * SECOND_MS
        speaks = np.empty((len(now), 2), dtype=np.bool_)
        speaks[:, _METADATA] = self._slots == (slot + CADENCE_S // 2) % CADENCE_S
        stamps = begin + self._columns.offsets
        trusted, quality = (self._tampering.doubted(each) for each in (stamps - SECOND_MS, stamps))
        speaks[:, _VALUE] = (now != before) | (self._slots == slot) | (quality != trusted)
        speaks &= ~self._tampering.silent(stamps)
        shown = (now * self._columns.steps).tolist()
        for each in np.flatnonzero(speaks).tolist():
            column = each // 2
            at = Instant(begin + self._offsets[column])
            if each % 2 == _VALUE:
                payload = self._payloads[column] % (shown[column], at, quality[column])
                yield Envelope(self._topics[column], payload, at)
            else:
                yield Envelope(*self._metadata[column], at, retain=True)

    def _rows(self, tick: int) -> Array:
        """What all gauges show a second before ``tick`` and at it, counted in their steps."""
        index, within = divmod(tick, _BLOCK)
        if self._block is None or self._block[0] != index:
            self._block = index, self._counted(index * _BLOCK - 1, _BLOCK + 1)
        return self._block[1][within : within + 2]

    def _counted(self, first: int, rows: int) -> Array:
        counted = self._columns.steps_of(self._physics.shown(first, rows))
        self._tampering.tell(counted, np.arange(first, first + rows) * SECOND_MS)
        return counted

    def _shown(self, freeze: Freezes) -> Array:
        """What all gauges showed when one of them froze."""
        shown: Array = self._columns.steps_of(self._physics.shown(row_of(freeze), 1))[0]
        return shown
