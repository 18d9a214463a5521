from services.clock import wall_clock


def test_the_wall_clock_is_in_milliseconds_of_this_century() -> None:
    year_2020, year_2100 = 1_577_836_800_000, 4_102_444_800_000

    assert year_2020 < wall_clock() < year_2100
