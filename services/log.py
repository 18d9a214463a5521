"""Logging: one line of JSON a record, to stderr; plain lines on a terminal."""

import logging
import sys
from typing import Final, TextIO

import msgspec

_STANDARD: Final = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
}


class JsonLines(logging.Formatter):
    """A record as one line of JSON, its ``extra`` fields included."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, every extra field, and the exception where there is one."""
        line: dict[str, object] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class PlainLines(logging.Formatter):
    """A record as a person reads it, its ``extra`` fields behind the message."""

    def format(self, record: logging.LogRecord) -> str:
        """Level, message and extra fields in one line."""
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        fields = "".join(f" {name}={value}" for name, value in extra.items())
        text = f"{record.levelname.lower()}: {record.getMessage()}{fields}"
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


def set_up(level: str, stream: TextIO | None = None) -> None:
    """Let every logger write to ``stream`` (stderr) at ``level`` and above."""
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(PlainLines() if target.isatty() else JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("uvicorn.access").setLevel("WARNING")  # a line a request helps nobody
    logging.getLogger("mqtt").setLevel("CRITICAL")  # aiomqtt's own; losses are logged once by us
