"""Every source module has the test module that its name leads to; there may be more tests."""

import sys
from pathlib import Path

PACKAGES = ("twin", "schemas", "services")


def main() -> int:
    """Name the modules without a test."""
    expected = {
        Path("tests") / source.parent / f"test_{source.stem.strip('_')}.py"
        for package in PACKAGES
        for source in Path(package).rglob("*.py")
        if source.name not in {"__init__.py", "__main__.py"}
    }
    missing = sorted(test for test in expected if not test.exists())
    for test in missing:
        print(f"no test module {test}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
