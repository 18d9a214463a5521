from dataclasses import replace

import pytest

from build import (
    Values,
    a_cooled_rack,
    a_fleet_showing,
    a_fleet_with,
    a_meter,
    a_point,
    a_state,
    an_entity,
)
from twin.points import EntityId, Freshness, PointState, Quality
from twin.racks import Rack, rack_of
from twin.severity import Severity
from twin.site import NOWHERE, CduPlate, RackPlace, Site
from twin.thermal import Coolant
from twin.topology import Domain, Topology

POWER = a_point("Rack/RackPower")
LEAK = replace(a_point("Rack/RackLeakDetect"), states=((0, "NoLeak"), (1, "Leak")))
TRAY = a_point("Rack/RackLeakDetectTray")
DOUBT = a_point("Rack/RackLeakSensorFault")


def _rack(values: Values) -> Rack:
    rack = a_fleet_showing({POWER: 100.0, **values}).rack(EntityId("R1"))
    assert rack is not None
    return rack


def _with(*states: PointState) -> Rack:
    entity = an_entity("R1", *states)
    return rack_of(entity, Topology(), lambda _: None, Coolant.WATER)


def test_rack_is_seen_whole() -> None:
    rack = _rack(a_cooled_rack() | a_meter("M1", "R1"))

    assert (rack.id, rack.name, rack.freshness) == ("R1", "R1", Freshness.LIVE)
    assert (rack.power.load.value, rack.thermal.flow.value) == (100.0, 150.0)
    assert [feed.meter for feed in rack.power.feeds] == ["M1"]
    assert rack.points.live == 4


def test_upstream_is_told_per_domain() -> None:
    meters = a_meter("M1", "R1") | a_meter("BUS", "M1")
    cdu = {a_point("CDU/LiquidFlow", "CDU-1", serves=("R1",)): 900.0}

    assert _rack(meters | cdu).upstream == {Domain.POWER: ["M1", "BUS"], Domain.LIQUID: ["CDU-1"]}


def test_feeder_that_nobody_knows_is_no_feed() -> None:
    topology = Topology()
    topology.connect(EntityId("M1"), Domain.POWER, [EntityId("R1")])

    rack = rack_of(an_entity("R1"), topology, lambda _: None, Coolant.WATER)

    assert rack.power.feeds == ()
    assert rack.upstream[Domain.POWER] == ["M1"]


@pytest.mark.parametrize(
    ("values", "severity"),
    [
        ({LEAK: 0.0, TRAY: 0.0, DOUBT: 0.0}, Severity.OK),
        ({LEAK: None}, Severity.OK),
        ({TRAY: 1.0}, Severity.WARNING),
        ({DOUBT: 1.0}, Severity.WARNING),
        ({LEAK: 1.0, DOUBT: 1.0}, Severity.CRITICAL),
    ],
)
def test_leak_is_critical_and_a_doubt_about_one_a_warning(
    values: Values, severity: Severity
) -> None:
    assert _rack(values).severity is severity


def test_leak_is_told_in_words() -> None:
    assert _rack({LEAK: 1.0}).leak.detected.text == "Leak"


def test_one_wet_detector_among_several_is_a_leak() -> None:
    dry, wet = a_state(replace(LEAK, id=POWER.id), 0.0), a_state(LEAK, 1.0)

    assert _with(dry, wet).leak.detected.value == 1.0


def test_leak_is_told_by_the_detector_that_can_be_trusted_if_any() -> None:
    doubtful = a_state(replace(LEAK, id=POWER.id), 1.0, quality=0)

    assert _with(doubtful, a_state(LEAK, 1.0)).leak.detected.quality is Quality.GOOD


@pytest.mark.parametrize(
    "doubtful",
    [
        a_state(replace(LEAK, id=POWER.id), None),
        a_state(replace(LEAK, id=POWER.id), 0.0, quality=0),
        a_state(replace(LEAK, id=POWER.id), 0.0, freshness=Freshness.STALE),
    ],
)
def test_all_is_clear_only_where_every_detector_can_be_trusted(doubtful: PointState) -> None:
    assert not _with(a_state(LEAK, 0.0), doubtful).leak.detected.fresh_and_good


