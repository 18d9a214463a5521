from schemas.contract import CATALOGUE, Owner
from services.simulate.gauges import GAUGES, PUB


def test_every_gauge_is_in_the_contract() -> None:
    for object_type, gauges in GAUGES.values():
        assert {gauge.point_type for gauge in gauges} <= CATALOGUE[object_type].keys()


def test_racks_have_every_point_type_of_the_contract() -> None:
    assert {gauge.point_type for gauge in GAUGES["rack"][1]} == CATALOGUE["Rack"].keys()


def test_integration_publishes_what_the_contract_gives_it() -> None:
    for object_type, gauges in GAUGES.values():
        for gauge in gauges:
            owned = CATALOGUE[object_type][gauge.point_type].owner is Owner.INTEGRATION
            assert (gauge.publisher != PUB) is owned


def test_tags_are_unique_within_a_kind() -> None:
    for _, gauges in GAUGES.values():
        assert len({gauge.tag for gauge in gauges}) == len(gauges)


def test_decimals_show_a_step_and_no_more() -> None:
    shown = {gauge.step: gauge.decimals for _, gauges in GAUGES.values() for gauge in gauges}
    for step, decimals in shown.items():
        assert round(step, decimals) == step
        assert decimals == 0 or round(step, decimals - 1) != step
