"""Takes out of an environment what no process of the hotline reads: `python3 deploy/slim.py /opt/hotline`.

Run while the image is built, and nowhere else. Each rule says why nobody misses it; what only a rule of ours thinks so
about would be a trap, so none touches a module that is imported.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

LANGUAGES = {"en", "en_US", "en_GB", "zh", "zh_CN", "zh_Hans", "zh_TW"}  # the hotline speaks Chinese and English
# What is only needed to build other packages upon it, or to check types.
SOURCES = {
    ".pyi",
    ".h",
    ".hpp",
    ".hh",
    ".c",
    ".cc",
    ".cpp",
    ".pyx",
    ".pxd",
    ".pxi",
    ".tp",
    ".a",
    ".f90",
    ".f",
    ".po",
    ".map",
}
UNUSED = (
    "pip", "pip-*.dist-info",  # nothing is installed into a running container
    "phonenumbers/geodata", "phonenumbers/carrierdata",  # where in the world a number is from; we read its parts
    "sklearn/datasets/data", "sklearn/datasets/images", "sklearn/datasets/descr",  # examples for lessons
)  # fmt: skip


def unused(packages: Path) -> Iterator[Path]:
    """Files and folders to go, the outermost first."""
    for pattern in UNUSED:
        yield from packages.glob(pattern)
    yield from packages.rglob("tests")  # of the packages themselves
    for locale in packages.rglob("locale"):
        yield from (one for one in locale.iterdir() if one.is_dir() and one.name not in LANGUAGES | {"__pycache__"})
    for name in packages.glob("babel/locale-data/*.dat"):
        if name.stem.partition("_")[0] not in {"root", "en", "zh"}:
            yield name
    yield from (path for path in packages.rglob("*") if path.suffix in SOURCES and path.is_file())


def size_of(path: Path) -> int:
    return sum(one.lstat().st_size for one in ([path] if path.is_file() else path.rglob("*")))


def main(environment: Path) -> None:
    [packages] = environment.glob("lib/python3*/site-packages")
    before = size_of(packages)
    for path in list(unused(packages)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    print(f"{packages}: {before // 2**20} MB, now {size_of(packages) // 2**20} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
