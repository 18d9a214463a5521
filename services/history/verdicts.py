"""Verdicts: what InfluxDB's answer to a write means for the lines in it.

Source: the write handler of influxdata/influxdb 2.x, and the documented responses of
``/api/v2/write`` (influxdata/openapi, ``src/oss/paths/write.yml``). InfluxDB 3 Core says partial
writes by 400.
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from services.clock import wall_clock
from services.history.store import NotNowError

KEPT: Final = 204
UNAUTHORIZED: Final = 401

_AT_FAULT: Final = frozenset({413, 422})
"""Too large, or some lines that do not fit: never to be taken as they are."""

_BAD_REQUEST: Final = 400
_FROM_SERVER: Final = 500

_PASSING: Final = frozenset({408, 425, 429})
"""Of the statuses that blame the request, those that blame its moment."""

_ABOUT_LINES: Final = re.compile(r"unable to parse|partial write|parsing failed|\bdropped=\d")
_DROPPED: Final = re.compile(r"\bdropped=(\d+)")


class LinesError(Exception):
    """Some of the lines can never be kept; whether others are is not known for sure."""

    def __init__(self, why: str) -> None:
        super().__init__(_DROPPED.sub("", why).rstrip())
        dropped = _DROPPED.search(why)
        self.dropped = int(dropped[1]) if dropped is not None else 0
        """How many the server says it dropped. It may be more: it tells of one cause."""


def check(status: int, said: str, headers: Mapping[str, str], url: str) -> None:
    """Return if all lines are kept.

    Raises:
        LinesError: It is the lines that are at fault.
        NotNowError: It is the moment, or the settings.
    """
    if status == KEPT:
        return
    if status in _AT_FAULT or (status == _BAD_REQUEST and _ABOUT_LINES.search(said)):
        raise LinesError(said)
    held = status < _FROM_SERVER and status not in _PASSING
    after_s = _seconds(headers.get("Retry-After", ""))
    raise NotNowError(f"{url}: {status} {said}", after_s=after_s, held=held)


def _seconds(text: str) -> float | None:
    """What ``Retry-After`` says, in seconds or as a date; None where it says nothing.

    Source: RFC 9110, 10.2.3.
    """
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - wall_clock() / 1000)
