"""Settings: a TOML file, and ``RACKTWIN_*`` of the environment over it. The one reader of both."""

import os
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    UrlConstraints,
    model_validator,
)
from pydantic_core import Url

from schemas.contract import CATALOGUE, Says
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


StoreName = Literal["duckdb", "influx2"]


def _stores(given: object) -> object:
    """The names in a text, each once; ``none`` is none."""
    if not isinstance(given, str):
        return given
    names = [] if given == "none" else [name.strip() for name in given.split(",")]
    return tuple(dict.fromkeys(names))


_MEASURED: Final = {Says.UNIT, Says.ONE, Says.AT_MOST_ONE}


def _measured(point_type: str) -> str:
    """Refuse what is no number of a unit anywhere in the contract: a state, or a wrong name."""
    kinds = (points.get(point_type) for points in CATALOGUE.values())
    if not any(kind is not None and kind.says in _MEASURED for kind in kinds):
        raise ValueError("no point type of the contract that has a unit")
    return point_type


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
    """Messages taken in but not yet folded; past that no more are read until half of them are
    folded, counted (with ``aiomqtt`` the oldest go, counted)."""
    qos: int = Field(0, ge=0, le=2)
    """What is asked for. At 1 and 2 a message is acknowledged once it is folded and, where history
    is kept, in the spool."""
    persistent: bool = False
    """Whether the broker keeps our session, and what comes at QoS 1 and 2 while we are away."""
    client: Literal["own", "aiomqtt"] = "own"
    """What listens."""

    @model_validator(mode="after")
    def _can(self) -> Self:
        if self.client == "aiomqtt" and (self.qos or self.persistent):
            raise ValueError("qos and persistent need the client 'own'")
        return self

    def passing(self) -> Self:
        """For who listens once and leaves: the broker keeps nothing for them."""
        return self.model_copy(update={"qos": 0, "persistent": False})


class Deadband(_Section):
    """How far the readings of a point type may move before one is kept: see docs/history.md."""

    abs: float | None = Field(None, gt=0)
    """In the unit of the point …"""
    pct: float | None = Field(None, gt=0, le=100)
    """… or of the last value that was kept; one of the two."""
    max_s: float = Field(100.0, gt=0, le=150)
    """One is kept at least this often. Readings are repeated every 100 s and stale after 250 s: so
    nothing that was heard ever looks stale for being withheld."""

    def around(self, value: float) -> float:
        """How far another value may lie from ``value``."""
        return self.abs if self.abs is not None else (self.pct or 0.0) / 100 * abs(value)

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.abs is None) is (self.pct is None):
            raise ValueError("set abs or pct")
        return self


class HistorySettings(_Section):
    """Where readings are kept."""

    store: Annotated[tuple[StoreName, ...], BeforeValidator(_stores)] = ("duckdb",)
    """As ``duckdb,influx2``, or ``none``; the first of them answers what is asked."""
    url: HttpUrl = Url("http://127.0.0.1:8086")
    org: str = "racktwin"
    bucket: str = "racktwin"
    token: SecretStr | None = None
    token_file: Path | None = None
    batch: int = Field(20_000, ge=1)
    """Readings written at once …"""
    flush_ms: int = Field(1_000, ge=1)
    """… or after this long, whichever comes first."""
    port: int = Field(8081, ge=0, le=65535)
    """Of the history process's own health and metrics, at ``api.host``."""
    queue: int = Field(500_000, ge=1)
    """Readings in memory that wait for the disk; past that the oldest go, counted."""
    spool_mb: int = Field(4_096, ge=16)
    """Of disk, for what a store does not have yet; past that the oldest go, counted."""
    keep_days: float = Field(30.0, gt=0)
    """How long the embedded store keeps what it received; older files go, counted …"""
    keep_gb: float | None = Field(None, gt=0)
    """… and the oldest of them, past so much of disk; without it there is no such limit."""
    deadband: dict[Annotated[str, AfterValidator(_measured)], Deadband] = Field({})
    """By point type, as ``RackPower``; of any other all are kept, and so is every state."""


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
