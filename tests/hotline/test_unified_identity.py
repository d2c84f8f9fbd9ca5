"""Sign-in by a city's unified identity, against a provider that speaks OpenID Connect on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from oidc_provider_mock import run_server_in_thread

from hotline.accounts.models import AccountEvent, ApiToken, Authenticator, User
from hotline.accounts.views import DEMO_PASSWORD
from hotline.ledger.models import Entry
from hotline.unified.models import Identity
from tests import scene

pytestmark = [pytest.mark.django_db, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # the provider's own
Arrive = Callable[..., Any]
ROLES = {"hotline-operator": "operator", "hotline-staff": "staff", "hotline-admin": "administrator"}
OPERATOR = {"preferred_username": "wang.fang", "name": "王芳", "roles": ["offline_access", "hotline-operator"]}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with run_server_in_thread() as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def arrive(provider: str, settings: Any) -> Iterator[Arrive]:
    """Somebody goes to the provider, signs in there and comes back, with the claims that the provider has of them."""
    settings.OIDC_ISSUER, settings.OIDC_ROLES = provider, ROLES
    settings.OIDC_RP_CLIENT_ID, settings.OIDC_RP_CLIENT_SECRET = "hotline", "geheim"
    settings.OIDC_DEPARTMENTS = {"ZJJ": scene.DEPARTMENT}

    def go(subject: str, claims: dict[str, Any] | None, client: Client | None = None, *, to: str = "") -> Any:
        client = client or Client()
        if claims is not None:
            requests.put(f"{provider}/users/{subject}", json=claims, timeout=10).raise_for_status()
        way = client.get(reverse("unified-sign-in"), {"next": to} if to else {})
        answer = requests.post(way.headers["Location"], data={"sub": subject}, allow_redirects=False, timeout=10)
        parts = urlsplit(answer.headers["Location"])
        assert parts.path == reverse("unified-back")
        return client.get(f"{parts.path}?{parts.query}")

    yield go
    cache.clear()


def says(answer: Any) -> str:
    return answer.content.decode()


def test_who_has_a_role_there_gets_an_account_here(arrive: Arrive) -> None:
    client = Client()
    answer = arrive("u1", OPERATOR, client, to=reverse("my-tickets"))
    assert answer.headers["Location"] == reverse("my-tickets")
    assert client.get(reverse("my-tickets")).status_code == 200
    user = User.objects.get(username="wang.fang")
    assert (user.full_name, user.role, user.has_usable_password()) == ("王芳", "operator", False)
    assert user.sign_ins.count() == 1
    admin = Client()
    admin.force_login(scene.user(scene.ADMIN))
    assert "统一身份认证" in says(admin.get(reverse("person", args=[user.pk]))), "who sets up is told"
    arrive("u1", OPERATOR | {"name": "王方", "preferred_username": "other"})
    user.refresh_from_db()
    assert (user.full_name, User.objects.filter(username="other").exists()) == ("王方", False), (
        "known by issuer and subject"
    )


def test_role_and_department_follow_what_is_given(arrive: Arrive, settings: Any) -> None:
    clerk = {"preferred_username": "li.jun", "name": "李军", "roles": ["hotline-staff"], "department": "ZJJ"}
    assert arrive("u2", clerk | {"department": "没有这个单位"}).status_code == 403
    assert not User.objects.filter(username="li.jun").exists(), "nothing half done"
    arrive("u2", clerk)
    user = User.objects.get(username="li.jun")
    assert (user.role, str(user.department)) == ("staff", scene.DEPARTMENT)
    arrive("u2", clerk | {"department": scene.OTHER_DEPARTMENT})
    user.refresh_from_db()
    assert str(user.department) == scene.OTHER_DEPARTMENT, "by its name"
    arrive("u2", clerk | {"roles": "hotline-operator"})
    user.refresh_from_db()
    assert user.role == "operator"
    kinds = list(AccountEvent.objects.filter(person=user).order_by("pk").values_list("kind", flat=True))
    assert kinds == ["unified_made", "unified_changed"]
    written = Entry.objects.filter(deed="changed", of="account", key=str(user.pk)).order_by("id").last()
    assert written is not None
    assert (written.who, "role: staff → operator" in written.told) == (settings.OIDC_ISSUER, True)


def test_who_loses_the_role_loses_entry_and_is_told_why(arrive: Arrive) -> None:
    client = Client()
    arrive("u3", OPERATOR | {"preferred_username": "u3"}, client)
    user = User.objects.get(username="u3")
    ApiToken.objects.create(user=user, name="x")
    told = arrive("u3", {"preferred_username": "u3", "roles": ["offline_access"]})
    assert told.status_code == 403
    assert "offline_access" in says(told)
    user.refresh_from_db()
    assert not user.is_active
    assert not ApiToken.objects.filter(user=user).exists()
    assert client.get(reverse("my-tickets")).status_code == 302, "where they were signed in they are no longer"
    assert Entry.objects.filter(deed="refused", page="unified-back").exists()
    arrive("u3", OPERATOR | {"preferred_username": "u3"})
    user.refresh_from_db()
    assert user.is_active, "what the provider closed it opens again"
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert "管理员" in says(arrive("u3", OPERATOR | {"preferred_username": "u3"}))
    assert not User.objects.get(pk=user.pk).is_active, "what an administrator closed it does not"


def test_a_provider_that_lies_about_a_role_gives_nothing(arrive: Arrive, settings: Any) -> None:
    admin = {"preferred_username": "boss", "roles": ["hotline-admin"]}
    for claims in (
        admin, admin | {"roles": ["administrator"]}, admin | {"roles": ["hotline-admin", "hotline-operator"]},
        admin | {"roles": {"hotline-operator": True}}, admin | {"roles": None}, admin | {"preferred_username": ""},
    ):  # fmt: skip
        answer = arrive("u4", claims)
        assert answer.status_code == 403, claims
    assert not User.objects.filter(username="boss").exists()
    assert not Identity.objects.filter(subject="u4").exists()
    for username in (scene.ADMIN, scene.OPERATOR):
        taken = arrive("u5", OPERATOR | {"preferred_username": username})
        assert "其他账号" in says(taken), "an account with a password of its own is nobody else's"
    settings.OIDC_ADMINISTRATORS = True
    arrive("u4", admin)
    assert User.objects.get(username="boss").role == "administrator"
    settings.OIDC_ADMINISTRATORS = False
    assert arrive("u4", OPERATOR).status_code == 403
    assert User.objects.get(username="boss").role == "administrator", "an administrator's account is left alone"


@pytest.mark.parametrize("subject", ["x" * 256, "a\0b"])
def test_a_subject_that_is_none_and_claims_of_another_make_are_no_fault_of_ours(subject: str, arrive: Arrive) -> None:
    assert arrive(subject, OPERATOR).status_code == 400
    assert not Identity.objects.exists()
    arrive("u10", OPERATOR | {"preferred_username": 20240001, "name": ["王芳"], "roles": [["x"], "hotline-operator"]})
    user = User.objects.get(username="20240001")
    assert user.full_name == "20240001", "what is no name is none"


def test_what_an_administrator_closes_stays_closed_whoever_closed_it_before(arrive: Arrive) -> None:
    person = OPERATOR | {"preferred_username": "u11"}
    arrive("u11", person)
    arrive("u11", person | {"roles": []})
    for is_active in (True, False):  # an administrator opens it by hand, and has a reason to close it later
        user = User.objects.get(username="u11")
        user.is_active = is_active
        user.save(update_fields=["is_active"])
    assert "管理员" in says(arrive("u11", person))
    assert not User.objects.get(username="u11").is_active


def test_an_account_from_a_sheet_is_taken_over_by_its_user_name(arrive: Arrive) -> None:
    laid_in = User.objects.create(username="zhang.san", full_name="张三", role="operator", password="!x")
    arrive("u6", OPERATOR | {"preferred_username": "Zhang.San", "name": "张三"})
    assert Identity.objects.get(subject="u6").user == laid_in
    assert arrive("u7", OPERATOR | {"preferred_username": "zhang.san"}).status_code == 403, "only once"


def test_a_second_factor_is_theirs_or_ours(arrive: Arrive, settings: Any) -> None:
    settings.SECOND_FACTOR_ROLES, settings.OIDC_SECOND_FACTOR = ["operator"], ["mfa"]
    client = Client()
    arrive("u8", OPERATOR | {"preferred_username": "u8"}, client)
    assert client.get(reverse("my-tickets")).headers["Location"] == reverse("account-security"), "ours is owed"
    user = User.objects.get(username="u8")
    Authenticator.objects.create(user=user, secret="x", confirmed_at=user.date_joined)
    assert arrive("u8", None).headers["Location"] == reverse("sign-in-code")
    strong = Client()
    arrive("u8", OPERATOR | {"preferred_username": "u8", "amr": ["pwd", "mfa"]}, strong)
    assert strong.get(reverse("my-tickets")).status_code == 200, "the provider asked for one"


@pytest.mark.parametrize(
    "lie", ["another issuer", "another client", "no state", "twice", "denied", "denied to nobody", "away"]
)
def test_an_answer_that_cannot_be_believed_lets_nobody_in(lie: str, arrive: Arrive, settings: Any) -> None:
    from hotline.unified import provider as ours

    client = Client()
    settings.OIDC_RP_CLIENT_ID = "hotline"
    address = client.get(reverse("unified-sign-in")).headers["Location"]
    back = requests.post(address, data={"sub": "u9"}, allow_redirects=False, timeout=10).headers["Location"]
    query = urlsplit(back).query
    if lie == "another issuer":
        cache.set(f"unified:{(issuer := 'http://localhost:1')}", ours.described())
        settings.OIDC_ISSUER = issuer
    if lie == "another client":
        settings.OIDC_RP_CLIENT_ID = "another"
    if lie == "no state":
        client = Client()
    if lie == "denied to nobody":  # whoever asks for nothing writes nothing into the audit log
        client = Client()
    if lie.startswith("denied"):
        query = query.replace("code=", "error=access_denied&x=")
    if lie == "away":
        settings.OIDC_ISSUER = "http://localhost:1"
    if lie == "twice":
        client.get(f"{reverse('unified-back')}?{query}")
    answer = client.get(f"{reverse('unified-back')}?{query}")
    assert answer.status_code == {
        "no state": 302, "twice": 302, "denied": 403, "denied to nobody": 302, "away": 503
    }.get(lie, answer.status_code)  # fmt: skip
    assert answer.status_code >= 400 or "again=1" in answer.headers["Location"]
    assert client.get(reverse("my-tickets")).status_code == 302
    assert not Identity.objects.filter(subject="u9").exists()


def test_the_button_is_there_when_it_is_on_and_passwords_go_on(arrive: Arrive, settings: Any, client: Client) -> None:
    assert reverse("unified-sign-in") in says(client.get(reverse("sign-in")))
    signed = client.post(reverse("sign-in"), {"username": scene.ADMIN, "password": DEMO_PASSWORD})
    assert signed.headers["Location"] == reverse("home"), "the emergency administrator needs no provider"
    settings.OIDC_ISSUER = ""
    nobody = Client()
    assert reverse("unified-sign-in") not in says(nobody.get(reverse("sign-in")))
    for name in ("unified-sign-in", "unified-back"):
        assert nobody.get(reverse(name), {"code": "x", "state": "y"}).headers["Location"] == reverse("sign-in")
