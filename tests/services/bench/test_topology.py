from services.bench.topology import bench_topology, plant
from twin.points import EntityId
from twin.topology import Domain


def test_it_reports_what_paths_and_changes_cost() -> None:
    report = bench_topology(racks=600, asked=20, changed=10, lost=2)

    assert report.what == "600 racks on two sides of power, 302 pieces of equipment"
    assert [figure.name for figure in report.figures if figure.target is not None] == [
        "path of a rack, first time",
        "path of a rack, again",
    ]
    assert all(figure.value > 0 for figure in report.figures)


def test_every_rack_of_the_plant_hangs_on_two_sides_and_one_cdu() -> None:
    topology = plant(1_000)
    rack = EntityId("H1-R0049-K19")

    assert topology.upstream(rack, Domain.POWER) == [
        "TAP-A-00199",
        "TAP-B-00199",
        "BUS-A-00019",
        "BUS-B-00019",
        "UPS-A-00003",
        "UPS-B-00003",
        "BOARD-A-00000",
        "BOARD-B-00000",
    ]
    assert topology.hangs_on(rack, Domain.POWER) == []
    assert topology.hangs_on(rack, Domain.LIQUID) == ["CDU-00049"]
