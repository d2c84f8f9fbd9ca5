"""Every address: each room's pages are listed by the room itself."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.views import SpectacularAPIView

from hotline import drafts, finding, health, language, numbers, shell
from hotline.accounts.api import TokenView
from hotline.accounts.safety.pages import account_security, sign_in_code
from hotline.accounts.views import PasswordView, SignInView, SignOutView, revoke_token, token_page
from hotline.administering.pages import role_request_page, work_session_page
from hotline.handbook.pages import guide, own_guide
from hotline.ledger import pages as ledger_pages
from hotline.setting_up import home, people, table_pages
from hotline.unified import pages as unified

urlpatterns = [
    path("", shell.home, name="home"),
    path("set-up/", home.set_up, name="set-up"),
    path("set-up/people/", people.people, name="people"),
    path("set-up/people/new/", people.new_person, name="new-person"),
    path("set-up/people/passwords/", people.passwords, name="people-passwords"),
    path("set-up/people/roles/", role_request_page, name="role-requests"),
    path("set-up/people/<int:pk>/", people.one_person, name="person"),
    path("set-up/tables/<slug:name>/", table_pages.rows, name="set-up-table"),
    path("set-up/tables/<slug:name>/new/", table_pages.add, name="set-up-add"),
    path("set-up/tables/<slug:name>/<int:pk>/", table_pages.row, name="set-up-row"),
    path("working-sessions/", work_session_page, name="work-sessions"),
    path("audit-log/", ledger_pages.ledger, name="ledger"),
    path("healthz", health.healthz, name="healthz"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-in/code/", sign_in_code, name="sign-in-code"),
    path("sign-in/unified/", unified.to_provider, name="unified-sign-in"),
    path("sign-in/unified/back/", unified.back, name="unified-back"),
    path("account/", account_security, name="account-security"),
    path("sign-out/", SignOutView.as_view(), name="sign-out"),
    path("password/", PasswordView.as_view(), name="password"),
    path("tokens/", token_page, name="tokens"),
    path("tokens/<slug:digest>/revoke/", revoke_token, name="revoke-token"),
    path("help/", own_guide, name="help"),
    path("help/<slug:role>/", guide, name="guide"),
    path("find/", finding.find, name="find"),
    path("drafts/key/", drafts.key, name="draft-key"),
    path("numbers/", numbers.numbers, name="numbers"),
    path("language/", login_not_required(language.switch_language), name="language"),
    path("", include("tickets.urls")),
    path("", include("dispatch.urls")),
    path("", include("knowledge.urls")),
    path("", include("matters.urls")),
    path("", include("supervision.urls")),
    path("", include("reports.urls")),
    path("api/v1/", include("tickets.api_urls")),
    path("api/v1/", include("knowledge.api_urls")),
    path("api/v1/", include("supervision.api_urls")),
    path("api/v1/", include("reports.api_urls")),
    path("api/v1/token/", TokenView.as_view(), name="api-token"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("admin/", admin.site.urls),
]

admin.site.site_header = admin.site.site_title = _("Set-up")
admin.site.index_title = settings.CITY_NAME + " 12345"

handler400 = "hotline.errors.bad_request"
handler403 = "hotline.errors.forbidden"
handler404 = "hotline.errors.not_found"
handler500 = "hotline.waiting.pages.broken"
