"""Settings: a TOML file, and ``RACKTWIN_*`` of the environment over it. The one reader of both."""

import os
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    UrlConstraints,
    model_validator,
)
from pydantic_core import Url

from twin.thermal import Coolant

PREFIX: Final = "RACKTWIN_"
SEPARATOR: Final = "__"


def _without_secrets(url: Url) -> Url:
    """Refuse an address with a password in it: addresses are logged and shown."""
    if url.username is not None or url.password is not None:
        raise ValueError("no user and no password here: they have settings of their own")
    return url


_Bare = AfterValidator(_without_secrets)
MqttUrl = Annotated[
    Url, UrlConstraints(allowed_schemes=["mqtt", "mqtts"], host_required=True), _Bare
]
HttpUrl = Annotated[
    Url, UrlConstraints(allowed_schemes=["http", "https"], host_required=True), _Bare
]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class BrokerSettings(_Section):
    """How to reach the event bus."""

    url: MqttUrl = Url("mqtt://127.0.0.1:1883")
    """``mqtt://`` or, over TLS, ``mqtts://``; without a port 1883 or 8883."""
    client_id: str = Field(default_factory=lambda: f"racktwin-{socket.gethostname()}")
    """Stable over restarts; ``-live`` or ``-history`` is put behind it."""
    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = None
    token_file: Path | None = None
    """Of an OAuth token: sent as the password of ``oauthtoken``, read anew at every connect."""
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    topics: tuple[str, ...] = ("BMS/v1/#", "cpc/+/BMS/v1/#")
    inbox: int = Field(100_000, ge=1)
    """Messages taken in but not yet folded; past that the oldest go, counted."""


class HistorySettings(_Section):
    """Where readings are kept."""

    store: Literal["duckdb", "influx2", "none"] = "duckdb"
    url: HttpUrl = Url("http://127.0.0.1:8086")
    org: str = "racktwin"
    bucket: str = "racktwin"
    token: SecretStr | None = None
    token_file: Path | None = None
    batch: int = Field(5_000, ge=1)
    """Readings written at once …"""
    flush_ms: int = Field(1_000, ge=1)
    """… or after this long, whichever comes first."""
    port: int = Field(8081, ge=0, le=65535)
    """Of the history process's own health and metrics, at ``api.host``."""
    queue: int = Field(500_000, ge=1)
    """Readings that wait for the store; past that the oldest go, counted."""


class ApiSettings(_Section):
    """Where the API and the page are served."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)


class MqttSettings(_Section):
    """Faults as retained documents on the broker of the settings."""

    enabled: bool = False
    """The account must be allowed to publish on ``racktwin/v1/#``."""


class AlertmanagerSettings(_Section):
    """Faults as alerts of Prometheus' Alertmanager."""

    url: HttpUrl | None = None
    """As ``http://127.0.0.1:9093``; nothing is sent without one."""


class WebhookSettings(_Section):
    """Whatever happens to faults, posted to one address."""

    url: HttpUrl | None = None
    """Nothing is sent without one."""
    secret: SecretStr | None = None
    secret_file: Path | None = None
    """Signs what is sent; read anew each time."""
    format: Literal["racktwin", "redfish"] = "racktwin"

    @model_validator(mode="after")
    def _is_signed(self) -> Self:
        if self.url is not None and self.secret is None and self.secret_file is None:
            raise ValueError("what is sent is signed: set secret or secret_file")
        return self


class NotifySettings(_Section):
    """Who is told of faults outside: see docs/notifications.md."""

    mqtt: MqttSettings = MqttSettings()
    alertmanager: AlertmanagerSettings = AlertmanagerSettings()
    webhook: WebhookSettings = WebhookSettings()


class Settings(_Section):
    """Everything that can be set."""

    broker: BrokerSettings = BrokerSettings()
    history: HistorySettings = HistorySettings()
    api: ApiSettings = ApiSettings()
    notify: NotifySettings = NotifySettings()
    data: Path = Path("data")
    """Folder of the embedded store and of the registry of points."""
    coolant: Coolant = Coolant.PG25
    fleet_file: Path | None = None
    """Where racks stand and what things are rated for: see docs/fleet-file.md."""
    rules_file: Path | None = None
    """What a site wants judged otherwise than in the catalogue: see docs/rules-file.md."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class SettingsError(ValueError):
    """A settings file or variable that cannot be used, and why."""


def load(file: Path | None = None) -> tuple[Settings, dict[str, str]]:
    """The settings, and where each that is no default came from, by dotted name.

    Args:
        file: A TOML file; without one only the environment speaks.

    Raises:
        SettingsError: A file that cannot be read, a key that does not exist, a value that does not
            fit.
    """
    given: dict[str, object] = {}
    origins: dict[str, str] = {}
    if file is not None:
        try:
            given = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise SettingsError(f"{file}: {error}") from error
        origins |= dict.fromkeys(_leaves(given), str(file))
    for variable, value in sorted(os.environ.items()):
        if variable.startswith(PREFIX) and not variable.startswith(
            (f"{PREFIX}TEST_", f"{PREFIX}DSX")
        ):
            path = variable.removeprefix(PREFIX).lower().split(SEPARATOR)
            _put(given, path, value)
            origins[".".join(path)] = variable
    try:
        return Settings.model_validate(given), origins
    except ValueError as error:
        raise SettingsError(_explain(error, origins)) from error


def _put(given: dict[str, object], path: list[str], value: str) -> None:
    section = given
    for name in path[:-1]:
        inner = section.setdefault(name, {})
        if not isinstance(inner, dict):
            raise SettingsError(f"{PREFIX}{SEPARATOR.join(path).upper()}: {name} is no section")
        section = inner
    section[path[-1]] = value.split(",") if path[-1] == "topics" else value


def _leaves(given: dict[str, object], prefix: str = "") -> list[str]:
    found: list[str] = []
    for name, value in given.items():
        found += _leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else [prefix + name]
    return found


def _explain(error: ValueError, origins: dict[str, str]) -> str:
    lines = []
    for one in getattr(error, "errors", list)():
        name = ".".join(map(str, one["loc"]))
        what = "no such setting" if one["type"] == "extra_forbidden" else one["msg"]
        lines.append(f"{name} ({_origin(name, origins)}): {what}")
    return "\n".join(lines)


def _origin(name: str, origins: dict[str, str]) -> str:
    """Where a value, a part of it or the section around it came from."""
    for given, origin in origins.items():
        if f"{given}.".startswith(f"{name}.") or f"{name}.".startswith(f"{given}."):
            return origin
    return "default"
