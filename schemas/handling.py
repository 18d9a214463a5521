"""What operators ask to be done to faults, and what became of it."""

from typing import Annotated, Final

from pydantic import Field, model_validator

from schemas.acts import ActView
from schemas.api import Page
from schemas.documents import Document, absent
from schemas.faults import FaultView
from schemas.moments import Moment, Span
from schemas.problems import Problem
from twin.instants import Instant, Millis, after

HOUR: Final = Millis(3_600_000)
"""So long something lies on the shelf where nobody says; ours."""

ANONYMOUS: Final = "anonymous"
"""Whoever does not say who they are."""

MOST_IDS: Final = 1000

Name = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class Act(Document):
    """Something that is done to a fault."""

    by: Name = ANONYMOUS
    """Who does it."""


class Reasoned(Act):
    """Something for which there must be a reason."""

    reason: Text


class Shelving(Reasoned):
    """To keep it quiet: for an hour unless something else is said, and for 12 hours at the most."""

    until: Moment | None = None
    span: Span | None = Field(None, alias="for")

    @model_validator(mode="after")
    def _one_end(self) -> "Shelving":
        if self.until is not None and self.span is not None:
            raise ValueError("until or for, not both")
        return self

    def end(self, now: Instant) -> Instant:
        """Until when."""
        if self.until is not None:
            return self.until
        return after(now, HOUR if self.span is None else self.span)


class Saying(Act):
    """To have something to say."""

    text: Text


class Several(Act):
    """The same for several faults."""

    ids: tuple[str, ...] = Field(min_length=1, max_length=MOST_IDS)


class SeveralReasoned(Several, Reasoned):
    """The same for several faults, with one reason."""


class SeveralShelving(Several, Shelving):
    """Keep several faults quiet."""


class SeveralSaying(Several, Saying):
    """Have something to say of several faults."""


class ResultView(Document):
    """What became of one of several."""

    id: str
    status: int
    """As if it had been asked for alone."""
    fault: FaultView | None = Field(None, exclude_if=absent)
    problem: Problem | None = Field(None, exclude_if=absent)


class ResultsView(Document):
    """What became of each, in the order of the ids."""

    items: tuple[ResultView, ...]


class ActsPage(Page[ActView]):
    """What operators did, oldest first."""
