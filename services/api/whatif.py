"""What if: the consequences of losses and changes, worked out and never carried out."""

from fastapi import APIRouter, Response

from schemas.whatif import CaseView, OutcomeView, case_of, outcome_view
from services.api.context import Here
from services.api.replies import ProblemError, answer, failures
from twin.whatif import UnknownIdsError, consequences

router = APIRouter(prefix="/whatif", tags=["whatif"])


@router.post("", response_model=OutcomeView, responses=failures(400, 422))
async def whatif(here: Here, case: CaseView) -> Response:
    """What would become of the racks if things were lost, or load and cooling changed.

    It reads the present state and changes nothing, neither here nor on the bus.
    """
    await here.board.sync()
    try:
        found = consequences(here.deps.fleet, case_of(case), (shown.rack for shown in here.board))
    except UnknownIdsError as error:
        raise ProblemError(422, "unknown-ids", "The case names unknown ids", str(error)) from error
    headers = {"twin-revision": here.revision, "cache-control": "no-store"}
    return answer(outcome_view(found, here.now), headers)
