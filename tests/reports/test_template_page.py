"""The set-up page of the report template: tried before it is used, refused in words, taken back with one button."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from docx import Document

from hotline import disk
from reports.files import example, official, shipped, template, word
from reports.models import ReportTemplate
from tests import scene
from tests.reports.test_files import changed

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(signed_in: Callable[[str], Client]) -> Client:
    return signed_in(scene.ADMIN)


def load(client: Client, content: bytes, name: str = "本市模板.docx") -> Any:
    return client.post(reverse("report-template"), {"file": SimpleUploadedFile(name, content)})


def larger() -> bytes:
    def restyle(document: Any) -> None:
        document.styles[official.MASTHEAD].font.size = 40 * 12700

    return changed(("{{ 发文机关标志 }}", "民声快报"), also=restyle)


def heads() -> list[str]:
    return [one.text for one in Document(io.BytesIO(word.as_docx(example.paper(), []))).paragraphs][:2]


def test_a_good_template_is_used_a_broken_one_changes_nothing_and_ours_comes_back(client: Client) -> None:
    address = reverse("report-template")
    assert "系统自带" in client.get(address).content.decode()
    assert load(client, larger()).status_code == 302
    assert heads()[0] == "民声快报"
    assert "本市模板.docx" in client.get(address).content.decode()
    refused = load(client, changed(("{{ 标题 }}", "{{ 标提 }}")))
    assert refused.status_code == 422
    assert "正文“{{ 标提 }}”处：没有名为“标提”的字段。" in refused.content.decode()
    assert heads()[0] == "民声快报", "the one in use stays"
    current = client.get(reverse("report-template-file", args=["current"]))
    assert Document(io.BytesIO(current.content)).paragraphs[0].text == "民声快报"
    assert client.get(reverse("report-template-file", args=["shipped"])).content == shipped.PATH.read_bytes()
    tried = client.get(reverse("report-template-file", args=["example"])).content
    assert Document(io.BytesIO(tried)).paragraphs[0].text == "民声快报"
    client.post(reverse("report-template-back"))
    assert "工作简报" in heads()[0]
    assert ReportTemplate.objects.count() == 2, "it is known by which a paper was made"


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "这不是 Word 文档"), (b"%PDF-1.7", "这不是 Word 文档"), (b"0" * (template.LARGEST + 1), "文件超过 5 MB"),
     (b"0" * (21 * 2**20), "文件超过 5 MB")],
)  # fmt: skip
def test_what_is_no_template_is_refused_in_words(client: Client, content: bytes, said: str) -> None:
    answer = load(client, content)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not ReportTemplate.objects.exists()


def test_a_form_without_a_file_and_a_full_disk_are_told(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.post(reverse("report-template"), {"file": ""}).status_code == 422
    monkeypatch.setattr(disk, "free_bytes", lambda: 0)
    full = load(client, larger())
    assert full.status_code == 422
    assert str(disk.FULL)[:6] in full.content.decode()
    assert not ReportTemplate.objects.exists()


def test_a_template_in_use_that_does_not_do_any_more_stops_no_report(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    broken = changed(("{{ 标题 }}", "{{ 旧字段 }}"))
    ReportTemplate.objects.create(name="old", content=broken, loaded_by=scene.user(scene.ADMIN))
    assert heads()[1] == "总第12期" or "工作简报" in heads()[0]
    assert "旧字段" in caplog.text


def test_only_who_sets_up_comes_here(signed_in: Callable[[str], Client]) -> None:
    for role in (scene.MANAGER, scene.OPERATOR):
        assert signed_in(role).get(reverse("report-template")).status_code == 403
        assert signed_in(role).get(reverse("report-template-file", args=["current"])).status_code == 403
        assert signed_in(role).post(reverse("report-template-back")).status_code == 403
    assert signed_in(scene.ADMIN).get(reverse("report-template-file", args=["other"])).status_code == 404
