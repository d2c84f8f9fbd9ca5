"""What the hotline is built from: that it is pinned, that no secret lies in the tree, that no advisory speaks of it.

    python3 deploy/supply.py check    the lock files hold what is required, each with its digests; no secret is tracked
    python3 deploy/supply.py audit    asks a database of advisories, where one is reachable
    python3 deploy/supply.py bill     writes var/bill-of-materials.json (CycloneDX) of what the product runs on

`make lock` writes the lock files anew from requirements.txt and requirements-dev.txt.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"requirements.txt": "requirements.lock", "requirements-dev.txt": "requirements-dev.lock"}
BILL = ROOT / "var" / "bill-of-materials.json"
ANSWER = 5  # seconds within which a database of advisories answers
# Advisories that do not concern us, each with the reason; they are passed over.
PASSED_OVER: dict[str, str] = {}

PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==(\S+)", re.MULTILINE)
DIGEST = re.compile(r"--hash=sha256:[0-9a-f]{64}")
SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/=]{20}"),
    "a token of a service": re.compile(
        r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|glpat-[\w-]{20}|xox[abpr]-[\w-]{20}|AKIA[A-Z0-9]{16}|AIza[\w-]{35}"
        r"|sk_live_[A-Za-z0-9]{20}|eyJ[\w-]{20,}\.eyJ[\w-]{20,}\.[\w-]{20,})"
    ),
}
RANDOM = re.compile(r"(?<![\w/+.:-])[A-Za-z0-9_-]{32,}(?![\w/+=-])")  # as our own keys are drawn
CHANCE = 4.15  # bits a letter from which a word was not written by a person
NOT_TO_BE_TRACKED = re.compile(r"(^|/)(\.env|secret-key|ledger-keys|id_[a-z0-9]+|.*\.(pem|key|p12|pfx|backup))$")
READ = 400_000  # characters of a file


def _name(given: str) -> str:
    return re.sub(r"[-_.]+", "-", given).lower()


def _required(name: str, root: Path) -> dict[str, str]:
    text = (root / name).read_text()
    found = {_name(package): version for package, version in PINNED.findall(text)}
    for other in re.findall(r"^-r (\S+)", text, re.MULTILINE):
        found |= _required(other, root)
    return found


def unpinned(root: Path = ROOT) -> Iterator[str]:
    """What is required and not in its lock file as it is required, and what is locked without digests."""
    for name, lock in LOCKS.items():
        text = (root / lock).read_text()
        locked = {(_name(package), version) for package, version in PINNED.findall(text)}
        for package, version in _required(name, root).items():
            if (package, version) not in locked:
                yield f"{lock} does not hold {package}=={version} of {name}: run make lock"
        for entry in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
            if PINNED.match(entry) and not DIGEST.search(entry):
                yield f"{lock}: {entry.split()[0]} has no digest"


def secrets_in(name: str, text: str) -> Iterator[str]:
    """What in a tracked file looks like a secret, with its line."""
    if NOT_TO_BE_TRACKED.search(name):
        yield f"{name}: a file of this name holds secrets and is not to be tracked"
    for what, pattern in SECRETS.items():
        for found in pattern.finditer(text):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {what}"
    for found in RANDOM.finditer(text):
        if _is_drawn(found[0]):
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: {found[0][:6]}… looks like a key"


def _is_drawn(word: str) -> bool:
    """Whether a word was drawn by chance: upper, lower case and figures mixed, each letter about as often."""
    if not (re.search("[a-z]", word) and re.search("[A-Z]", word) and len(re.findall("[0-9]", word)) > 1):
        return False
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares) > CHANCE


def tracked(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Each text that git tracks; none where this is no clone."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607
    for name in filter(None, listed.stdout.split("\0")):
        path = root / name
        if path.is_file() and name not in LOCKS.values():
            with path.open(encoding="utf-8", errors="ignore") as file:
                text = file.read(READ)
            yield name, "" if "\0" in text else text


def check() -> int:
    """0 where all is as it should be; says what is not."""
    wrong = [*unpinned(), *(said for name, text in tracked() for said in secrets_in(name, text))]
    for said in wrong:
        print(said)
    return 1 if wrong else 0


def audit() -> int:
    """0 where no advisory speaks of what is locked, or where no database of advisories answers."""
    lock = ROOT / LOCKS["requirements.txt"]
    entries = re.split(r"^(?=[A-Za-z0-9])", lock.read_text(), flags=re.MULTILINE)
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as one:
        one.write(next(entry for entry in entries if entry.startswith("django==")))
        one.flush()
        if not _asked(Path(one.name)):
            print("audit of dependencies: skipped, no database of advisories is reachable from here")
            return 0
    found = [(one["name"], told) for one in _asked(lock) for told in one["vulns"] if told["id"] not in PASSED_OVER]
    for name, told in found:
        fixed = ", ".join(told["fix_versions"]) or "no version"
        print(f"{name}: {told['id']}, mended in {fixed}: {told['description'][:200]}")
    return 1 if found else 0


def _asked(requirements: Path) -> list[dict[str, Any]]:
    """What the database says of each package; empty where it does not answer or knows none of them."""
    command = [
        sys.executable, "-m", "pip_audit", "--requirement", str(requirements), "--disable-pip", "--require-hashes",
        "--format", "json", "--progress-spinner", "off", "--timeout", str(ANSWER), "--cache-dir",
        str(ROOT / "var" / "advisories"),
    ]  # fmt: skip
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own tool
        answered: list[dict[str, Any]] = json.loads(said.stdout)["dependencies"]
    except (OSError, ValueError, KeyError):
        return []
    return [one for one in answered if "skip_reason" not in one]


def bill() -> int:
    """Writes what the product runs on, with versions and digests, as CycloneDX."""
    BILL.parent.mkdir(exist_ok=True)
    command = [
        sys.executable, "-m", "cyclonedx_py", "requirements", str(ROOT / LOCKS["requirements.txt"]), "--output-format",
        "JSON", "--output-reproducible", "--mc-type", "application", "--output-file", str(BILL),
    ]  # fmt: skip
    code = subprocess.run(command, check=False).returncode  # noqa: S603 - our own tool
    if code == 0:
        print(f"{BILL}: {len(json.loads(BILL.read_text())['components'])} components")
    return code


if __name__ == "__main__":
    sys.exit({"check": check, "audit": audit, "bill": bill}[sys.argv[1]]())
