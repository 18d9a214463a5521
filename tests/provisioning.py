"""Runs what sets up InfluxDB, with a stand-in for its command line."""

import os
import re
import subprocess
from pathlib import Path

# Stands in for the command line of InfluxDB, which is only in its image: it writes down what it is
# asked for, and knows the bucket and the task that are named in KNOWN.
INFLUX = """#!/bin/sh
case "$1 $2" in
    "task create") printf '%s\\n' "$5" > "$ASKED.$$.flux"; set -- "$1" "$2" "$3" "$4";;
    *list) printf '0\\t%s\\tx\\n' "$KNOWN";;
esac
echo "$@" >> "$ASKED"
"""


def provision(script: Path, folder: Path, **environment: str) -> tuple[list[str], list[str]]:
    """What the script asks of ``influx``, and the tasks that it makes, in order of name."""
    folder.mkdir()
    program = folder / "influx"
    program.write_text(INFLUX)
    program.chmod(0o755)
    asked = folder / "asked"
    path = f"{folder}:{os.environ['PATH']}"
    told = subprocess.run(
        [script],
        env={"PATH": path, "ASKED": str(asked), "KNOWN": "", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    tasks = [file.read_text() for file in folder.glob("asked.*.flux")]
    lines = asked.read_text().splitlines()
    return [line for line in lines if " create " in line], sorted(tasks, key=task_name)


def task_name(flux: str) -> str:
    (name,) = re.findall(r'^option task = \{name: "([^"]+)"', flux, re.MULTILINE)
    return str(name)
