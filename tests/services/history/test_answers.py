from schemas.history import Bucket, Mode, Query
from services.history.answers import metric_of, reduced, sampled
from twin.instants import Instant

ASKED = Query(("R1",), ("RackPower",), Instant(0), Instant(10_000), Mode.MINMAX, 10)
TAGS = "R1,Rack/RackPower/x,false,Rack"


def table(name: str, columns: str, *rows: str) -> str:
    """One result: each row's time, value and further columns, behind the tags of one series."""
    names = f"_time,_value{columns},entity,point,setpoint,_measurement".split(",")
    head = [
        "#datatype," + ",".join(["string"] * (len(names) + 2)),
        "#group," + ",".join(["false"] * (len(names) + 2)),
        f"#default,{name}," + "," * len(names),
        ",result,table," + ",".join(names),
    ]
    lines = [*head, *(f",,0,{row},{TAGS}" for row in rows), "", ""]
    return "\r\n".join(lines)


def test_an_empty_answer_is_no_series() -> None:
    assert sampled("", ASKED) == []
    assert reduced("", ASKED) == []


def test_the_parts_of_a_bucket_are_put_together() -> None:
    area, zero = ",process_area", "1970-01-01T00:00:00Z"
    answer = (
        table("details", area, "1970-01-01T00:00:00.9Z,1,B", "1970-01-01T00:00:00.4Z,1,A")
        + table("last", area, "1970-01-01T00:00:00.9Z,6,B", "1970-01-01T00:00:00.4Z,1,A")
        + table("min", area, f"{zero},2,B", f"{zero},1,A")
        + table("max", area, f"{zero},6,B", f"{zero},1,A")
        + table("mean", area, f"{zero},4,B", f"{zero},1,A")
        + table("count", area, f"{zero},2,B", f"{zero},1,A")
        + table("readings", area, f"{zero},3,B", f"{zero},1,A")
    )

    (series,) = reduced(answer, ASKED)

    assert series.process_area == ("B",)
    assert series.buckets == (Bucket(Instant(0), 1.0, 6.0, 3.0, 6.0, 4, 0.75),)


def test_a_mean_that_overflowed_on_the_server_lies_among_its_values() -> None:
    zero = "1970-01-01T00:00:00Z"
    ones = [(name, "1e308") for name in ("min", "max", "last")] + [("mean", "+Inf")]
    answer = "".join(table(name, "", f"{zero},{value}") for name, value in ones)
    answer += table("count", "", f"{zero},2") + table("readings", "", f"{zero},2")

    (series,) = reduced(answer + table("details", "", f"{zero},1"), ASKED)

    assert series.buckets[0].mean == 1e308


def test_the_id_of_a_point_names_its_metric_but_for_freshness() -> None:
    named = ("Rack/RackPower/a/b", "cpc/x/Rack/RackPower/a", "Fault/leak.detected/R1", "odd")
    assert [metric_of(point, "Rack") for point in named] == [
        "RackPower",
        "RackPower",
        "leak.detected",
        "freshness",
    ]
    assert metric_of("Freshness/Rack/RackPower/a", "Freshness") == "freshness"
