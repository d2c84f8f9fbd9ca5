"""Every address: each room's pages are listed by the room itself."""

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, PasswordChangeView
from django.urls import include, path, reverse_lazy
from django.utils.translation import gettext_lazy as _
from drf_spectacular.views import SpectacularAPIView
from rest_framework.authtoken.views import obtain_auth_token

from hotline import health, language, shell
from hotline.accounts.views import SignInView

urlpatterns = [
    path("", shell.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("sign-in/", SignInView.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(next_page=reverse_lazy("sign-in")), name="sign-out"),
    path(
        "password/",
        PasswordChangeView.as_view(template_name="accounts/password.html", success_url=reverse_lazy("home")),
        name="password",
    ),
    path("language/", login_not_required(language.switch_language), name="language"),
    path("", include("tickets.urls")),
    path("", include("dispatch.urls")),
    path("", include("supervision.urls")),
    path("", include("reports.urls")),
    path("api/v1/", include("tickets.api_urls")),
    path("api/v1/token/", login_not_required(obtain_auth_token), name="api-token"),
    path("api/schema/", SpectacularAPIView.as_view(), name="api-schema"),
    path("admin/", admin.site.urls),
]

admin.site.site_header = admin.site.site_title = _("Set-up")
admin.site.index_title = settings.CITY_NAME + " 12345"

handler403 = "hotline.errors.forbidden"
handler404 = "hotline.errors.not_found"
handler500 = "hotline.errors.broken"
