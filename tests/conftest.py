"""What every test gets: a virtual clock, a leak check, and the paths of the real recording."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import async_solipsism
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=50,
    deadline=None,  # never judge by time on a shared machine
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """A virtual clock for every test; the real one for those marked ``real``."""
    if item.get_closest_marker("real"):
        return {"real": asyncio.new_event_loop}
    return {"virtual": async_solipsism.EventLoop}


@pytest.fixture(autouse=True)
async def _no_leaked_tasks(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test that leaves a task behind."""
    before = asyncio.all_tasks()
    yield
    leaked = asyncio.all_tasks() - before - {asyncio.current_task()}
    assert not leaked, f"{request.node.name} left tasks behind: {leaked}"


@pytest.fixture(scope="session")
def dsx() -> Path:
    """The folder with NVIDIA's contract and recording; a loud skip where there is none."""
    folder = Path(os.environ.get("RACKTWIN_DSX", ROOT.parent / "shared" / "dsx"))
    if not (folder / "dsx_exemplar.csv").exists():
        pytest.skip(f"NO REAL RECORDING in {folder}: set RACKTWIN_DSX to NVIDIA's dsx files")
    return folder
