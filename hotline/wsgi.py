import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from hotline.waiting import patience

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hotline.settings")
patience.adopt(patience.WEB)
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018 - reads in all pages now, so that the first request does not wait for it
