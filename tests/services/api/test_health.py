from live import a_client, a_live_fleet, an_app


async def test_health_is_fine_while_the_process_runs() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        response = await client.get("http://twin/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_service_is_ready_once_nothing_is_missing() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        assert (await client.get("http://twin/readyz")).json() == {"status": "ready"}


async def test_what_history_suffers_from_is_told_while_what_is_live_is_ready() -> None:
    async with a_client(an_app(a_live_fleet(), ailing=lambda: "no room")) as client:
        response = await client.get("http://twin/readyz")

    assert (response.status_code, response.json()) == (
        200,
        {"status": "ready", "history": "no room"},
    )


async def test_service_that_is_not_ready_says_why() -> None:
    async with a_client(an_app(a_live_fleet(), ready=lambda: "no broker yet")) as client:
        response = await client.get("http://twin/readyz")
    assert (response.status_code, response.json()["detail"]) == (503, "no broker yet")


async def test_metrics_tell_of_stream_clients() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        response = await client.get("http://twin/metrics")
    assert "racktwin_stream_clients 0.0" in response.text
    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
