import asyncio
import logging
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from build import at
from faulty import CRITICAL, RULES, WARNING, a_plant, key
from full_disk import full_disk
from held_disk import HeldDisk, turns
from services.disk.frames import frames_of
from services.disk.off import Off
from services.faults.journal import PATIENCE_S, TEND_S, Journal
from services.faults.records import read
from twin.changes import Derived, FaultChanged
from twin.fault import FINE
from twin.faults.engine import Changed, Faults

ROOT: Final = Path(__file__).parents[3]


def a_step(faults: Faults, number: int) -> Changed:
    """What happens at one second of a history: something comes, goes, or is acted upon."""
    now, entity = at(number), f"R{number // 3 % 7}"
    passed = faults.advance(now)
    if number % 3 == 0:
        return (*passed, *faults.judge(key("leak", entity), (WARNING, CRITICAL)[number % 2], now))
    if number % 3 == 1:
        return (*passed, *faults.judge(key("leak", entity), FINE, now))
    (latest, *_) = sorted(faults.standing(), key=lambda fault: -fault.raised_at)
    if latest.unacked:
        return (*passed, *faults.ack(latest.id, "ann", now))
    said = f"step {number}"
    return (*passed, *faults.comment(latest.id, "bob", now, text=said))


class Life:
    """A journal with its engine, and one beside it that is never restarted."""

    def __init__(
        self, file: Path, *, tail: int = 1_000_000, ring: int = 1_000, off: Off | None = None
    ) -> None:
        self.file, self.tail, self.ring, self.off = file, tail, ring, off
        self.told: list[FaultChanged] = []
        self.number = 0
        self.begin()

    def begin(self) -> None:
        """Open the journal, and restore what is in it."""
        self.journal = Journal(self.file, tail=self.tail, ring=self.ring, off=self.off)
        self.faults = self.journal.restore(RULES, a_plant())

    def restart(self) -> None:
        """End as if at any instant, and begin again."""
        self.journal.close()
        self.begin()

    def live(self, steps: int) -> None:
        """Let things happen."""
        for _ in range(steps):
            changes = a_step(self.faults, self.number)
            self.told += changes
            self.journal.keep(changes, "192.0.2.7")
            self.number += 1

    def check(self) -> None:
        """The engine is what told all that, and every act is there."""
        expected = Faults.restore(RULES, a_plant(), self.told)
        assert self.faults.books() == expected.books()
        assert self.journal.seq == len(self.told)
        self.check_acts()

    def check_acts(self) -> None:
        """Every act is in the audit journal, once."""
        acts = [seq for seq, change in enumerate(self.told, 1) if change.by is not None]
        assert [act.seq for act in self.journal.acts()] == acts


@contextmanager
def a_life(
    folder: Path, *, tail: int = 1_000_000, ring: int = 1_000, off: Off | None = None
) -> Iterator[Life]:
    life = Life(folder / "data" / "serve-faults.journal", tail=tail, ring=ring, off=off)
    try:
        yield life
    finally:
        life.journal.close()


@asynccontextmanager
async def running(life: Life) -> AsyncIterator[asyncio.TaskGroup]:
    """What is kept within the block is written beside it."""
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(life.journal.run())
        tend = tasks.create_task(life.journal.tend(life.faults.books))
        await turns()
        yield tasks
        run.cancel()
        tend.cancel()


def test_after_a_restart_all_is_as_it_was_and_goes_on(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        for steps in (0, 1, 20, 30):
            life.live(steps)
            life.restart()
            life.check()
            assert (life.journal.torn, life.journal.damaged, life.journal.trouble) == (0, 0, None)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 12), max_size=12))
def test_restarted_and_begun_anew_at_any_time_it_has_the_history_of_one_that_never_was(
    steps: list[int],
) -> None:
    with TemporaryDirectory() as folder, a_life(Path(folder), tail=2_000) as life:
        for number in steps:
            life.live(number)
            if number % 2:
                asyncio.run(life.journal.begin_anew(life.faults.books))
            if number % 3:
                life.restart()
        assert life.told == the_history(len(life.told))
        life.check()


