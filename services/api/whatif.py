"""What if: the consequences of losses and changes, worked out and never carried out."""

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from schemas.whatif import CaseView, OutcomeView, case_of, outcome_json
from services.api.context import Here
from services.api.replies import ProblemError, failures
from services.api.slices import in_slices, sliced, uncollected
from twin.whatif import UnknownIdsError, stepwise

router = APIRouter(prefix="/whatif", tags=["whatif"])


@router.post("", response_model=OutcomeView, responses=failures(400, 422))
async def whatif(here: Here, case: CaseView) -> Response:
    """What would become of the racks if things were lost, or load and cooling changed.

    It starts from the state at the instant at which it begins, and goes on in small parts while
    messages are folded. It changes nothing, neither here nor on the bus. One is worked out at a
    time; others wait.
    """
    async with here.one_whatif:
        now, revision = here.now, here.revision
        with uncollected(), here.deps.intake.fork(here.board.ids()) as fork:
            try:
                found = await in_slices(here.way, stepwise(fork, case_of(case)))
            except UnknownIdsError as error:
                title, detail = "The case names unknown ids", str(error)
                raise ProblemError(422, "unknown-ids", title, detail) from error
    headers = {"twin-revision": revision, "cache-control": "no-store"}
    content = sliced(here.way, outcome_json(found, now))
    return StreamingResponse(content, media_type="application/json", headers=headers)
