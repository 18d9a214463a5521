from schemas.rules import CountView, rule_view, rule_views
from schemas.rules_file import parse
from twin.faults.catalogue import CATALOGUE


def test_row_tells_its_limits_delays_and_causes() -> None:
    view = rule_view(CATALOGUE, "liquid.flow_low")

    assert view.entity_types == ("Rack",)
    assert view.enabled
    assert (view.on_delay_s, view.critical_delay_s, view.off_delay_s) == (10.0, 1.2, 30.0)
    assert [(each.of, each.warning, each.below) for each in view.limits] == [
        ("flow_lpm_per_kw", 0.95, True)
    ]
    assert view.domain == "liquid"
    assert "cdu.unavailable" in view.suppressed_by
    assert "liquid.delta_t_high" in view.suppresses
    assert (view.trips_at, view.realarm_after_s) == (None, None)


def test_leak_is_explained_by_nothing_and_waits_for_nothing() -> None:
    view = rule_view(CATALOGUE, "leak.sensor_fault")

    assert not view.suppressible
    assert (view.suppressed_by, view.suppressed_beside, view.inhibit_wait_s) == ((), (), 0.0)
    assert view.trips_at == CountView(entries=3, window_s=60.0)


def test_all_rows_are_told_in_order_and_those_that_are_off_say_so() -> None:
    text = "[rules.data.stale]\nenabled = false\nreason = 'x'\nrealarm_after = '1h'"

    views = {view.code: view for view in rule_views(parse(text).rules)}

    assert list(views) == sorted(CATALOGUE.by_code)
    assert [code for code, view in views.items() if not view.enabled] == ["data.stale"]
    assert views["data.stale"].realarm_after_s == 3600.0
