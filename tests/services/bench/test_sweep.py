import json
from collections import Counter
from pathlib import Path

import pytest

from brokers import listening, nats, until
from services.bench.sweep import LEAKS, sweep
from services.clock import wall_clock
from services.simulate.plant import Plant
from twin.instants import Millis, after


@pytest.mark.real
async def test_a_fleet_says_all_but_its_leaks_again_and_again_as_of_now(tmp_path: Path) -> None:
    rounds: list[int] = []
    begin = wall_clock()
    async with nats(tmp_path) as broker, listening(broker.settings) as heard:
        await until(lambda: heard.status.connected)

        await sweep(
            str(broker.url),
            racks=1,
            rate=200,
            swept=lambda: rounds.append(len(heard.envelopes)),
            until=after(wall_clock(), Millis(1_000)),
        )

        said = Counter(each.topic for each in heard.envelopes)
        expected = {topic for topic in _values(racks=1) if LEAKS not in topic}
        assert set(said) == expected
        assert len(rounds) == 1
        assert max(said.values()) > 1
        assert all(json.loads(each.payload)["timestamp"] >= begin for each in heard.envelopes)


def _values(racks: int) -> set[str]:
    return {each.topic for each in Plant(racks, seed=1).values(wall_clock())}