def test_detector_that_was_never_heard_has_no_say() -> None:
    unheard = PointState(replace(LEAK, id=POWER.id))

    assert _with(unheard, a_state(LEAK, 0.0)).leak.detected.fresh_and_good
    assert _with(unheard).leak.detected.quality is None


def test_isolation_has_its_status_and_its_request() -> None:
    rack = _rack(
        {
            a_point("Rack/RackLiquidIsolationStatus"): 0.0,
            a_point("Rack/RackLiquidIsolationRequest"): 1.0,
            a_point("Rack/RackElectricalIsolationStatus"): 1.0,
        }
    )

    assert (rack.liquid.status.value, rack.liquid.request.value) == (0.0, 1.0)
    assert (rack.electrical.status.value, rack.electrical.request.value) == (1.0, None)


def test_unheard_rack_is_a_rack() -> None:
    rack = a_fleet_with(POWER).rack(EntityId("R1"))

    assert rack is not None
    assert (rack.freshness, rack.severity) == (Freshness.UNHEARD, Severity.OK)


def test_rack_knows_the_loop_it_hangs_on() -> None:
    flow = replace(
        a_point("CDU/LiquidFlow", "CDU-1", unit="LPM", serves=("R1",)), process_area=("Secondary",)
    )
    wanted = replace(
        a_point("CDU/LiquidTemperature", "CDU-1", unit="C"),
        process_area=("Secondary", "Supply"),
        is_setpoint=True,
    )
    thermal = _rack(a_cooled_rack(supply=32.5) | {flow: 600.0, wanted: 32.0}).thermal

    assert (thermal.approach.value, thermal.flow_share.value) == (0.5, 0.25)


def test_rack_lasts_less_long_where_its_load_is_all_it_is_rated_for() -> None:
    fleet = a_fleet_showing(a_cooled_rack(kw=66.0))
    usual = fleet.rack(EntityId("R1"))
    fleet.configure(Site(racks={EntityId("R1"): RackPlace(rated_kw=66.0)}))
    full = fleet.rack(EntityId("R1"))
    assert usual is not None
    assert full is not None

    assert full.thermal.ride_through.value == pytest.approx(16 * 450 / 1400)
    assert usual.thermal.ride_through.value == pytest.approx(37 * 450 / 700)


def _written(site: Site) -> Rack:
    cdus = {
        a_point("CDU/LiquidFlow", "CDU-1", serves=("R1",)): 900.0,
        a_point("CDU/LiquidFlow", "CDU-2", serves=("CDU-1",)): 900.0,
    }
    fleet = a_fleet_showing(a_cooled_rack() | cdus)
    fleet.configure(site)
    rack = fleet.rack(EntityId("R1"))
    assert rack is not None
    return rack


def test_rack_stands_where_it_is_written() -> None:
    place = RackPlace("North", "A", "K1", "NVL72", 132.0)

    assert _written(Site(racks={EntityId("R1"): place})).place == place
    assert _written(Site(racks={EntityId("R2"): place})).place == NOWHERE


def test_coolant_is_that_of_the_cdu_upstream_else_the_sites_else_the_settings() -> None:
    far = {EntityId("CDU-2"): CduPlate(coolant=Coolant.WATER)}
    near = far | {EntityId("CDU-1"): CduPlate(coolant=Coolant.PG25)}

    assert _written(Site()).thermal.coolant is Coolant.PG25
    assert _written(Site(coolant=Coolant.WATER)).thermal.coolant is Coolant.WATER
    assert _written(Site(cdus=far)).thermal.coolant is Coolant.WATER
    assert _written(Site(cdus=near, coolant=Coolant.WATER)).thermal.coolant is Coolant.PG25
