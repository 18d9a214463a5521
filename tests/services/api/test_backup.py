from pathlib import Path

from live import BACKUPS, Shelf, a_client, a_live_fleet, an_app
from schemas.history import HistoryError


async def test_a_backup_is_named_after_its_instant() -> None:
    async with a_client(an_app(a_live_fleet(1), backups=Shelf())) as client:
        answer = await client.post("history/backup")

    assert answer.status_code == 201
    folder = Path(answer.json()["folder"])
    assert folder.parent == BACKUPS
    assert folder.name.endswith("Z")
    assert ":" not in folder.name


async def test_why_none_was_made_is_said() -> None:
    shelf = Shelf(HistoryError("too many"))
    async with a_client(an_app(a_live_fleet(1), backups=shelf)) as client:
        answer = await client.post("history/backup")

    assert (answer.status_code, answer.json()["detail"]) == (409, "too many")


async def test_without_an_embedded_history_there_is_no_backup() -> None:
    async with a_client(an_app(a_live_fleet(1))) as client:
        answer = await client.post("history/backup")

    assert answer.status_code == 503
