from pathlib import Path

import pytest

from history_rows import T0, a_point, a_row
from services.history.block import block_of
from services.history.look import File, Look, folder_of
from services.history.tables import HOUR, Tables

pytestmark = pytest.mark.real


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "history.duckdb"


def names(sql: str) -> list[str]:
    return sorted(part.split("'")[0] for part in sql.split("/") if ".parquet'" in part)


def a_file(tables: Tables, number: int, hour: int, first: int, last: int) -> str:
    made = File(number, T0 + hour * HOUR, first, last, T0, T0 + 1, 1, 1)
    with Look(tables) as look:
        look.ask("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(made))
        look.cursor.commit()
    folder_of(tables.file).mkdir(exist_ok=True)
    (folder_of(tables.file) / made.name).touch()
    return made.name


def test_only_files_that_can_hold_anything_are_read(file: Path) -> None:
    tables = Tables(file)
    low, high = a_file(tables, 1, 0, 0, 9), a_file(tables, 2, 0, 10, 19)
    later = a_file(tables, 3, 1, 0, 19)

    with Look(tables) as look:
        assert names(look.rows([3], T0, T0 + 1)) == [low]
        assert names(look.rows([3, 12], T0, T0 + HOUR)) == [low, high]
        assert names(look.rows([20], T0, T0 + HOUR)) == []
        assert names(look.rows(None, T0 + HOUR, T0 + HOUR + 1)) == [later]
    tables.close()


def test_only_where_a_reading_may_be_twice_is_it_looked_for(file: Path) -> None:
    tables = Tables(file)
    a_file(tables, 1, 0, 0, 9)
    a_file(tables, 2, 1, 0, 9)
    a_file(tables, 3, 1, 5, 19)

    with Look(tables) as look:
        assert "row_number" not in look.rows([7], T0, T0 + HOUR)
        assert "row_number" in look.rows([7], T0 + HOUR, T0 + 2 * HOUR)
    tables.write("spool", block_of([a_row(a_point(), 1.0)], 0))
    with Look(tables) as look:
        assert "row_number" in look.rows([7], T0, T0 + HOUR)
    tables.close()


def test_a_file_that_is_gone_is_noted_and_left_out(file: Path) -> None:
    tables = Tables(file)
    gone, there = a_file(tables, 1, 0, 0, 9), a_file(tables, 2, 1, 0, 9)
    (folder_of(file) / gone).unlink()

    with Look(tables) as look:
        assert names(look.rows([7], T0, T0 + 2 * HOUR)) == [there]
        assert look.missing == [folder_of(file) / gone]
    tables.close()


def test_a_look_can_be_stopped_also_when_it_is_over(file: Path) -> None:
    tables = Tables(file)
    with Look(tables) as look:
        look.stop()
    look.stop()
    tables.close()