def test_what_is_not_about_faults_and_nothing_at_all_are_not_written(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        life.journal.keep([])
        life.journal.keep([Derived(key().entity, "heat_kw", 1.0, at(0))])
        assert life.file.read_bytes() == b""


async def test_begun_anew_it_has_the_books_and_goes_on(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        life.live(300)
        before = life.file.stat().st_size
        assert await life.journal.begin_anew(life.faults.books)
        assert life.file.stat().st_size < before
        life.live(1)
        life.restart()
        life.check()
        assert life.journal.since(len(life.told) - 1) is not None
        assert life.journal.since(0) is None


@pytest.mark.real
async def test_what_happens_while_it_is_begun_anew_is_in_it(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        life.live(30)
        async with asyncio.TaskGroup() as tasks:
            beginning = tasks.create_task(life.journal.begin_anew(life.faults.books))
            await asyncio.sleep(0)
            life.live(10)
        assert beginning.result()
        life.live(10)
        life.restart()
        life.check()


async def test_it_is_begun_anew_when_it_has_grown(tmp_path: Path) -> None:
    with a_life(tmp_path, tail=5_000) as life:
        async with asyncio.TaskGroup() as tasks:
            tending = tasks.create_task(life.journal.tend(life.faults.books))
            for _ in range(20):
                life.live(10)
                await asyncio.sleep(TEND_S)
            tending.cancel()
        assert 5 < life.journal.begun_anew < 20
        life.restart()
        life.check()


def test_streams_are_given_what_they_missed_or_told_that_it_is_not_known(tmp_path: Path) -> None:
    with a_life(tmp_path, ring=5) as life:
        life.live(20)
        seq = life.journal.seq
        numbered = list(enumerate(life.told, 1))

        assert life.journal.since(seq) == []
        assert life.journal.since(seq - 2) == numbered[-2:]
        assert life.journal.since(seq - 5) == numbered[-5:]
        assert life.journal.since(seq - 6) is None
        assert life.journal.since(seq + 1) is None
        life.restart()
        assert life.journal.since(seq - 5) == numbered[-5:]


def test_cut_short_at_any_byte_of_the_last_record_only_that_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_life(tmp_path) as life:
        life.live(10)
        data = life.file.read_bytes()
        start = frames_of(data).sizes[-2]
        for size in range(start, len(data)):
            life.file.write_bytes(data[:size])
            (tmp_path / "data" / "serve-faults-acts.ndjson").unlink()
            caplog.clear()
            life.restart()
            assert life.journal.seq == len(life.told) - 1
            assert life.journal.torn == (size > start)
            assert ("not done" in caplog.text) == (size > start)
            expected = Faults.restore(RULES, a_plant(), life.told[:-1])
            assert life.faults.books() == expected.books()
        life.journal.keep(life.told[-1:])
        assert life.file.read_bytes()[:start] == data[:start]
        life.restart()
        life.check()


def test_damaged_in_the_middle_it_stops_there_puts_the_rest_aside_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_life(tmp_path) as life:
        life.live(20)
        data = bytearray(life.file.read_bytes())
        sizes = frames_of(bytes(data)).sizes
        expected = Faults.restore(RULES, a_plant(), life.told[:5])
        for again in (1, 2):
            data[sizes[5] + 20] ^= 1
            life.file.write_bytes(data)
            life.restart()
            assert life.journal.damaged == 1
            assert "damaged" in caplog.text
            aside = life.file.with_suffix(f".damaged-{again}")
            assert aside.read_bytes() == bytes(data[sizes[5] :])
            assert life.faults.books() == expected.books()
            assert life.journal.seq > len(life.told)
            assert life.journal.since(len(life.told)) is None
            life.check_acts()
            data[sizes[5] + 20] ^= 1
        seq = life.journal.seq
        life.restart()
        assert (life.journal.damaged, life.journal.seq) == (0, seq)
        assert life.faults.books() == expected.books()


def test_without_its_file_numbers_go_on_after_the_acts(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        life.live(30)
        last = life.journal.acts.last
        life.file.unlink()
        life.restart()
        assert life.journal.seq == last
        life.journal.keep(life.told[:1])
        life.restart()
        assert life.journal.seq == last + 1
        assert len(life.faults.books().live) == 1


def test_acts_that_did_not_reach_their_file_are_taken_from_the_journal(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        life.live(30)
        acts = tmp_path / "data" / "serve-faults-acts.ndjson"
        acts.write_bytes(acts.read_bytes()[:1_000])
        life.restart()
        life.check()
        assert {act.address for act in life.journal.acts()} == {"192.0.2.7"}


async def test_a_full_disk_is_trouble_until_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    with a_life(tmp_path) as life:
        life.live(10)
        kept = life.journal.seq
        async with asyncio.TaskGroup() as tasks:
            tending = tasks.create_task(life.journal.tend(life.faults.books))
            with full_disk(life.file.stat().st_size + 300):
                life.live(10)
                await asyncio.sleep(3 * TEND_S)
                assert life.journal.trouble is not None
                assert "not on the disk" in life.journal.trouble
                assert life.journal.kept < life.journal.seq
                assert life.journal.kept >= kept
                assert life.journal.since(kept) is not None
            await asyncio.sleep(2 * TEND_S)
            tending.cancel()
        assert life.journal.trouble is None
        assert life.journal.kept == life.journal.seq
        assert life.journal.failed == 3
        assert caplog.text.count("cannot be written") == 1
        assert caplog.text.count("on the disk again") == 1
        life.live(10)
        life.restart()
        life.check()


async def test_what_was_too_much_to_wait_for_a_full_disk_is_in_the_books(tmp_path: Path) -> None:
    with a_life(tmp_path, ring=20) as life:
        life.live(10)
        async with asyncio.TaskGroup() as tasks:
            tending = tasks.create_task(life.journal.tend(life.faults.books))
            with full_disk(300):
                for _ in range(10):
                    life.live(10)
                    await asyncio.sleep(TEND_S)
            await asyncio.sleep(2 * TEND_S)
            tending.cancel()
        assert life.journal.trouble is None
        assert life.journal.begun_anew == 1
        life.live(10)
        life.restart()
        life.check()


async def test_where_it_cannot_be_begun_anew_it_goes_on_as_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_life(tmp_path, tail=100) as life:
        life.live(30)
        (tmp_path / "data" / "serve-faults.new").mkdir()
        async with asyncio.TaskGroup() as tasks:
            tending = tasks.create_task(life.journal.tend(life.faults.books))
            await asyncio.sleep(3 * TEND_S)
            tending.cancel()
        assert life.journal.trouble is None
        assert life.journal.failed == 1
        assert "cannot be begun anew" in caplog.text
        life.live(3)
        life.restart()
        life.check()


async def test_where_its_name_cannot_be_taken_it_goes_on_as_it_is(tmp_path: Path) -> None:
    with a_life(tmp_path) as life:
        life.live(30)
        data = life.file.read_bytes()
        life.file.unlink()
        life.file.mkdir()
        assert not await life.journal.begin_anew(life.faults.books)
        life.live(1)
        assert life.journal.trouble is None
        life.file.rmdir()
        life.file.write_bytes(data)


@pytest.mark.real
async def test_what_is_too_much_while_it_is_begun_anew_makes_it_begin_once_more(
    tmp_path: Path,
) -> None:
    with a_life(tmp_path, ring=5) as life:
        life.live(300)
        with full_disk(life.file.stat().st_size + 10):
            async with asyncio.TaskGroup() as tasks:
                life.live(10)
                beginning = tasks.create_task(life.journal.begin_anew(life.faults.books))
                await asyncio.sleep(0)
                life.live(10)
            assert beginning.result()
            assert life.journal.trouble is not None
        assert await life.journal.begin_anew(life.faults.books)
        assert life.journal.trouble is None
        life.restart()
        life.check()


def test_a_file_that_another_process_has_is_refused(tmp_path: Path) -> None:
    with a_life(tmp_path) as life, pytest.raises(OSError, match="another process"):
        Journal(life.file)


async def test_what_happens_goes_on_while_the_disk_holds_and_is_settled_when_it_is_written(
    tmp_path: Path,
) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, off=disk) as life:
        async with running(life) as tasks:
            disk.hold()
            life.live(10)
            early = tasks.create_task(life.journal.settled())
            await turns()
            life.live(10)
            late = tasks.create_task(life.journal.settled())
            await turns()
            assert (early.done(), late.done()) == (False, False)
            assert (life.number, life.journal.seq) == (20, len(life.told))
            assert (life.journal.kept, life.file.read_bytes()) == (0, b"")
            disk.let()
            await early
            await late
            assert life.journal.kept == life.journal.seq
            assert disk.begun == 2  # all that came meanwhile by one write
            await life.journal.settled()
        numbers = [record.seq for record in read(life.file.read_bytes()).records]
        assert numbers == [*range(1, life.journal.seq + 1)]
        life.restart()
        life.check()


async def test_who_is_shown_something_waits_for_no_more_than_what_it_may_tell(
    tmp_path: Path,
) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, off=disk) as life:
        async with running(life) as tasks:
            disk.hold()
            life.live(1)
            early = tasks.create_task(life.journal.settled())
            await turns()
            disk.let()
            life.live(1)
            disk.hold()
            late = tasks.create_task(life.journal.settled())
            await turns()
            assert (early.done(), late.done()) == (True, False)
            disk.let()


async def test_what_waits_for_the_disk_is_bounded_by_those_who_wait_for_room(
    tmp_path: Path,
) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, ring=20, off=disk) as life:
        async with running(life) as tasks:
            disk.hold()
            life.live(10)
            await life.journal.room()
            assert life.journal.paused == 0
            while life.journal.seq < 20:
                life.live(1)
            waits = tasks.create_task(life.journal.room())
            await turns()
            assert (waits.done(), life.journal.paused) == (False, 1)
            disk.let()
            await waits
        assert life.journal.paused == 1
        life.restart()
        life.check()


async def test_where_the_disk_fails_beside_the_loop_nobody_waits_and_it_is_made_up_for(
    tmp_path: Path,
) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, ring=20, off=disk) as life:
        async with running(life) as tasks:
            life.live(5)
            await life.journal.settled()
            kept = life.journal.kept
            disk.hold()
            while life.journal.seq < 25:
                life.live(1)
            waits = [
                tasks.create_task(each()) for each in (life.journal.settled, life.journal.room)
            ]
            await turns()
            assert [each.done() for each in waits] == [False, False]
            with full_disk(life.file.stat().st_size + 10):
                disk.let()
                await turns()
                assert [each.done() for each in waits] == [True, True]
                assert life.journal.trouble is not None
                assert (life.journal.kept, life.journal.failed) == (kept, 1)
                life.live(1)
                await life.journal.settled()
                await life.journal.room()
                assert life.journal.kept == kept
            await asyncio.sleep(3 * TEND_S)
            assert life.journal.trouble is None
            assert life.journal.kept == life.journal.seq
        life.restart()
        life.check()


async def test_what_comes_while_it_is_tried_again_is_written_as_well(tmp_path: Path) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, off=disk) as life:
        async with running(life):
            with full_disk(10):
                life.live(5)
                await turns()
            assert life.journal.trouble is not None
            disk.hold()
            await asyncio.sleep(1.5 * TEND_S)
            life.live(5)
            disk.let()
            await turns()
            assert life.journal.trouble is None
            assert life.journal.kept == life.journal.seq
        life.restart()
        life.check()


