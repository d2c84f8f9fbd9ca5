"""What was learned as a file of numbers and words, from which no code can come.

An archive of `about.json` (labels and words) and one `.npy` for each array of numbers. Reading it builds the same model
again or raises ValueError; nothing that a file holds is ever run, as an unpickled object would be.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np

from dispatch.learned.model import Example, Learned, Linear, Views

VERSION = 1
ABOUT = "about.json"
EXAMPLE = Example("路灯", "路灯不亮")  # a text to try the parts on
QUICK = 3  # level of compression: 65 MB in 2 s where the strongest makes 64 MB in 6 s


def pack(learned: Learned) -> bytes:
    """The file of what was learned."""
    about = {
        "version": VERSION,
        "labels": learned.labels.tolist(),
        "judged": learned.judged.tolist(),
        "learned_from": learned.learned_from,
        "title": list(learned.views.title.get_feature_names_out()),
        "words": learned.words,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=QUICK) as archive:
        archive.writestr(ABOUT, json.dumps(about, ensure_ascii=False))
        for name, array in _arrays(learned).items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)
    return packed.getvalue()


def unpack(content: bytes) -> Learned:
    """What was learned, as it was packed. Raises ValueError where the file is none of this version."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            about = json.loads(archive.read(ABOUT))
            if about["version"] != VERSION:
                raise ValueError(f"packed as version {about['version']}")
            arrays = {name: _array(archive, name) for name in _names()}
            return _learned(about, arrays)
    except (zipfile.BadZipFile, KeyError, TypeError, EOFError, OSError) as error:
        raise ValueError(f"no packed model: {error}") from error


def _names() -> list[str]:
    linear = [f"{name}_{part}" for name in ("title", "body", "words", "judge") for part in ("weights", "intercept")]
    return linear + [f"{name}_rarity" for name in ("title", "body", "words", "pairs")]


def _arrays(learned: Learned) -> dict[str, np.ndarray]:
    views = learned.views
    models = dict(zip(("title", "body", "words", "judge"), [*learned.three, learned.judge], strict=True))
    found = {f"{name}_weights": model.weights for name, model in models.items()}
    found |= {f"{name}_intercept": model.intercept for name, model in models.items()}
    rarity = {"title": views.title, "body": views.body[-1], "words": views.words, "pairs": views.pairs[-1]}
    return found | {f"{name}_rarity": one.idf_ for name, one in rarity.items()}


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(f"{name}.npy") as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _learned(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> Learned:
    title, body, words, judge = (
        Linear(arrays[f"{name}_weights"], arrays[f"{name}_intercept"]) for name in ("title", "body", "words", "judge")
    )
    labels, judged = np.array(about["labels"]), np.array(about["judged"])
    views = Views(max(len(labels), 1))
    for view, terms, name in ((views.title, about["title"], "title"), (views.words, about["words"], "words")):
        view.vocabulary = terms
        view.idf_ = arrays[f"{name}_rarity"]
    for hashed, name in ((views.body, "body"), (views.pairs, "pairs")):
        hashed[-1].idf_ = arrays[f"{name}_rarity"]
    learned = Learned(labels, views, [title, body, words], judge, judged, about["learned_from"], about["words"])
    _fits(learned)
    return learned


def _fits(learned: Learned) -> None:
    """Raises ValueError where the parts are not of one model, so that asking it can raise nothing later."""
    rows = 1 if len(learned.labels) == 2 else len(learned.labels)
    opinions = 3 * len(learned.labels)
    judging = 1 if len(learned.judged) == 2 else len(learned.judged)
    views = learned.views.read([EXAMPLE])
    shapes = [(rows, matrix.shape[1]) for matrix in views] + [(judging, opinions)]
    for model, shape in zip([*learned.three, learned.judge], shapes, strict=True):
        if model.weights.shape != shape or model.intercept.shape != shape[:1]:
            raise ValueError(f"weights of shape {model.weights.shape} where {shape} were to be")
