import pytest

from schemas.fleet_file import FleetFileError, parse
from twin.circuits import Rating
from twin.points import EntityId
from twin.site import UNWRITTEN, CduPlate, RackPlace, Site
from twin.thermal import Coolant

WHOLE = """
coolant = "water"

[racks."Pod1C-E05"]
hall = "North"
row = "E"
position = 5
model = "GB200 NVL72"
rated_kw = 132
feeds = ["C-E05-TAP-E1", "C-E05-TAP-E2"]

[cdus."C-F00-CDU-05"]
capacity_kw = 1300
coolant = "pg25"

[meters."C-E-BUS-E1"]
limit_a = 250
rated_kw = 180.5
"""


def test_file_says_where_things_stand_and_what_they_are_rated_for() -> None:
    feeds = (EntityId("C-E05-TAP-E1"), EntityId("C-E05-TAP-E2"))
    assert parse(WHOLE) == Site(
        coolant=Coolant.WATER,
        racks={EntityId("Pod1C-E05"): RackPlace("North", "E", "5", "GB200 NVL72", 132.0, feeds)},
        cdus={EntityId("C-F00-CDU-05"): CduPlate(1300.0, Coolant.PG25)},
        meters={EntityId("C-E-BUS-E1"): Rating(250.0, 180.5)},
    )


def test_empty_file_says_nothing() -> None:
    assert parse("") == UNWRITTEN


def test_defaults_fill_what_an_entry_does_not_say_and_list_nothing() -> None:
    site = parse(
        "[defaults.rack]\nrated_kw = 132\nhall = 'North'\n"
        "[defaults.cdu]\ncapacity_kw = 1300\n[defaults.meter]\nlimit_a = 250\n"
        "[racks.R1]\n[racks.R2]\nrated_kw = 40\n"
        "[cdus.C1]\n[meters.M1]\n"
    )

    assert site.racks == {
        "R1": RackPlace(hall="North", rated_kw=132.0),
        "R2": RackPlace(hall="North", rated_kw=40.0),
    }
    assert site.cdus == {"C1": CduPlate(1300.0)}
    assert site.meters == {"M1": Rating(250.0)}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("racks", "not TOML: "),
        ("[racks.R1]\n[racks.R1]", "not TOML: "),
        ("colour = 1", "colour: no such key"),
        ("[racks.R1]\nratedkw = 1", "racks.R1.ratedkw: no such key"),
        ("[racks.'a b']\nratedkw = 1", 'racks."a b".ratedkw: no such key'),
        ("[racks.R1]\nrated_kw = -1", "racks.R1.rated_kw: Input should be greater than 0"),
        ("[racks.R1]\nrated_kw = inf", "racks.R1.rated_kw: Input should be a finite number"),
        ("[racks.R1]\nfeeds = 'M1'", "racks.R1.feeds: Input should be a list"),
        ("[racks.R1]\nfeeds = ['M1', '']", "racks.R1.feeds.1: String should have at least 1 ch"),
        ("[racks]\nR1 = 3", "racks.R1: Input should be a table"),
        ("racks = 3", "racks: Input should be a table"),
        ('[racks.""]', 'racks."": String should have at least 1 character'),
        ("[defaults.rack]\nposition = 'K1'", "defaults.rack.position: no such key"),
        ("[cdus.C1]\ncoolant = 'beer'", "cdus.C1.coolant: Input should be 'water' or 'pg25'"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_names_it(text: str, said: str) -> None:
    with pytest.raises(FleetFileError) as raised:
        parse(text)

    assert str(raised.value).startswith(said)


def test_everything_that_is_wrong_is_named_a_line_each() -> None:
    with pytest.raises(FleetFileError) as raised:
        parse("a = 1\nb = 2")

    assert str(raised.value) == "a: no such key\nb: no such key"