async def test_what_was_too_much_while_it_was_tried_again_is_in_the_books(tmp_path: Path) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, ring=20, off=disk) as life:
        async with running(life):
            with full_disk(10):
                life.live(10)
                await turns()
            disk.hold()
            await asyncio.sleep(1.5 * TEND_S)
            life.live(30)
            disk.let()
            await turns()
            assert life.journal.trouble is not None
            assert 0 < life.journal.kept < life.journal.seq
            await asyncio.sleep(2 * TEND_S)
            assert life.journal.kept == life.journal.seq
            assert life.journal.begun_anew == 1
        life.live(5)
        life.restart()
        life.check()


async def test_begun_anew_while_the_disk_holds_it_has_all_in_order(tmp_path: Path) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, off=disk) as life:
        async with running(life) as tasks:
            life.live(20)
            await life.journal.settled()
            disk.hold()
            life.live(10)
            await turns()
            beginning = tasks.create_task(life.journal.begin_anew(life.faults.books))
            await turns()
            life.live(10)
            settled = tasks.create_task(life.journal.settled())
            await turns()
            disk.let()
            assert await beginning
            await settled
            life.live(10)
        life.restart()
        life.check()


async def test_at_its_end_the_rest_is_written(tmp_path: Path) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, off=disk) as life:
        async with running(life) as tasks:
            disk.hold()
            life.live(20)
            settled = tasks.create_task(life.journal.settled())
            await turns()
        assert settled.done()
        assert life.journal.kept == life.journal.seq
        life.live(1)
        assert life.journal.kept == life.journal.seq
        life.restart()
        life.check()


