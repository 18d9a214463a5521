"""TOML that somebody wrote by hand, read into a model; whatever is wrong is named by its key."""

import tomllib
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

_M = TypeVar("_M", bound=BaseModel)


class TomlError(ValueError):
    """A text that cannot be used, and why: a line for each thing that is wrong."""


def parse_toml(text: str, model: type[_M]) -> _M:
    """What a text says.

    Raises:
        TomlError: It is no TOML, or says something that cannot be.
    """
    try:
        return model.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise TomlError(_explain(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise TomlError(f"not TOML: {error}") from error


_WORDS: Final = {
    "extra_forbidden": "no such key",
    "model_type": "Input should be a table",
    "dict_type": "Input should be a table",
    "tuple_type": "Input should be a list",
}


def _explain(error: ValidationError) -> str:
    lines = []
    for one in error.errors():
        name = path_of(*(part for part in one["loc"] if part != "[key]"))
        what = _WORDS.get(one["type"], one["msg"].removeprefix("Value error, "))
        lines.append(f"{name}: {what}" if name else what)
    return "\n".join(lines)


def path_of(*parts: str | int) -> str:
    """The name of a key as TOML has it."""
    return ".".join(map(_part, parts))


def _part(part: str | int) -> str:
    text = str(part)
    bare = text and all(char.isascii() and (char.isalnum() or char in "-_") for char in text)
    return text if bare else f'"{text}"'
