import asyncio
from pathlib import Path

import pytest

from build import a_point, at, tell
from notified import Faulty, key_of
from services.clock import wall_clock
from services.hub import at_once
from services.notify.outlets import Outlet, Outlets, outlets_of
from services.settings import Settings
from twin.changes import FaultChanged
from twin.fault import Fault, What
from twin.fleet import Fleet

ALL = {
    "mqtt": {"enabled": True},
    "alertmanager": {"url": "http://127.0.0.1:1"},
    "webhook": {"url": "http://127.0.0.1:1", "secret": "s3cret"},
}


def outlets(folder: Path, **notify: object) -> tuple[Outlets, Faulty]:
    settings = Settings.model_validate({"data": folder, "notify": notify})
    site = Faulty()
    made = outlets_of(settings, "serve", site.fleet, "e1", wall_clock)
    site.listener = made.notify
    return made, site


def queued(outlet: Outlet) -> int:
    return outlet.queued


def test_by_default_nobody_is_told(tmp_path: Path) -> None:
    made, site = outlets(tmp_path)
    site.judge(key_of("leak.detected"))

    assert len(made) == 0
    assert made.figures(queued) == {}


def test_everybody_is_told_who_is_named(tmp_path: Path) -> None:
    made, site = outlets(tmp_path, **ALL)
    site.judge(key_of("leak.detected"))

    assert made.figures(queued) == {"mqtt": 1, "alertmanager": 1, "webhook": 1}


def test_only_faults_that_were_raised_are_told(tmp_path: Path) -> None:
    made, _ = outlets(tmp_path, **ALL)
    pending = FaultChanged(Fault(key_of("liquid.flow_low")), What.PENDING, at(0))

    made.notify([*tell(Fleet(), at(0), a_point()), pending])
    made.notify([])

    assert set(made.figures(queued).values()) == {0}


@pytest.mark.real
async def test_whoever_cannot_be_told_holds_up_nobody(tmp_path: Path) -> None:
    made, site = outlets(tmp_path, **ALL)
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(made.run(at_once))
        site.judge(key_of("leak.detected"))
        async with asyncio.timeout(20):
            while not all(made.figures(lambda outlet: outlet.failed).values()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        task.cancel()

    assert made.letters.kept == 1
