from build import at
from services.simulate.script import STEADY, Script, label
from twin.points import EntityId

R1 = EntityId("R1")


def test_label_tells_until_when_it_is_raised_and_cleared() -> None:
    one = label("leak.detected", R1, at(10), at(60), "wet", on_s=2.5, off_s=30)
    assert (one.by, one.gone) == (at(12.5), at(90))
    assert one.certain
    assert not one.folded


def test_script_lasts_until_all_of_it_is_over() -> None:
    early = label("leak.tray", R1, at(10), at(20), "wet", on_s=1, off_s=1)
    late = label("leak.detected", R1, at(12), at(60), "wet", on_s=1, off_s=30)
    assert Script(labels=(late, early)).lasts(at(5)) == 85_000
    assert STEADY.lasts(at(5)) == 0
