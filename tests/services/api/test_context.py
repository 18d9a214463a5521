from live import Live
from services.api.context import Deps, create_context
from twin.points import EntityId


def test_without_anyone_to_ask_it_is_ready() -> None:
    live = Live()

    assert Deps(live.intake, live.hub, live.clock).ready() is None


def test_the_revision_names_the_run_and_the_last_change() -> None:
    live = Live(epoch="e7")
    context = create_context(Deps(live.intake, live.hub, live.clock))
    assert context.revision == "e7:0"

    live.hub.publish([EntityId("R1")])

    assert context.revision == "e7:1"
    assert context.now == live.now
    assert context.deps.fleet is live.fleet
