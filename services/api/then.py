"""Then: the fleet as it was at an instant, behind the same handlers as the live one."""

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import Annotated, Final

from fastapi import Depends, Query, Request

from schemas.history import HistoryError
from schemas.moments import AnyMoment
from schemas.rfc3339 import format_instant
from services.api.context import Context, Deps, Here, Past, create_context
from services.api.paging import AT
from services.api.past import failed
from services.api.replies import ProblemError
from services.api.slices import in_slices, uncollected
from services.hub import Hub
from services.intake import Intake
from twin.instants import Instant

KEPT: Final = 2
"""Fleets of the past that stay in memory: each may be as large as the live one."""


class Moments:
    """The fleets of the last few instants that somebody asked for.

    Bound: ``KEPT`` fleets, of which the one that was not asked for longest goes; one is made at a
    time, in small parts while messages are folded, and others wait for it.
    """

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._kept: OrderedDict[Instant, Context] = OrderedDict()
        self._one = asyncio.Lock()
        self.made = 0
        """Fleets that were ever made."""

    async def at(self, at: Instant) -> Context:
        """What handlers work with where the fleet is that of an instant.

        Raises:
            ProblemError: It is to come, or nothing is known of then.
        """
        if at > self._deps.clock():
            title = "The instant is still to come"
            raise ProblemError(422, "in-the-future", title, f"it is not yet {format_instant(at)}")
        if self._deps.past is None:
            raise ProblemError(503, "no-history", "No history", "no store is set up")
        async with self._one:
            found = self._kept.get(at)
            if found is None:
                found = self._kept[at] = await self._make(self._deps.past, at)
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(at)
        return found

    async def _make(self, past: Past, at: Instant) -> Context:
        try:
            steps = await past.fleet(at)
        except HistoryError as error:
            raise failed(error) from error
        if steps is None:
            detail = f"nothing is known of {format_instant(at)}"
            raise ProblemError(404, "before-history", "Nothing is known of then", detail)
        with uncollected():
            fleet = await in_slices(self._deps.way, steps)
        self.made += 1
        hub = Hub(f"{self._deps.hub.epoch}-{at}-{self.made}")
        deps = Deps(Intake(fleet), hub, lambda: at, way=self._deps.way)
        return replace(create_context(deps), at=at)


async def _then(
    request: Request, here: Here, at: Annotated[AnyMoment | None, Query(description=AT)] = None
) -> Context:
    if at is None:
        return here
    moments: Moments = request.app.state.moments
    return await moments.at(at)


Then = Annotated[Context, Depends(_then)]
"""A handler's argument: what ``Here`` brings, or the same of the instant that is asked for."""
