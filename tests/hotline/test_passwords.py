"""What may be a password: a list of common ones, and what others can guess of its owner; everywhere one is set."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from hotline.accounts import hashing
from hotline.accounts.models import User
from hotline.accounts.views import DEMO_PASSWORD
from tests import scene

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Client]
GUESSED = {  # by 张卫东 (zhangwd) of 孝南区城市管理局, telephone 13871234567
    "zhangweidong1": "您的姓名",
    "Zhang.Wei.Dong88": "您的姓名",
    "weidongzhang!!": "您的姓名",
    "张卫东张卫东12345": "您的姓名",
    "zwd13871234567": "您的电话",
    "1234567zhangwd": "您的用户名",
    "csgljcsglj2026": "您的单位",
    "chengshiguanliju1": "您的单位",
    "xiaogan-12345": "城市名称",
    "Rexian12345!": "热线用语",
    "1qaz2wsx3edc": "键盘",
    "qwertyuiop!!": "键盘",
    "aaaaaaaa-9876": "键盘",
    "P@ssw0rd2026!": "常用密码",
    "woaini20252026": "常用密码",
}
GOOD = (
    "Eigenes-20260420",
    "horse battery staple 12345",
    "zhangweidong liebt den regen",
    "清晨六点半的荷塘边上有雾",
    "k8#vQ2zP!m",
)


@pytest.fixture
def owner() -> User:
    clerk = scene.user(scene.CLERK)
    clerk.full_name, clerk.username, clerk.phone = "张卫东", "zhangwd", "13871234567"
    assert clerk.department is not None
    clerk.department.name = "城市管理局"
    return clerk


def test_what_others_can_guess_is_refused_and_named(owner: User) -> None:
    for password, said in GUESSED.items():
        with pytest.raises(ValidationError) as refused:
            validate_password(password, owner)
        assert said in " ".join(refused.value.messages), password
    for password in (*GOOD, *(hashing.drawn()[0] for _n in range(20))):
        validate_password(password, owner)


def test_a_name_that_is_read_in_several_ways_is_known_by_each(owner: User) -> None:
    owner.full_name = "单雄信"
    for password in ("shanxiongxin1", "danxiongxin12"):
        with pytest.raises(ValidationError, match="您的姓名"):
            validate_password(password, owner)


def test_a_long_password_is_looked_at_at_once(owner: User) -> None:
    validate_password(("zhang-wei." * 40)[:250] + "k8vQ2z", owner)


def test_the_same_rules_hold_wherever_a_password_is_set(signed_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = scene.user(scene.CLERK)
    bad = f"{clerk.username}-2026"
    own = {"old_password": DEMO_PASSWORD, "new_password1": bad, "new_password2": bad}
    page = signed_in(scene.CLERK).post(reverse("password"), own)
    assert "您的用户名" in page.content.decode()
    admin, sent = signed_in(scene.ADMIN), {"password1": bad, "password2": bad, "usable_password": "true"}
    given = admin.post(reverse("admin:auth_user_password_change", args=[clerk.pk]), sent)
    assert given.status_code == 200
    new = {**sent, "username": clerk.username + "2", "full_name": "新人", "role": "operator"}
    assert admin.post(reverse("admin:accounts_user_add"), new).status_code == 200
    clerk.refresh_from_db()
    assert clerk.check_password(DEMO_PASSWORD)
    monkeypatch.setenv("HOTLINE_ADMIN_PASSWORD", "lizhuren-2026")
    with pytest.raises(CommandError, match="您的姓名"):
        call_command("create_administrator", "chief", "李主任")
    assert not User.objects.filter(username="chief").exists()
