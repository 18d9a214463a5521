"""Desk: where operators' acts are taken, carried out and answered."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from fastapi import Request, Response

from schemas.faults import fault_view
from schemas.handling import Act, Reasoned, ResultsView, ResultView, Saying, Shelving
from schemas.problems import Problem
from services.api.context import Context, Desk
from services.api.replies import ProblemError, answer, missing
from twin.changes import FaultChanged
from twin.faults.acts import NoSuchFaultError, NotPossibleError, StaleOccurrenceError
from twin.faults.engine import Changed, Faults
from twin.fleet import Fleet
from twin.instants import Instant

AT_ONCE: Final = 50
"""Done to so many before others have their turn, and the disk has them: some 10 ms."""

Do = Callable[[Faults, str, Instant], Changed]
"""What is done to one occurrence at an instant."""


def to_ack(body: Act) -> Do:
    """Take note of it."""
    return lambda faults, identity, at: faults.ack(identity, body.by, at)


def to_reset(body: Act) -> Do:
    """Let go of what is latched."""
    return lambda faults, identity, at: faults.reset(identity, body.by, at)


def to_shelve(body: Shelving) -> Do:
    """Keep it quiet for a while."""
    return lambda faults, identity, at: faults.shelve(
        identity, body.by, at, reason=body.reason, until=body.end(at)
    )


def to_unshelve(body: Act) -> Do:
    """Take it off the shelf."""
    return lambda faults, identity, at: faults.unshelve(identity, body.by, at)


def to_take_out(body: Reasoned) -> Do:
    """Take it out of service."""
    return lambda faults, identity, at: faults.out_of_service(
        identity, body.by, at, reason=body.reason
    )


def to_return(body: Act) -> Do:
    """Put it back into service."""
    return lambda faults, identity, at: faults.return_to_service(identity, body.by, at)


def to_comment(body: Saying) -> Do:
    """Have something to say of it."""
    return lambda faults, identity, at: faults.comment(identity, body.by, at, text=body.text)


async def one(request: Request, here: Context, identity: str, do: Do) -> Response:
    """Do something to one occurrence; the answer is what it is then, once that is on the disk.

    Raises:
        ProblemError: It cannot be done, or cannot be kept.
    """
    desk, now = await _open(here)
    changed = _done(here, identity, do, now)
    desk.emit(changed, _address(request))
    found = here.deps.fleet.faults.get(identity)
    assert found is not None, identity
    done = answer(fault_view(found, here.deps.fleet), {"twin-revision": here.revision})
    await _kept(here, desk)
    return done


async def several(request: Request, here: Context, ids: Sequence[str], do: Do) -> Response:
    """Do the same to several, each as if it were alone; the answer tells of each (207).

    A few at a time, between which others have their turn. Each few are done at one instant, and on
    the disk before anybody hears of them, as one is: a crash in between leaves whole ones. Where
    the disk fails in between, what is left is not done, and its results say so.

    Raises:
        ProblemError: Nothing can be kept.
    """
    results: list[ResultView] = []
    trouble: Problem | None = None
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        if trouble is None:
            try:
                results += await _some(request, here, some, do)
            except ProblemError as error:
                if not results:
                    raise
                trouble = error.problem
        if trouble is not None:
            results += [_result(identity, trouble, here.deps.fleet) for identity in some]
        await asyncio.sleep(0)
    headers = {"twin-revision": here.revision}
    return answer(ResultsView(items=tuple(results)), headers, status=207)


async def _some(request: Request, here: Context, ids: Sequence[str], do: Do) -> list[ResultView]:
    """Do the same to a few, at once; what came of it, once that is on the disk."""
    (desk, now), fleet = await _open(here), here.deps.fleet
    changes: list[FaultChanged] = []
    problems: dict[int, Problem] = {}
    for place, identity in enumerate(ids):
        try:
            changes += _done(here, identity, do, now)
        except ProblemError as error:
            problems[place] = error.problem
    desk.emit(tuple(changes), _address(request))
    done = [_result(identity, problems.get(place), fleet) for place, identity in enumerate(ids)]
    await _kept(here, desk)
    return done


def _result(identity: str, problem: Problem | None, fleet: Fleet) -> ResultView:
    found = fleet.faults.get(identity)
    return ResultView(
        id=identity,
        status=200 if problem is None else problem.status,
        fault=None if found is None else fault_view(found, fleet),
        problem=problem,
    )


async def _open(here: Context) -> tuple[Desk, Instant]:
    """The desk, and the present instant, until which time has passed: each beat in its own turn."""
    desk = here.deps.desk
    if desk is None:
        raise ProblemError(
            503, "read-only", "Nothing can be done here", "ask the process that is live"
        )
    if desk.trouble is not None:
        raise ProblemError(503, "not-kept", "What is done cannot be kept", desk.trouble)
    intake, called_at = here.deps.intake, here.now
    while (beat := here.deps.fleet.next_beat(called_at)) is not None:
        desk.emit(intake.advance(beat))
        await asyncio.sleep(0)
    now = here.now
    desk.emit(intake.advance(now))
    return desk, now


def _done(here: Context, identity: str, do: Do, now: Instant) -> Changed:
    try:
        return do(here.deps.fleet.faults, identity, now)
    except NoSuchFaultError as error:
        raise missing("fault", identity) from error
    except StaleOccurrenceError as error:
        detail = "the occurrence is over and done with, or was raised anew: look again"
        raise ProblemError(409, "stale-occurrence", "Not this one any more", detail) from error
    except NotPossibleError as error:
        raise ProblemError(409, "not-possible", "Not as things stand", str(error)) from error


def _address(request: Request) -> str | None:
    """Whence somebody acts."""
    return None if request.client is None else request.client.host


async def _kept(here: Context, desk: Desk) -> None:
    """Wait until what was done is on the disk.

    Raises:
        ProblemError: It cannot be kept.
    """
    await here.deps.hub.settled()
    if desk.trouble is not None:
        detail = f"it is done, and kept as soon as that is possible: {desk.trouble}"
        raise ProblemError(503, "not-kept", "What was done is not kept yet", detail)
