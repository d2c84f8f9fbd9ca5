"""The ground on which it all stands: an empty folder, two small disks that can be full, and an end that leaves nothing.

The command runs in a process of its own below this one, in which everything that was orphaned by a kill ends up.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
INSIDE = "HOTLINE_CHAOS"  # set where the ground has been laid
DISKS = {"postgres": 1200, "media": 48}  # folders of the data folder, with the size of the disk that each is, in MB
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")


def run(folder: Path, arguments: Sequence[str]) -> int:
    """Runs the command `chaos` with these arguments on a fresh data folder and returns its exit code."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "chaos").exists():
        raise SystemExit(f"{folder} is not empty and not of an earlier run: name another folder.")
    _unmounted(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "chaos").touch()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    kept = {name: value for name, value in os.environ.items() if name not in SERVERS}
    with _disks(folder) as are_mounted:
        environment = kept | surroundings(folder) | {INSIDE: "disks" if are_mounted else "no disks"}
        return _ended([sys.executable, "-m", "demo.chaos", *arguments], environment)


def surroundings(folder: Path) -> dict[str, str]:
    """What every process of this hotline is told: a fast pulse, no floor below which files are refused early."""
    return {
        "HOTLINE_DATA_DIR": str(folder), "HOTLINE_IDLE_MINUTES": "0", "HOTLINE_SWEEP_SECONDS": "2",
        "HOTLINE_HEARTBEAT_SECONDS": "2", "HOTLINE_DISK_FLOOR_MB": "0", "HOTLINE_CHANNEL_HOSTS": "127.0.0.1",
        "HOTLINE_TRUSTED_PROXIES": "127.0.0.1/32", "HOTLINE_DEMO": "0", "HOST": "127.0.0.1", "WEB_WORKERS": "2",
        "NO_PROXY": "127.0.0.1", "LOG_LEVEL": "WARNING",
        "PERSONAL_KEYS": "the-key-of-a-hotline-in-which-nobody-is-real",
    }  # fmt: skip


def _ended(command: list[str], environment: Mapping[str, str]) -> int:
    """Waits for the command, and buries whatever else dies meanwhile; ends all that it has left behind."""
    inside = subprocess.Popen(command, env=dict(environment), cwd=ROOT)  # noqa: S603 - a command of our own
    code = 1
    try:
        while True:
            pid, status = os.wait()
            if pid == inside.pid:
                code = os.waitstatus_to_exitcode(status)
                break
    except KeyboardInterrupt:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(inside.pid, 0)
    finally:
        inside.returncode = code
        left = psutil.Process().children(recursive=True)
        for one in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=30)
    return code


@contextlib.contextmanager
def _disks(folder: Path) -> Iterator[bool]:
    """Two file systems of their own, each in a file; whether they could be mounted, which needs root and Linux."""
    try:
        yield _mounted(folder)
    finally:
        _unmounted(folder)


def _mounted(folder: Path) -> bool:
    if not (sys.platform == "linux" and os.geteuid() == 0 and shutil.which("mkfs.ext4")):
        return False
    try:
        for name, megabytes in DISKS.items():
            image, place = folder / f"{name}.img", folder / name
            place.mkdir()
            with image.open("wb") as file:
                file.truncate(megabytes * 2**20)
            _system("mkfs.ext4", "-q", "-m", "0", str(image))
            _system("mount", "-o", "loop", str(image), str(place))
            (place / "lost+found").rmdir()  # PostgreSQL begins in an empty folder only
    except (OSError, subprocess.CalledProcessError):
        _unmounted(folder)
        return False
    return True


def _unmounted(folder: Path) -> None:
    for name in DISKS:
        if (folder / name).is_mount():
            _system("umount", "--lazy", str(folder / name))


def _system(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
