from dataclasses import replace

from build import START, a_measured
from schemas.places import places_view
from twin.measured import total
from twin.totals import Group

ROW = Group("North", "A", 2, total("kW", [a_measured(40.0), a_measured(2.0)]), total("kW", []))


def test_rows_of_two_halls_may_share_a_name() -> None:
    views = places_view([ROW, replace(ROW, hall="South"), replace(ROW, hall=None)], START)

    assert list(views) == ["North/A", "South/A", "A"]
    assert (views["North/A"].hall, views["North/A"].row, views["North/A"].racks) == (
        "North",
        "A",
        2,
    )


def test_sums_of_a_place_say_how_complete_they_are() -> None:
    view = places_view([replace(ROW, row=None)], START)["North"]

    assert (view.power_kw.value, view.power_kw.fresh, view.power_kw.expected) == (42.0, 2, 2)
    assert (view.heat_kw.value, view.heat_kw.expected) == (None, 0)
