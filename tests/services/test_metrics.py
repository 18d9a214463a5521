import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from build import START, a_point, a_reading, tell
from services.intake import Intake
from services.metrics import (
    AT_ONCE,
    Durations,
    LoopLag,
    Metrics,
    show_audit,
    show_calls,
    show_faults,
    show_fleet_file,
    show_flow,
    show_history,
    show_inbox,
    show_intake,
    show_journal,
    show_lag,
    show_letters,
    show_link,
    show_notify,
    show_rows,
    show_rules_file,
    show_spool,
    show_stores,
    show_streams,
    show_syncs,
    show_totals,
)
from services.way import Way
from twin.fleet import Fleet


def values(metrics: Metrics) -> dict[str, float]:
    """Every sample by its name and labels, as Prometheus reads it."""
    families = text_string_to_metric_families(asyncio.run(metrics.told(Way())).decode())
    return {
        "/".join((sample.name, *sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_intake_shows_what_became_of_every_message() -> None:
    metrics, intake = Metrics(), Intake(Fleet())
    show_intake(metrics, intake)
    point = a_point()
    tell(intake.fleet, START, point, a_reading(point), a_reading(point))
    intake.take("nonsense", b"", START)
    shown = values(metrics)
    assert shown["racktwin_received_total"] == 1
    assert shown["racktwin_rejected_total/topic"] == 1
    assert shown["racktwin_applied_total"] == 2
    assert shown["racktwin_duplicate_total"] == 1
    assert shown["racktwin_points/LIVE"] == 1


def test_figures_are_read_when_asked_for() -> None:
    metrics, depth = Metrics(), [3.0]
    show_inbox(metrics, lambda: depth[0], lambda: 0)
    depth[0] = 7
    assert values(metrics)["racktwin_inbox_depth"] == 7


def test_every_part_has_its_names() -> None:
    metrics = Metrics()
    show_inbox(metrics, lambda: 1, lambda: 2)
    show_flow(metrics, lambda: 54, lambda: 5.5, lambda: 56)
    show_history(metrics, lambda: 3, lambda: 30, lambda: 4, lambda: {"a/b/c": 5})
    show_spool(metrics, lambda: 40, lambda: 41, lambda: 42, lambda: 43)
    show_rows(
        metrics,
        lambda: {"duckdb": 44},
        lambda: {"duckdb": 45},
        lambda: {"duckdb": 46},
        lambda: {"duckdb": 47},
    )
    show_stores(
        metrics,
        lambda: {"duckdb": 48},
        lambda: {"duckdb": 49},
        lambda: {"duckdb": 50},
        lambda: {"duckdb": True},
    )
    show_link(metrics, lambda: True, lambda: 15, lambda: 16)
    lag = LoopLag()
    lag.note(0.5)
    show_lag(metrics, lag, lambda: 1.5)
    show_streams(metrics, lambda: 7, lambda: 8, lambda: 9)
    show_fleet_file(metrics, lambda: 10)
    show_rules_file(metrics, lambda: 12)
    show_totals(
        metrics, lambda: 55, lambda: {"power": 11}, lambda: {"power": 12}, lambda: {"power": 13}
    )
    show_audit(metrics, lambda: {"balance.heat": 17}, lambda: {("balance.heat", "OPEN"): 18})
    show_faults(
        metrics,
        lambda: {"CRITICAL": 19},
        lambda: {"leak.detected": 20},
        lambda: {"shelved": 21},
    )
    show_calls(metrics, lambda: 22, lambda: 23)
    show_notify(
        metrics,
        lambda: {"mqtt": 24},
        lambda: {"mqtt": 25},
        lambda: {"mqtt": 26},
        lambda: {"mqtt": 27},
    )
    show_journal(metrics, lambda: 30, lambda: 31, lambda: 32, lambda: 33)
    syncs = Durations()
    syncs.note(0.3)
    show_syncs(metrics, syncs.histogram, lambda: 34)
    show_letters(metrics, lambda: 28, lambda: 29)
    found = values(metrics)
    histograms = ("racktwin_loop_wait_seconds", "racktwin_journal_sync_seconds")
    waits = {each for each in found if each.startswith(histograms)}
    assert found["racktwin_loop_wait_seconds_bucket/0.5"] == 50
    took = [found[f"racktwin_journal_sync_seconds_bucket/{each}"] for each in ("0.25", "0.5")]
    assert took == [0, 1]
    assert {each: found[each] for each in found.keys() - waits} == {
        "racktwin_inbox_depth": 1,
        "racktwin_inbox_dropped_total": 2,
        "racktwin_inbox_paused_total": 54,
        "racktwin_inbox_paused_seconds_total": 5.5,
        "racktwin_protocol_errors_total": 56,
        "racktwin_history_accepted_total": 3,
        "racktwin_history_withheld_total": 30,
        "racktwin_history_unsynced": 4,
        "racktwin_history_lost_by_point/a/b/c": 5,
        "racktwin_history_spool_bytes": 40,
        "racktwin_history_spool_dropped_total": 41,
        "racktwin_history_spool_failed_total": 42,
        "racktwin_history_spool_damaged_total": 43,
        "racktwin_history_shipped_total/duckdb": 44,
        "racktwin_history_refused_total/duckdb": 45,
        "racktwin_history_lost_total/duckdb": 46,
        "racktwin_history_waiting/duckdb": 47,
        "racktwin_history_found/duckdb": 48,
        "racktwin_history_retries_total/duckdb": 49,
        "racktwin_history_failed_total/duckdb": 50,
        "racktwin_history_held/duckdb": 1,
        "racktwin_broker_connected": 1,
        "racktwin_broker_reconnects_total": 15,
        "racktwin_subscriptions_refused": 16,
        "racktwin_loop_lag_seconds": 0.5,
        "racktwin_source_lag_seconds": 1.5,
        "racktwin_stream_clients": 7,
        "racktwin_stream_slow_closed_total": 8,
        "racktwin_stream_refused_total": 9,
        "racktwin_fleet_file_refused_total": 10,
        "racktwin_rules_file_refused_total": 12,
        "racktwin_racks": 55,
        "racktwin_fleet_watts/power": 11,
        "racktwin_fleet_racks_fresh/power": 12,
        "racktwin_fleet_racks_expected/power": 13,
        "racktwin_findings/balance.heat": 17,
        "racktwin_balances/OPEN/balance.heat": 18,
        "racktwin_faults/CRITICAL": 19,
        "racktwin_fault_active/leak.detected": 20,
        "racktwin_faults_masked/shelved": 21,
        "racktwin_annunciations_total": 22,
        "racktwin_fault_events_forgotten_total": 23,
        "racktwin_notify_queued/mqtt": 24,
        "racktwin_notify_sent_total/mqtt": 25,
        "racktwin_notify_failed_total/mqtt": 26,
        "racktwin_notify_overflowed_total/mqtt": 27,
        "racktwin_notify_dead_total": 28,
        "racktwin_notify_dead_lost_total": 29,
        "racktwin_journal_owed": 30,
        "racktwin_journal_failed_total": 31,
        "racktwin_journal_damaged_total": 32,
        "racktwin_journal_begun_anew_total": 33,
        "racktwin_journal_paused_total": 34,
    }


def test_metrics_of_two_services_do_not_meet() -> None:
    first, second = Metrics(), Metrics()
    show_inbox(first, lambda: 1, lambda: 1)
    show_inbox(second, lambda: 2, lambda: 2)
    assert values(first)["racktwin_inbox_depth"] == 1


async def test_others_have_their_turn_between_a_few_figures() -> None:
    metrics, turns = Metrics(), 0
    for number in range(AT_ONCE + 1):
        metrics.gauge(f"f{number}", "How many had a turn.", lambda: turns)
    telling = asyncio.ensure_future(metrics.told(Way()))
    while not telling.done():
        await asyncio.sleep(0)
        turns += 1

    lines = (await telling).decode().splitlines()
    seen = [float(line.split()[1]) for line in lines if not line.startswith("#")]
    assert len(set(seen[:AT_ONCE])) == 1
    assert seen[-1] > seen[0]


async def test_loop_that_is_not_held_up_has_no_lag() -> None:
    lag = LoopLag()
    async with asyncio.TaskGroup() as tasks:
        watch = tasks.create_task(lag.watch())
        await asyncio.sleep(5)
        watch.cancel()
    buckets, _ = lag.histogram()
    assert lag.worst_s() == pytest.approx(0, abs=1e-9)
    assert buckets[0][1] == buckets[-1][1] >= 490


def test_lag_is_the_worst_since_it_was_last_asked_for() -> None:
    lag = LoopLag()
    lag.note(0.3)
    lag.note(0.002)
    assert [lag.worst_s(), lag.worst_s()] == [0.3, 0.0]


def test_all_who_would_have_woken_while_the_loop_was_held_up_are_counted() -> None:
    lag = LoopLag()
    lag.note(0.095)
    buckets, total = lag.histogram()
    assert dict(buckets) == {
        "0.005": 0,
        "0.01": 1,
        "0.025": 2,
        "0.05": 5,
        "0.1": 10,
        "0.25": 10,
        "0.5": 10,
        "1.0": 10,
        "2.5": 10,
        "5.0": 10,
        "+Inf": 10,
    }
    assert total == pytest.approx(0.5)
