from build import START, a_measured, at
from schemas.trends import NearedView, trend_view
from twin.limits import Limit, Of
from twin.measured import nothing
from twin.trends import Trend


def test_a_trend_shows_the_limit_that_is_neared() -> None:
    limit = Limit(Of.RETURN_C, 60.0, 65.0)
    trend = Trend(a_measured(0.0, "K/s"), a_measured(0.1, "K/s"), a_measured(90.0, "s"), limit)

    view = trend_view(trend, at(1))

    assert (view.supply_k_per_s.value, view.return_k_per_s.value) == (0.0, 0.1)
    assert (view.time_to_limit_s.value, view.time_to_limit_s.age_s) == (90.0, 1.0)
    assert view.limit == NearedView(of=Of.RETURN_C, critical=65.0, below=False)


def test_where_no_limit_is_neared_there_is_none() -> None:
    slope = a_measured(0.0, "K/s")

    view = trend_view(Trend(slope, slope, nothing("s"), None), START)

    assert (view.time_to_limit_s.value, view.limit) == (None, None)
