"""``python -m services``: the same as ``racktwin``."""

from services.cli.app import main

main()
