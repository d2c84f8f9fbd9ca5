"""Suggestions that learn: from which tickets, when they are used, and that nothing depends on them."""

from __future__ import annotations

import csv
import hashlib
import json
import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dispatch import categorising, suggest
from dispatch.learned import model, packing, store, training
from dispatch.learned.model import Example, Learned
from dispatch.models import DirectoryEntry, DispatchModel, Learns, Source, Suggestion
from dispatch.queue import automation
from tests import scene
from tickets.choices import Status
from tickets.models import Category, Ticket

SUBJECTS = {
    "环保": ("噪音扰民", "夜间施工噪音很大", "工厂排放废气", "油烟污染严重", "河水发臭"),
    "交通": ("公交不停站", "红绿灯时间太短", "道路拥堵", "出租车拒载", "公交班次少"),
    "教育": ("学校乱收费", "幼儿园入学难", "老师有偿补课", "学区划分不合理", "课后服务"),
}
PLACES = ("东门", "西路", "新村", "花园小区", "广场", "大桥", "南站")


def texts(count: int, seed: int = 1) -> tuple[list[Example], list[str]]:
    rng = random.Random(seed)
    examples, labels = [], []
    for _ in range(count):
        label = rng.choice(list(SUBJECTS))
        subject, place = rng.choice(SUBJECTS[label]), rng.choice(PLACES)
        examples.append(Example(f"{place}{subject}", f"{place}一带{subject}，希望有关部门尽快处理，谢谢。"))
        labels.append(label)
    return examples, labels


def test_it_learns_guesses_and_says_by_which_words() -> None:
    learned = Learned.learn(*texts(150))
    examples, labels = texts(60, seed=2)
    guesses = learned.guess(examples, explain=True)
    right = [guess.label == label for guess, label in zip(guesses, labels, strict=True)]
    assert sum(right) / len(right) > 0.95
    assert all(0 <= guess.confidence <= 1 for guess in guesses)
    assert guesses[0].words
    unsure = learned.guess([Example("你好", "咨询一下")])[0]
    assert unsure.confidence < min(guess.confidence for guess, good in zip(guesses, right, strict=True) if good)


def test_too_little_is_said_to_be_too_little() -> None:
    with pytest.raises(model.TooLittle):
        Learned.learn([Example("a", "b")] * 20, ["one"] * 20)
    with pytest.raises(model.TooLittle):
        Learned.learn([], [])


def test_scores_by_hand() -> None:
    scores = model.score(["a", "a", "b", "b"], ["a", "a", "b", "a"], [0.9, 0.8, 0.7, 0.6])
    assert (scores.accuracy, scores.coverage, scores.threshold) == (0.75, 0.75, 0.7)
    none = model.score(["a"], ["b"], [0.9])
    assert (none.coverage, none.threshold) == (0, 1.1)


def write(path: Path, count: int, seed: int) -> Path:
    examples, labels = texts(count, seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["title", "body", "topic"])
        rows.writerows([e.title, e.body, label] for e, label in zip(examples, labels, strict=True))
    return path


@pytest.mark.django_db
def test_evaluation_prints_its_figures_and_touches_no_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, test = write(tmp_path / "train.csv", 150, 1), write(tmp_path / "test.csv", 60, 2)
    call_command("evaluate_dispatch", "--train", str(train), "--test", str(test))
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result) == {"accuracy", "macro_f1", "coverage_at_97", "seconds"}
    assert result["macro_f1"] > 0.95
    assert not DispatchModel.objects.exists()


@pytest.mark.parametrize("content", [b"", b"title,body\na,b\n", b"\xff\xfe\x00", b"title,body,topic\na,b,c\n"])
def test_evaluation_of_a_bad_file_is_one_line(content: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content)
    good = write(tmp_path / "good.csv", 60, 1)
    with pytest.raises(CommandError) as refused:
        call_command("evaluate_dispatch", "--train", str(bad), "--test", str(good))
    assert refused.value.returncode == 2


