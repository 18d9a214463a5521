"""Backups of the embedded history."""

from typing import Final

from fastapi import APIRouter, Response

from schemas.api import BackupView
from schemas.history import HistoryError
from schemas.rfc3339 import format_instant
from services.api.context import Here
from services.api.replies import ProblemError, answer, failures

CREATED: Final = 201

router = APIRouter(prefix="/history/backup", tags=["history"])


@router.post("", status_code=CREATED, response_model=BackupView, responses=failures(409, 503))
async def history_backup(here: Here) -> Response:
    """Copy the history as it is now into a folder below ``backups`` of the data folder."""
    if here.deps.backups is None:
        raise ProblemError(503, "no-history", "No history", "no embedded history is kept here")
    name = format_instant(here.now).replace(":", "").replace("-", "")
    try:
        folder = await here.deps.backups.make(name)
    except HistoryError as error:
        raise ProblemError(409, "backup-failed", "No backup was made", str(error)) from error
    return answer(BackupView(folder=str(folder)), status=CREATED)
