"""Cookies that are not set by a page of ours, under names that bind them to this host (`HOST_COOKIE`)."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class BoundCookieStorage(CookieStorage):
    cookie_name = f"{settings.HOST_COOKIE}messages"


class Messages(FallbackStorage):
    """What a page says once, on the next one."""

    storage_classes = (BoundCookieStorage, SessionStorage)
