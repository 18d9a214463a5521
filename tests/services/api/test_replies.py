import pytest

from live import a_client, a_live_fleet, an_app


async def test_document_has_its_revision_and_etag() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        response = await client.get("racks/R1")
    assert response.headers["twin-revision"] == f"e1:{live.hub.revision}"
    assert response.headers["etag"] == f'W/"e1-{live.hub.revision}"'


@pytest.mark.parametrize("path", ["racks/R1", "racks", "fleet", "equipment/CDU-1", "topology"])
async def test_client_that_has_it_gets_304_until_something_changes(path: str) -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        first = await client.get(path)
        known = {"If-None-Match": f'"other", {first.headers["etag"]}'}
        again = await client.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        live.load("R1", 5.0)
        assert (await client.get(path, headers=known)).status_code == 200


async def test_any_etag_matches_a_star_and_a_strong_form_matches_weakly() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        for tag in ("*", f'"e1-{live.hub.revision}"'):
            response = await client.get("racks/R1", headers={"If-None-Match": tag})
            assert response.status_code == 304


async def test_repeated_value_is_news_to_who_asks_again() -> None:
    live = a_live_fleet()
    async with a_client(an_app(live)) as client:
        first = await client.get("racks/R1")
        live.load("R1", 40.0)
        live.wait(1)
        live.load("R1", 40.0)
        known = {"If-None-Match": first.headers["etag"]}
        second = await client.get("racks/R1", headers=known)
    assert second.json()["power"]["load_kw"]["measured_at"].endswith("02.000Z")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/racks/R99", 404),
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/nothing", 404),
        ("POST", "/api/v1/racks", 405),
        ("DELETE", "/healthz", 405),
        ("GET", "/api/v1/racks?limit=0", 422),
        ("GET", "/api/v1/racks?cursor=x", 400),
        ("GET", "/api/v1/history?entity=R1&metric=RackPower", 503),
    ],
)
async def test_every_error_is_a_problem(method: str, path: str, status: int) -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        response = await client.request(method, f"http://twin{path}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["status"] == status
    assert ("allow" in response.headers) is (status == 405)


async def test_wrong_request_says_where() -> None:
    async with a_client(an_app(a_live_fleet())) as client:
        problem = (await client.get("racks?limit=0&sort=colour")).json()
    assert {error["pointer"] for error in problem["errors"]} == {"#/query/limit", "#/query/sort"}


async def test_error_nobody_expected_is_a_problem_without_its_secrets() -> None:
    def broken() -> str | None:
        raise RuntimeError("the password is 1234")

    async with a_client(an_app(a_live_fleet(), ready=broken)) as client:
        response = await client.get("http://twin/readyz")
    assert response.status_code == 500
    assert response.headers["content-type"] == "application/problem+json"
    assert "1234" not in response.text
