"""The environment of the one-machine stack: settings it needs that nobody has set, with secrets made once."""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from xmagnet.local.postgres import APPLICATION_ROLE, BROKER_DATABASE, OWNER_ROLE, PostgresServer

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000
DEFAULT_MEDIA_PORT = 9100


@dataclass(frozen=True)
class Addresses:
    """Where the stack listens."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    media_port: int = DEFAULT_MEDIA_PORT

    @property
    def public_url(self) -> str:
        """The address for a browser on this machine."""
        host = DEFAULT_HOST if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}"

    @property
    def media_url(self) -> str:
        """The address of the mock media; it serves this machine only."""
        return f"http://{DEFAULT_HOST}:{self.media_port}"


def remember_addresses(var: Path, addresses: Addresses) -> None:
    """Keep where the stack listens for other terminals: a shell or a command calls the media that it started."""
    path = _addresses_file(var)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    unfinished.write_text(json.dumps(asdict(addresses)))
    unfinished.replace(path)


def remembered_addresses(var: Path) -> Addresses:
    """Where the stack over `var` listened last, or the defaults."""
    try:
        return Addresses(**json.loads(_addresses_file(var).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return Addresses()


def _addresses_file(var: Path) -> Path:
    return var / "run" / "addresses.json"


def embedded_server(var: Path) -> PostgresServer:
    """Return the stack's PostgreSQL server, running or not."""
    return PostgresServer(var / "postgres")


def local_environment(var: Path, addresses: Addresses | None = None) -> dict[str, str]:
    """Return every variable that the settings need, for the stack whose data lie in `var`.

    Makes `var/secrets.env` (0600) on the first call; the other values follow from paths and ports. Without `addresses`
    they are those of the stack that ran last.
    """
    addresses = addresses or remembered_addresses(var)
    server = embedded_server(var)
    hosts = dict.fromkeys(["localhost", "127.0.0.1", "[::1]", addresses.host])
    return {
        **_secrets(var / "secrets.env"),
        "XMAGNET_PROFILE": "local",
        "XMAGNET_VAR_DIR": str(var),
        "DATABASE_URL": server.url(APPLICATION_ROLE),
        "DATABASE_OWNER_URL": server.url(OWNER_ROLE),
        "CELERY_BROKER_URL": (
            f"pgmq://{APPLICATION_ROLE}@/{BROKER_DATABASE}?host={quote(str(server.socket_directory))}"
        ),
        "MEDIA_OCEANENGINE_BASE_URL": addresses.media_url,
        "MEDIA_KUAISHOU_BASE_URL": addresses.media_url,
        "MEDIA_OCEANENGINE_AUTHORIZE_URL": f"{addresses.media_url}/openapi/audit/oauth.html",
        "MEDIA_KUAISHOU_AUTHORIZE_URL": f"{addresses.media_url}/tools/authorize",
        "PUBLIC_URL": addresses.public_url,
        "ALLOWED_HOSTS": ",".join(hosts),
    }


def var_directory() -> Path:
    """Return where the stack keeps its data: XMAGNET_VAR_DIR, or `var` in the checkout."""
    return Path(os.environ.get("XMAGNET_VAR_DIR", PROJECT / "var")).absolute()


def adopt() -> None:
    """Complete this process's environment for the one-machine stack; a production environment is left as it is.

    Thereby every management command, in every terminal, finds the stack of its checkout.
    """
    if os.environ.get("XMAGNET_PROFILE", "local") != "local":
        return
    var = var_directory()
    try:
        environment = local_environment(var)
    except OSError as error:
        raise SystemExit(cannot_use(var, error)) from None
    for name, value in environment.items():
        os.environ.setdefault(name, value)


def cannot_use(var: Path, error: OSError) -> str:
    """The sentence for the person at the terminal when the data directory cannot be read or written."""
    where = error.filename or var
    return (
        f"Cannot keep the data in {var}: {error.strerror} ({where}). "
        "Start as the user who owns it, or set XMAGNET_VAR_DIR to a directory of yours."
    )


def is_within(var: Path, error: OSError) -> bool:
    """Whether the error is about a file of the data directory, not about something else of the machine."""
    return isinstance(error.filename, str | Path) and Path(error.filename).is_relative_to(var)


def _secrets(path: Path) -> dict[str, str]:
    """Read the secrets, made on first use. Two processes that come first at once end with the same ones."""
    if not path.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(64),
            "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{os.getpid()}")
        unfinished.touch(mode=0o600)
        unfinished.write_text("".join(f"{name}={value}\n" for name, value in made.items()), encoding="ascii")
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()
    lines = path.read_text(encoding="ascii").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