def answer_many() -> None:
    departments = {
        "环保": scene.department("市生态环境局"),
        "交通": scene.department("市公共交通总公司"),
        "教育": scene.department("市教育局"),
    }
    for serial, (example, label) in enumerate(zip(*texts(140), strict=True)):
        phone = f"1001239{serial:04d}"  # each its own, or they would all be looked at as one frequent caller's
        ticket = scene.call(title=example.title, description=example.body, caller_phone=phone)
        scene.do(ticket, "dispatch", scene.DISPATCHER, department=departments[label])
    Ticket.objects.update(answered_at=timezone.now(), status=Status.FOLLOW_UP)


many_answered = scene.Kept(answer_many)


@pytest.fixture
def answered(db: None, settings: Any, tmp_path: Path) -> list[Ticket]:
    """Tickets whose text tells the department, while the directory names another one throughout."""
    settings.MEDIA_ROOT = tmp_path
    many_answered.set()
    return list(Ticket.objects.order_by("pk"))


def test_a_better_model_is_used_and_explains_itself(answered: list[Ticket]) -> None:
    row = training.train()
    assert row.is_used
    assert row.accuracy > 0.9 > row.floor_accuracy
    ticket = scene.call(
        title="花园小区工厂排放废气", description="花园小区一带工厂排放废气，希望有关部门尽快处理，谢谢。"
    )
    proposal = suggest.for_ticket(ticket)
    assert proposal is not None
    assert (str(proposal.department), proposal.source) == ("市生态环境局", Source.LEARNED)
    assert "废气" in proposal.reason or "排放" in proposal.reason
    scene.do(ticket, "dispatch", scene.DISPATCHER, department=proposal.department)
    kept = Suggestion.objects.get(ticket=ticket)
    assert (kept.source, kept.suggested, kept.chosen) == (Source.LEARNED, proposal.department, proposal.department)


def test_it_abstains_where_it_is_unsure_and_the_directory_speaks(answered: list[Ticket]) -> None:
    training.train()
    vague = suggest.for_ticket(scene.call(title="咨询", description="你好，想问一下情况。"))
    assert vague is not None
    assert vague.source == Source.DIRECTORY


def test_a_precedent_speaks_before_what_was_learned(answered: list[Ticket]) -> None:
    training.train()
    words = {"title": "花园小区工厂排放废气", "description": "工厂排放废气，油烟污染严重。"}
    scene.do(scene.ticket_in(Status.RULING, **words), "rule", scene.MANAGER)
    proposal = suggest.for_ticket(scene.call(**words))
    assert proposal is not None
    assert proposal.source == Source.PRECEDENT


def test_a_model_that_is_no_better_than_the_directory_is_kept_and_not_used(answered: list[Ticket]) -> None:
    first = training.train()
    again = training.train()
    assert not again.is_used, "no better than the one before"
    assert DispatchModel.objects.get(is_used=True) == first


