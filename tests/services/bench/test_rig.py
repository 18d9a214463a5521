import psutil
import pytest

from services.bench.feeder import RECORDED, REST, Order
from services.bench.rig import a_rig
from services.cli.history import GIVES_WAY
from services.processes import HISTORY, LIVE


@pytest.mark.real
@pytest.mark.timeout(120)
async def test_both_processes_have_all_that_was_said_and_history_keeps_it() -> None:
    async with a_rig(2) as rig:
        done = await rig.play(Order(RECORDED, 2.0, 100.0))
        lost, _ = await rig.drained()
        sent = await rig.sent(REST)
        figures = await rig.figures()
        shown = await rig.points(rig.site.racks[:1])
        nice = {name: psutil.Process(pid).nice() for name, pid in rig.pids.items()}
        rows = await rig.rows()

    assert done.sent == pytest.approx(200, rel=0.2)
    assert lost == {LIVE.name: 0, HISTORY.name: 0}
    assert all(each["racktwin_received_total"] == sent for each in figures.values())
    assert rows == sent - rig.metadata - figures[HISTORY.name]["racktwin_duplicate_total"]
    assert shown[rig.ready.topic.split("/Value/")[1]]["value"] == rig.ready.value
    assert nice[HISTORY.name] == min(19, nice[LIVE.name] + GIVES_WAY)
    assert set(rig.pids) == {"broker", LIVE.name, HISTORY.name, "feeder", "clients"}
