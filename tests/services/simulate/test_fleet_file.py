from schemas.fleet_file import parse
from services.intake import Intake
from services.simulate.fleet_file import MODEL, RATED_KW, fleet_file
from services.simulate.plant import Plant
from services.simulate.site import site_of
from twin.agreement import agreement_of
from twin.fleet import Fleet
from twin.instants import Instant
from twin.points import EntityId


def test_it_names_everything_that_the_simulated_bus_tells_of() -> None:
    racks = 170  # more than a hall has
    intake = Intake(Fleet())
    for topic, payload in Plant(racks, seed=1).metadata():
        intake.take(topic, payload, Instant(0))

    found = agreement_of(parse(fleet_file(site_of(racks))), intake.fleet)

    assert found.agree
    assert found.racks.both == racks
    assert found.cdus.both == 11


def test_racks_have_their_place_their_model_and_their_rating() -> None:
    place = parse(fleet_file(site_of(170))).rack(EntityId("Hall2-R01-K10"))

    assert (place.hall, place.row, place.position) == ("Hall2", "R01", "K10")
    assert (place.model, place.rated_kw) == (MODEL, RATED_KW)
    assert place.feeds == ("Hall2-R01-K10-TAP-A", "Hall2-R01-K10-TAP-B")