class Runs:
    """Runs code where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def damaged(row: DispatchModel, damage: str, tmp_path: Path) -> None:
    """Has the row name a file that is not what was written for it."""
    path = Path(row.file.path)
    if damage == "missing":
        path.unlink()
    elif damage == "changed":
        path.write_bytes(path.read_bytes()[:-10] + b"0123456789")
    elif damage == "code":
        path.write_bytes(pickle.dumps(Runs(tmp_path / "ran")))
        row.digest = store.signed(path.read_bytes())
    elif damage == "unsigned":
        row.digest = hashlib.sha256(path.read_bytes()).hexdigest()
    elif damage == "of another installation":
        row.digest = store.signed(path.read_bytes(), "another key")
    elif damage == "of another model":
        packed = packing.pack(replace(Learned.learn(*texts(150)), labels=np.arange(9)))
        path.write_bytes(packed)
        row.digest = store.signed(packed)
    else:
        row.file.name = {"elsewhere": "../../../etc/hostname", "nowhere": "", "a folder": "models"}[damage]
    row.curve = [{"confidence": "x"}, 7]
    row.save()
    store.forget()


DAMAGES = (
    "missing", "changed", "code", "unsigned", "of another installation", "of another model", "elsewhere", "nowhere",
    "a folder",
)  # fmt: skip


def test_a_file_that_is_not_ours_falls_back_says_so_and_stops_nothing(
    answered: list[Ticket], signed_in: Callable[[str], Client], tmp_path: Path
) -> None:
    row, client = training.train(), signed_in(scene.DISPATCHER)
    ticket = scene.call(title="花园小区工厂排放废气", description="工厂排放废气。")
    for damage in DAMAGES:
        damaged(row, damage, tmp_path)
        proposal = suggest.for_ticket(ticket)
        assert proposal is not None
        assert proposal.source == Source.DIRECTORY, damage
        assert not (tmp_path / "ran").exists(), "nothing of a file is ever run"
        assert "缺失或损坏" in client.get(reverse("suggestions")).content.decode(), damage
        assert "missing or damaged" in " ".join(client.get("/healthz").json()["notices"]), damage
        for address in (reverse("dispatch-queue"), "/api/v1/tickets/"):
            assert client.get(address).status_code == 200, (damage, address)
        assert automation.run() == 0
        row = training.train()
        assert row.is_used, "what cannot be read is beaten by anything that learned"
        assert "damaged" not in " ".join(client.get("/healthz").json()["notices"])


def test_a_model_survives_a_changed_key_as_long_as_the_old_one_is_named(answered: list[Ticket], settings: Any) -> None:
    training.train()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = (
        "a new key of more than thirty-two signs",
        [settings.SECRET_KEY],
    )
    store.forget()
    assert store.current()[1] is not None
    settings.SECRET_KEY_FALLBACKS = []
    store.forget()
    assert store.current()[1] is None


def test_what_was_learned_is_the_same_from_its_file() -> None:
    for labels in (3, 2):
        examples, known = texts(200)
        kept = [pair for pair in zip(examples, known, strict=True) if pair[1] in list(SUBJECTS)[:labels]]
        learned = Learned.learn([example for example, _label in kept], [label for _example, label in kept])
        asked = texts(40, seed=3)[0]
        again = packing.unpack(packing.pack(learned))
        assert again.guess(asked, explain=True) == learned.guess(asked, explain=True)


def test_a_department_that_takes_no_tickets_is_not_suggested(answered: list[Ticket]) -> None:
    training.train()
    closed = scene.department("市生态环境局")
    closed.is_open = False
    closed.save()
    proposal = suggest.for_ticket(scene.call(title="花园小区工厂排放废气", description="工厂排放废气。"))
    assert proposal is None or proposal.department != closed


def test_the_queue_costs_two_queries_more_however_long(
    answered: list[Ticket], signed_in: Callable[[str], Client], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    training.train()
    for example in texts(20, seed=5)[0]:
        scene.call(title=example.title, description=example.body)
    client = signed_in(scene.DISPATCHER)
    client.get(reverse("dispatch-queue"))
    with django_assert_max_num_queries(15):
        assert "据历史工单" in client.get(reverse("dispatch-queue")).content.decode()


def test_the_measures_are_counted(answered: list[Ticket], signed_in: Callable[[str], Client]) -> None:
    from dispatch.learned import measures

    (line,) = measures.by_source()
    assert (line.made, line.taken, line.answered) == (140, 0, 140)
    assert (line.suggestion_right, line.choice_right) == (0, 140)
    assert measures.first_dispatch()["share"] == "100.0%"
    DirectoryEntry.objects.update(withdrawn_in=F("brought_in"))
    scene.do(scene.call(), "dispatch", scene.DISPATCHER)
    assert len(measures.by_source()) == 2
    for username, code in ((scene.MANAGER, 200), (scene.DISPATCHER, 200), (scene.CLERK, 403)):
        assert signed_in(username).get(reverse("suggestions")).status_code == code


@pytest.mark.django_db
def test_training_on_nothing(settings: Any, tmp_path: Path) -> None:
    from dispatch.tasks import train

    settings.MEDIA_ROOT = tmp_path
    with pytest.raises(CommandError):
        call_command("train_dispatch")
    train()
    assert not DispatchModel.objects.exists()


# -- categories ----------------------------------------------------------------------------------------------


@pytest.fixture
def categorised(answered: list[Ticket]) -> dict[str, Category]:
    """The same tickets, each with a category that no keyword of its text points to."""
    categories = dict(zip(SUBJECTS, [one for one in Category.objects.all() if one.level == 3], strict=False))
    Category.objects.update(keywords="")
    for ticket, label in zip(answered, texts(140)[1], strict=True):
        Ticket.objects.filter(pk=ticket.pk).update(category=categories[label])
    suggest.forget()
    return categories


def test_categories_are_learned_beside_departments_and_say_why(
    categorised: dict[str, Category], signed_in: Callable[[str], Client], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("train_dispatch")
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["category"]["in_use"]
    assert figures["category"]["accuracy"] > 0.9 > figures["category"]["floor_accuracy"]
    assert DispatchModel.objects.filter(is_used=True).count() == 2, "one for each"
    title, text = "花园小区工厂排放废气", "花园小区一带工厂排放废气，希望有关部门尽快处理，谢谢。"
    proposal = categorising.for_text(title, text)
    assert proposal is not None
    assert proposal.category == categorised["环保"]
    shown = signed_in(scene.OPERATOR).post(reverse("call-panel"), {"title": title, "description": text})
    assert str(categorised["环保"]) in shown.content.decode()
    assert "据历史工单" in shown.content.decode()


def test_a_retired_category_is_never_proposed(categorised: dict[str, Category]) -> None:
    training.train(Learns.CATEGORY)
    retired = categorised["环保"]
    Category.objects.filter(pk=retired.pk).update(keywords="废气")
    categorising.forget()
    words = "花园小区工厂排放废气", "花园小区一带工厂排放废气，希望有关部门尽快处理，谢谢。"
    assert categorising.by_keywords(*words) is not None, "remembered with its keywords"
    Category.objects.filter(pk=retired.pk).update(is_used=False)
    assert categorising.for_text(*words) is None


def test_keywords_propose_where_nothing_was_learned_or_it_is_unsure_or_broken(
    categorised: dict[str, Category], signed_in: Callable[[str], Client], tmp_path: Path
) -> None:
    other = Category.objects.exclude(pk__in=[one.pk for one in categorised.values()]).order_by("-code")[0]
    Category.objects.filter(pk=other.pk).update(keywords="发票 废气")
    suggest.forget()
    by_keywords = categorising.for_text("要发票", "饭店不给开发票")
    assert by_keywords is not None
    assert (by_keywords.category, by_keywords.reason) == (other, "关键词：发票")
    Category.objects.filter(pk=other.pk).update(keywords="发票 废气 12345")
    suggest.forget()
    assert categorising.by_keywords("", "车牌鄂K12345，电话13812345678") is None, "no number's part is a keyword"
    assert categorising.by_keywords("", "打12345没人接") is not None
    row = training.train(Learns.CATEGORY)
    unsure = categorising.for_text("要发票", "饭店不给开发票")
    assert unsure is not None
    assert unsure.category == other
    damaged(row, "unsigned", tmp_path)
    broken = categorising.for_text("花园小区工厂排放废气", "工厂排放废气。")
    assert broken is not None
    assert broken.category == other
    client = signed_in(scene.DISPATCHER)
    assert "按关键词推荐" in client.get(reverse("suggestions")).content.decode()
    assert "the category model is missing or damaged" in " ".join(client.get("/healthz").json()["notices"])


def test_imported_tickets_teach_no_categories(categorised: dict[str, Category]) -> None:
    """Their category was taken from the keywords, and would only teach what the keywords say."""
    for ticket in Ticket.objects.all():
        Ticket.objects.filter(pk=ticket.pk).update(import_key=f"import:{ticket.pk}")
    with pytest.raises(model.TooLittle):
        training.train(Learns.CATEGORY)


def test_many_labels_take_no_more_room() -> None:
    for labels in (2, 45, 173, 400):
        views = model.Views(labels)
        assert views.title.max_features * labels <= model.MOST_WEIGHTS
        assert views.body[0].n_features * labels <= model.MOST_WEIGHTS


@pytest.mark.django_db
def test_the_evaluation_of_categories_prints_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, test = write(tmp_path / "train.csv", 150, 1), write(tmp_path / "test.csv", 60, 2)
    call_command("evaluate_categories", "--train", str(train), "--test", str(test))
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(result) == {"accuracy", "macro_f1", "coverage_at_97", "seconds"}
    assert result["macro_f1"] > 0.95
