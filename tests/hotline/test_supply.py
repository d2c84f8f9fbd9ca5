"""What the hotline is built from: pinned by digests, and no secret in the tree."""

from __future__ import annotations

import base64
import secrets
from pathlib import Path

import pytest

from deploy import slim, supply

DIGEST = f"--hash=sha256:{'0' * 64}"


def test_what_is_tracked_is_pinned_and_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    assert supply.check() == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        (f"django==5.2.19 \\\n    {DIGEST}\n", ""),
        (f"django==5.2.18 \\\n    {DIGEST}\n", "does not hold django==5.2.19"),
        ("django==5.2.19\n", "has no digest"),
    ],
)
def test_a_lock_that_lags_behind_or_has_no_digest_is_told(lock: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("# why\nDjango==5.2.19\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n")
    for name in supply.LOCKS.values():
        (tmp_path / name).write_text(lock)
    told = list(supply.unpinned(tmp_path))
    assert len(told) == (2 if said else 0)
    assert all(said in one for one in told)


def test_keys_and_tokens_are_found_and_words_are_not() -> None:
    drawn = base64.b64encode(secrets.token_bytes(30)).decode()
    for text in (
        f"SECRET_KEY={secrets.token_urlsafe(48)}-aB3dE6gH9",
        f"-----BEGIN PRIVATE KEY-----\n{drawn}\n",
        "ghp_" + "a1B2" * 9,
    ):
        assert list(supply.secrets_in("a.py", "one\n" + text)), text
    assert list(supply.secrets_in("deploy/tls/privkey.pem", "")) != []
    for text in (
        "tests/hotline/test_what_is_tracked_is_pinned_and_holds_no_secret",
        "f5e8c9d0" * 8,
        "TheNameOfAClassThatIsLongerThanAnyOther2",
    ):
        assert list(supply.secrets_in("a.py", text)) == [], text


def test_what_is_slimmed_away_is_nothing_that_is_imported(tmp_path: Path) -> None:
    packages = tmp_path / "lib" / "python3.13" / "site-packages"
    gone = [
        "pip/main.py",
        "numpy/linalg/tests/test_a.py",
        "scipy/a.pyi",
        "phonenumbers/geodata/data0.py",
        "babel/locale-data/fr_CA.dat",
        "django/conf/locale/fr/formats.py",
        "django/conf/locale/en/django.po",
    ]
    kept = [
        "numpy/testing/a.py",
        "numpy/a.so",
        "babel/locale-data/zh_Hans.dat",
        "babel/locale-data/root.dat",
        "django/conf/locale/__init__.py",
        "django/conf/locale/zh_Hans/formats.py",
        "django/test/client.py",
    ]
    for name in (*gone, *kept):
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text("x")
    slim.main(tmp_path)
    assert sorted(str(path.relative_to(packages)) for path in packages.rglob("*") if path.is_file()) == sorted(kept)
