"""The units of systemd: what it can read, what they let a process do, and that they start what containers start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from hotline import processes

UNITS = Path(__file__).resolve().parent.parent.parent / "deploy" / "systemd"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 15  # tenths of the points that systemd gives, of which fewer are better


def test_the_target_starts_the_list() -> None:
    wanted = [word for line in (UNITS / "hotline.target").read_text().splitlines() if line.startswith("Wants=")
              for word in line.removeprefix("Wants=").split() if "@" in word]  # fmt: skip
    assert wanted == [f"hotline@{name}.service" for name in processes.commands()]


def test_a_process_alone_starts_with_the_machine_and_with_its_assets() -> None:
    unit = (UNITS / "hotline@.service").read_text()
    assert "[Install]\nWantedBy=multi-user.target" in unit
    assert "Wants=network-online.target hotline-assets.service" in unit
    assert "collectstatic" in (UNITS / "hotline-assets.service").read_text()


@pytest.mark.skipif(not ANALYZE, reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_and_little_exposed(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("/opt/hotline/bin/python", sys.executable))
    names = ["./hotline.target", "./hotline-prepare.service", "./hotline-assets.service", "./hotline@web.service"]
    for command in (
        ["verify", "--man=no", *names],
        ["security", "--offline=true", f"--threshold={MOST_EXPOSED}", *names[1:]],
    ):
        done = subprocess.run([str(ANALYZE), *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "verify" not in command or not done.stderr
