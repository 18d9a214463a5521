"""``racktwin``: the commands by name."""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import typer

from schemas.toml_text import TomlError
from services.settings import SettingsError

COMMANDS: Final = {
    "demo": "serving",
    "serve": "serving",
    "live": "serving",
    "history": "history",
    "replay": "replay",
    "whatif": "whatif",
    "play": "bus",
    "record": "bus",
    "simulate": "bus",
    "doctor": "care",
    "settings": "care",
    "fleet": "fleet",
    "rules": "rules",
    "faults": "faults",
    "bench": "bench",
}
"""Every command, and the module beside this one that has it."""


def racktwin() -> None:
    """The live digital twin of an AI rack fleet.

    \b
    Examples:
      racktwin demo                            everything in one go: prints an address to open
      racktwin replay recording.csv            fold a recording and show what came of it
      racktwin replay recording.csv --json -   the same as one JSON document
      racktwin serve --settings racktwin.toml  the twin of a real event bus
      racktwin doctor                          what is reachable, and how to mend what is not
    """  # noqa: D301  # the backspace keeps the lines as they are


def app_of(arguments: Sequence[str]) -> typer.Typer:
    """The command line, with only the command that ``arguments`` begin with where they name one.

    So a replay need not wait for the code of a web server.
    """
    app = typer.Typer(
        name="racktwin",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(racktwin)
    for name in [each for each in arguments[:1] if each in COMMANDS] or COMMANDS:
        found = getattr(import_module(f"services.cli.{COMMANDS[name]}"), name)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """Run the command line: 0 fine, 1 the thing failed, 2 wrong use."""
    try:
        app_of(sys.argv[1:])()
    except SettingsError as error:
        sys.exit(f"settings: {error}")
    except TomlError as error:
        sys.exit(str(error))
    except BrokenPipeError:
        sys.exit(1)  # whoever read our output has gone
