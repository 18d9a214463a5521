"""Every source module has the test module that its name leads to."""

import sys
from pathlib import Path

PACKAGES = ("twin", "schemas", "services")


def main() -> int:
    """Name the modules without a test, and the tests without a module."""
    expected = {
        Path("tests") / source.parent / f"test_{source.stem.strip('_')}.py"
        for package in PACKAGES
        for source in Path(package).rglob("*.py")
        if source.name not in {"__init__.py", "__main__.py"}
    }
    present = {test for package in PACKAGES for test in Path("tests", package).rglob("test_*.py")}
    for test in sorted(expected - present):
        print(f"no test module {test}")
    for test in sorted(present - expected):
        if not (Path(*test.parts[1:]).parent / test.stem.removeprefix("test_")).is_dir():
            print(f"no source module for {test}")
    return 1 if expected - present else 0


if __name__ == "__main__":
    sys.exit(main())
