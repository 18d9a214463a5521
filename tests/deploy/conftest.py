"""What the tests of the deployment read: the files as they are."""

from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture
def root() -> Path:
    return ROOT


@pytest.fixture
def deploy() -> Path:
    return ROOT / "deploy"


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


@pytest.fixture
def services(compose: dict[str, Any]) -> dict[str, Any]:
    named: dict[str, Any] = compose["services"]
    return named


@pytest.fixture
def ours(services: dict[str, Any]) -> dict[str, Any]:
    """The services that are racktwin itself."""
    return {name: one for name, one in services.items() if one["image"].startswith("racktwin")}