async def test_a_disk_that_hangs_is_told_of(tmp_path: Path) -> None:
    disk = HeldDisk()
    with a_life(tmp_path, off=disk) as life:
        async with running(life):
            disk.hold()
            assert life.journal.stuck is None
            life.live(1)
            await asyncio.sleep(PATIENCE_S - 1)
            assert life.journal.stuck is None
            await asyncio.sleep(2)
            assert life.journal.stuck == "the disk has had faults to write for 11 s"
            disk.let()
            await turns()
            assert life.journal.stuck is None
        buckets, took_s = life.journal.syncs.histogram()
        assert buckets[-1][1] == 1
        assert took_s == pytest.approx(PATIENCE_S + 1)


KILLED: Final = """
import asyncio, sys
from pathlib import Path
from test_journal import Life

async def main() -> None:
    life = Life(Path(sys.argv[1]))
    async with asyncio.TaskGroup() as tasks:
        while life.journal.seq < 1_000:
            life.live(1)
            print(life.journal.seq, flush=True)
            if life.number % 40 == 0:
                tasks.create_task(life.journal.begin_anew(life.faults.books))
            await asyncio.sleep(0)

asyncio.run(main())
"""


BESIDE: Final = """
import asyncio, sys
from pathlib import Path
from test_journal import Life

async def show(life: Life) -> None:
    while True:
        upto = life.journal.seq
        await life.journal.settled()
        print(upto, flush=True)
        await asyncio.sleep(0)

async def main() -> None:
    life = Life(Path(sys.argv[1]))
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(life.journal.run())
        tasks.create_task(show(life))
        while life.journal.seq < 100_000:
            life.live(1)
            if life.number % 400 == 0:
                tasks.create_task(life.journal.begin_anew(life.faults.books))
            await asyncio.sleep(0.0002)

asyncio.run(main())
"""


def killed(folder: Path, after: int, how: str = KILLED) -> int:
    """Kill a process in the midst of its transitions; the last one that it told of."""
    paths = [str(ROOT), str(ROOT / "tests"), str(Path(__file__).parent)]
    program = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths}\n{how}"]
    with subprocess.Popen(
        [*program, str(folder / "data" / "serve-faults.journal")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told >= after:
                process.kill()
        process.wait()
    return told


def the_history(until: int) -> list[FaultChanged]:
    """The same transitions without a journal."""
    faults = Faults(RULES, a_plant())
    told: list[FaultChanged] = []
    number = 0
    while len(told) < until:
        told += a_step(faults, number)
        number += 1
    return told[:until]


@pytest.mark.real
@pytest.mark.parametrize("how", [KILLED, BESIDE], ids=["itself", "beside the loop"])
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_instant_it_has_all_that_was_told_once(
    tmp_path: Path, seed: int, how: str
) -> None:
    after = random.Random(seed).randrange(1_000)  # noqa: S311  # an instant
    told = killed(tmp_path, after, how)

    with a_life(tmp_path) as life:
        assert life.journal.seq >= told
        life.told = the_history(life.journal.seq)
        life.check()
