"""Whether this machine can run the hotline, asked before anything is built.

`python3 hotline/running/ready.py python` or `… port` says in one line what is missing. The only file that an old Python
must be able to read, and that runs before there is an environment: nothing but the standard library, and no syntax
that is younger than Python 3.6.
"""

import importlib.util
import os
import socket
import sys
import time

OLDEST = (3, 11)
A_MOMENT = 4.0  # seconds that a hotline which has just been stopped may hold its port


def objection_to_python() -> str:
    """Why this Python cannot run the hotline; empty where it can."""
    name = os.environ.get("PYTHON", "python3")
    if sys.version_info[:2] < OLDEST:
        return (
            f"{name} is Python {sys.version.split()[0]}; the hotline needs 3.11 or later."
            " Name another: make run PYTHON=python3.12"
        )
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        return (
            f"{name} ({sys.executable}) comes without venv; install it (Debian, Ubuntu: apt-get install python3-venv)"
            " or name another Python: make run PYTHON=python3.12"
        )
    return ""


def objection_to_port(host: str, port: str, patience: float = A_MOMENT) -> str:
    """Why the web server cannot listen there; empty where it can."""
    if not port.isdigit() or not 0 < int(port) < 65536:
        return f"PORT is {port!r}; it must be a number from 1 to 65535: make run PORT=8001"
    end = time.monotonic() + patience
    while True:
        try:
            _listen_once(host, int(port))
            return ""
        except PermissionError:
            return f"Port {port} is for the system's own services; choose another: make run PORT=8001"
        except OSError as error:
            if time.monotonic() > end:
                return f"Port {port} of {host} is taken ({error.strerror}); choose another: make run PORT=8001"
            time.sleep(0.2)


def _listen_once(host: str, port: int) -> None:
    family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        probe.listen(1)


def where() -> "tuple[str, str]":
    """Host and port that the environment names for the web server."""
    return os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"


if __name__ == "__main__":
    what = sys.argv[1] if len(sys.argv) > 1 else "python"
    sys.exit((objection_to_port(*where()) if what == "port" else objection_to_python()) or 0)
