import re

import pytest

from services.simulate.site import site_of


def test_racks_stand_in_rows_of_sixteen() -> None:
    site = site_of(35)
    assert site.rows == (16, 16, 3)
    assert [site.racks[n].id for n in (0, 4, 16, 34)] == [
        "Hall1-R01-K01",
        "Hall1-R01-K05",
        "Hall1-R02-K01",
        "Hall1-R03-K03",
    ]


def test_halls_hold_ten_rows() -> None:
    assert site_of(161).racks[160].id == "Hall2-R01-K01"


def test_each_rack_hangs_on_two_taps_and_each_tap_on_one_busway() -> None:
    site = site_of(20)
    served = [rack for tap in site.taps for rack in tap.serves]
    assert sorted(served) == sorted([rack.id for rack in site.racks] * 2)
    fed = [tap for busway in site.busways for tap in busway.serves]
    assert fed == [tap.id for tap in site.taps]
    assert [busway.id for busway in site.busways][::2] == ["Hall1-R01-BUS-A", "Hall1-R01-BUS-B"]


def test_one_cdu_serves_the_racks_of_a_row() -> None:
    site = site_of(20)
    assert [rack for cdu in site.cdus for rack in cdu.serves] == [rack.id for rack in site.racks]
    assert len(site.cdus[1].serves) == 4


def test_names_are_unique_and_safe_on_nats() -> None:
    site = site_of(200)
    things = [*site.racks, *site.taps, *site.busways, *site.cdus]
    assert len({thing.id for thing in things}) == len({thing.path for thing in things})
    assert all(re.fullmatch(r"[A-Za-z0-9-]+", thing.id) for thing in things)
    assert all(re.fullmatch(r"[A-Za-z0-9/-]+", thing.path) for thing in things)


def test_site_without_racks_is_refused() -> None:
    with pytest.raises(ValueError, match="one rack at the least"):
        site_of(0)
