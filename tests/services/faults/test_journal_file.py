from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from build import at
from faulty import CRITICAL, RULES, WARNING, a_plant, key
from full_disk import full_disk
from schemas.acts import act_view
from services.faults.acts import Acts
from services.faults.journal_file import JournalFile
from services.faults.records import Record, read
from twin.faults.engine import Faults


def some(count: int) -> tuple[Faults, list[Record]]:
    """An engine, and what it told: leaks, each of which somebody notes."""
    faults, records = Faults(RULES, a_plant()), list[Record]()
    for number in range(count):
        raised = faults.judge(
            key("leak", f"R{number}"), (WARNING, CRITICAL)[number % 2], at(number)
        )
        (latest,) = faults.on(key("leak", f"R{number}").entity).values()
        for change in (*raised, *faults.ack(latest.id, "ann", at(number))):
            records.append(Record(len(records) + 1, change, "192.0.2.7"))
    return faults, records


def note(file: JournalFile, records: list[Record]) -> None:
    for record in records:
        act = act_view(*record)
        if act is not None:
            file.acts.note(act)


def numbers(path: Path) -> list[int]:
    return [record.seq for record in read(path.read_bytes()).records]


def test_what_is_there_already_is_passed_over(tmp_path: Path) -> None:
    _, records = some(3)
    file = JournalFile(tmp_path / "faults.journal")
    file.write(records[:2])
    file.write(records[:2])
    file.write(records)
    assert file.kept == len(records)
    assert numbers(file.path) == [record.seq for record in records]
    file.close()


def test_an_act_is_in_its_file_once_the_journal_has_it(tmp_path: Path) -> None:
    _, records = some(2)
    file = JournalFile(tmp_path / "faults.journal")
    note(file, records)
    acts = [record.seq for record in records if record.change.by is not None]
    file.write([])
    assert list(file.acts()) == []
    file.write(records[: acts[0]])
    assert [act.seq for act in file.acts()] == acts[:1]
    file.write(records)
    assert [act.seq for act in file.acts()] == acts
    file.close()


def test_begun_anew_it_has_what_came_behind_and_passes_over_what_the_books_know(
    tmp_path: Path,
) -> None:
    faults, records = some(4)
    known = len(records) - 2
    file = JournalFile(tmp_path / "faults.journal")
    file.write(records[: known - 2])
    size = file.size
    file.write(records[: known + 1])
    file.begin_anew(known, faults.books(), size)
    assert (file.kept, file.begun_anew, file.head > 0) == (known + 1, 1, True)
    assert numbers(file.path) == [known + 1]
    file.begin_anew(known + 2, faults.books(), file.size)
    assert file.kept == known + 2
    file.write(records)
    file.close()
    again = JournalFile(tmp_path / "faults.journal")
    assert again.kept == len(records)
    again.close()


def test_what_could_not_be_written_is_written_next_time(tmp_path: Path) -> None:
    _, records = some(3)
    file = JournalFile(tmp_path / "faults.journal")
    file.write(records[:1])
    with full_disk(file.size + 10), pytest.raises(OSError, match="too large"):
        file.write(records)
    assert file.kept == 1
    file.write(records)
    assert numbers(file.path) == [record.seq for record in records]
    file.close()


def test_what_has_no_act_in_its_file_yet_is_not_kept_and_not_written_twice(
    tmp_path: Path,
) -> None:
    _, records = some(1)
    file = JournalFile(tmp_path / "faults.journal")
    note(file, records)
    size = file.size
    file.acts.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        file.write(records)
    assert (file.kept, file.size > size) == (0, True)
    assert numbers(file.path) == [record.seq for record in records]
    file.acts = Acts(tmp_path / "faults-acts.ndjson")
    note(file, records)
    file.write(records)
    assert file.kept == len(records)
    assert numbers(file.path) == [record.seq for record in records]
    file.close()


def test_who_writes_at_the_same_time_takes_turns(tmp_path: Path) -> None:
    faults, records = some(50)
    file = JournalFile(tmp_path / "faults.journal")
    with ThreadPoolExecutor(3) as threads:
        for upto in range(1, len(records) + 1):
            threads.submit(file.write, records[:upto])
            if upto % 25 == 0:
                threads.submit(file.begin_anew, 0, Faults(RULES, a_plant()).books(), 0)
    file.write(records)
    assert numbers(file.path)[-1] == len(records)
    assert file.kept == len(records)
    assert faults.books().live
    file.close()
