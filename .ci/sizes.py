"""Modules and functions stay small enough to be read whole."""

import ast
import sys
from pathlib import Path
from statistics import median

PACKAGES = ("twin", "schemas", "services")
LONGEST_MODULE = 400
MEDIAN_MODULE = 120
LONGEST_FUNCTION = 40


def main() -> int:
    """Name everything that is too long."""
    sources = [source for package in PACKAGES for source in Path(package).rglob("*.py")]
    lines = {source: len(source.read_text().splitlines()) for source in sources}
    bad = [f"{source}: {count} lines" for source, count in lines.items() if count > LONGEST_MODULE]
    middle = median(count for source, count in lines.items() if source.name != "__init__.py")
    if middle > MEDIAN_MODULE:
        bad.append(f"median module: {middle} lines")
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = _length(node)
                if length > LONGEST_FUNCTION:
                    bad.append(f"{source}:{node.lineno}: {node.name} has {length} lines")
    print("\n".join(bad) or f"{len(sources)} modules, median {middle:g} lines")
    return 1 if bad else 0


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None and node.body[1:] else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


if __name__ == "__main__":
    sys.exit(main())
