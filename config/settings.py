"""All settings. A variable and its setting have the same name; the defaults suit `make run`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from config import env, secret_key, services

BASE_DIR = Path(__file__).resolve().parent.parent
env.load_file(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))

# --- the installation ----------------------------------------------------------------------------

DEBUG = env.boolean("DEBUG", help="Show errors in the browser. Never on a server.")
DATA_DIR = (
    BASE_DIR
    / Path(
        env.text(
            "DATA_DIR",
            "var",
            help="Folder of all state: database, media, work files, generated secret key.",
        )
    ).expanduser()
)
MEDIA_ROOT = DATA_DIR / "media"
WORK_DIR = DATA_DIR / "work"
for folder in (DATA_DIR, MEDIA_ROOT, WORK_DIR):
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{folder} cannot be made ({error.strerror}). Set DATA_DIR to a folder you may write."
        ) from error

SECRET_KEY = env.secret(
    "SECRET_KEY", help="Signs sessions and links; generated in DATA_DIR where it is not set."
) or secret_key.read_or_create(DATA_DIR / "secret_key")

HOST = env.text("HOST", "127.0.0.1", help="Address to listen on.")
PORT = env.integer("PORT", 8000, low=0, high=65535, help="Port to listen on; 0 takes a free one.")
PUBLIC_URL = env.text(
    "PUBLIC_URL",
    help="The address people type, such as https://studio.example.com. Set means production.",
).rstrip("/")
TRUSTED_PROXIES = env.words(
    "TRUSTED_PROXIES",
    ("127.0.0.1", "::1"),
    help="Addresses or networks of your reverse proxies; with PUBLIC_URL set, X-Forwarded-For and"
    " X-Forwarded-Proto are believed from them, and from nobody else.",
)
services.proxies(TRUSTED_PROXIES)
LOG_LEVEL = env.text("LOG_LEVEL", "INFO", help="DEBUG, INFO, WARNING or ERROR.").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured(f"LOG_LEVEL={LOG_LEVEL!r}: use DEBUG, INFO, WARNING or ERROR.")

# Set by `manage.py worker` for its own processes, not by people.
IS_WORKER = os.environ.get("TAKEROOM_ROLE") == "worker"

# --- who may talk to us --------------------------------------------------------------------------

ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", help="More host names to answer to.")
CSRF_TRUSTED_ORIGINS: list[str] = []
if PUBLIC_URL:
    # Its own name alone; `config.forwarded` lets this machine ask for its own health.
    PUBLIC_HOST = services.host_name(services.public_url(PUBLIC_URL))
    ALLOWED_HOSTS.append(PUBLIC_HOST)
    CSRF_TRUSTED_ORIGINS.append(services.origin("PUBLIC_URL", PUBLIC_URL))
else:
    PUBLIC_HOST = ""
    ALLOWED_HOSTS += ["localhost", "127.0.0.1", "[::1]"]
    if HOST not in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        bare = HOST.strip("[]")
        ALLOWED_HOSTS.append(f"[{bare}]" if ":" in bare else bare)

TLS = PUBLIC_URL.startswith("https://")
HSTS_SECONDS = env.integer(
    "HSTS_SECONDS", 31_536_000, help="How long browsers insist on https; 0 turns it off."
)
if TLS:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
    SECURE_HSTS_SECONDS = HSTS_SECONDS
# Subdomains and preload lists are for the owner of the domain to decide, not for one studio.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_NAME = "takeroom_session"
CSRF_COOKIE_NAME = "takeroom_csrf"
SESSION_COOKIE_AGE = 30 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True  # scripts find the token in the page
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "media-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

UPLOAD_MAX_MB = env.integer("UPLOAD_MAX_MB", 40, low=1, high=1000, help="Largest upload, in MiB.")
UPLOAD_MAX_BYTES = UPLOAD_MAX_MB * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024  # a request body without its files: a long script
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_TEMP_DIR = str(WORK_DIR)
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700

# --- the application -----------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "csp",
    "speech",
]
# Each one is async-capable; see `config.static_files` for why that matters.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.static_files.StaticFilesMiddleware",
    "config.compression.PageCompression",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "speech.middleware.ErrorPages",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
AUTH_USER_MODEL = "speech.User"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
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
            ],
        },
    }
]
if DEBUG:
    # Read templates anew each time; otherwise only Django's own reloader would notice a change.
    TEMPLATES[0]["APP_DIRS"] = False
    TEMPLATES[0]["OPTIONS"]["loaders"] = [  # type: ignore[index]
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]

LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC", help="Zone of the times on pages, e.g. Europe/Berlin.")

# --- where things are kept -----------------------------------------------------------------------

DATABASE_URL = env.secret(
    "DATABASE_URL", help="postgres://user:password@host:5432/name. SQLite in DATA_DIR without it."
)
DATABASES = {
    "default": services.database(DATABASE_URL, worker=IS_WORKER)
    if DATABASE_URL
    else services.sqlite(DATA_DIR / "db.sqlite3", worker=IS_WORKER)
}
REDIS_URL = env.secret(
    "REDIS_URL",
    help="redis://host:6379/0 for the queue. Without it the queue lives in the database.",
)
# Nothing that must be shared is kept in the cache of one process; django-q2 leaves its own
# statistics there, and nobody reads them (they would not show a stalled worker anyway).
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / Path(
    env.text("STATIC_ROOT", str(DATA_DIR / "static"), help="Folder of the collected static files.")
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- engines -------------------------------------------------------------------------------------

SEGMIND_API_KEY = env.secret("SEGMIND_API_KEY", help="Turns the Segmind engine on.")
SEGMIND_BASE_URL = env.text(
    "SEGMIND_BASE_URL",
    "https://api.segmind.com",
    help="Segmind, or a server of your own that speaks its protocol.",
).rstrip("/")
SEGMIND_UPLOAD_URL = env.text(
    "SEGMIND_UPLOAD_URL",
    help="Where reference clips are pushed. Segmind's storage when the base URL is Segmind's,"
    " else /upload-asset at the base URL's host, so that no clip or key goes astray.",
) or services.upload_url(SEGMIND_BASE_URL)
SEGMIND_TRUSTED_HOSTS = env.words(
    "SEGMIND_TRUSTED_HOSTS",
    help="More hosts, as host or host:port, that finished audio may be fetched from although"
    " their address is private.",
)
SEGMIND_SUBMIT_WINDOW = env.integer(
    "SEGMIND_SUBMIT_WINDOW",
    8,
    low=1,
    high=1000,
    help="Requests under way at once, of all hosts together; also the most that a crash can leave"
    " in doubt.",
)
SEGMIND_IN_FLIGHT = env.integer(
    "SEGMIND_IN_FLIGHT",
    1000,
    help="Takes that Segmind may have in the making at once, of all hosts together; 0 means any"
    " number.",
)
SEGMIND_SUBMITS_PER_MINUTE = env.integer(
    "SEGMIND_SUBMITS_PER_MINUTE", 60, help="Your plan's limit of new requests; 0 means none."
)
SEGMIND_POLLS_PER_MINUTE = env.integer(
    "SEGMIND_POLLS_PER_MINUTE",
    300,
    low=1,
    help="How often all waiting takes together may be asked for.",
)

# --- the front door: the same protocol, served by the studio -------------------------------------

API_RESULT_SECONDS = env.integer(
    "API_RESULT_SECONDS",
    3600,
    low=60,
    help="How long a request made through the API can be asked for by its id; its take stays.",
)
API_OUTPUT_SECONDS = env.integer(
    "API_OUTPUT_SECONDS",
    7 * 24 * 3600,
    low=60,
    help="How long addresses of sound that the API hands out work without a key.",
)
API_WAIT_SECONDS = env.integer(
    "API_WAIT_SECONDS",
    300,
    low=1,
    high=3600,
    help="How long a call of the API may be kept waiting for its sound; then 504 with its id.",
)

# --- the queue -----------------------------------------------------------------------------------

DRIVER_LEASE_SECONDS = env.integer(
    "DRIVER_LEASE_SECONDS", 15, low=1, high=600, help="A driver silent for so long is replaced."
)
DRIVER_SLICE_SECONDS = env.integer(
    "DRIVER_SLICE_SECONDS", 30, low=1, high=60, help="How long a driver works at a stretch."
)
STALL_SECONDS = env.integer(
    "STALL_SECONDS",
    60,
    low=1,
    high=3600,
    help="Due takes that wait so long without a living driver are an alarm, and restart it.",
)
Q_CLUSTER: dict[str, Any] = {
    "name": "takeroom",
    "workers": env.integer(
        "QUEUE_WORKERS", 1, low=1, high=32, help="Worker processes for everything but the driver."
    ),
    "queue_limit": 1,
    "bulk": 1,
    "timeout": 90,
    # Counted from when a message is taken from the broker, not from its start: more than the
    # timeout plus the wait of a prefetched message, or work runs twice.
    "retry": 200,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    # Keeping results costs seven times the throughput; the rows are the truth.
    "save_limit": -1,
    "poll": 0.1,
    "log_level": LOG_LEVEL,
    "ALT_CLUSTERS": {
        "driver": {
            "workers": 1,
            "queue_limit": 1,
            # A slice ends by waiting for what must not be cut off; see `speech.jobs.driver`.
            "timeout": DRIVER_SLICE_SECONDS + 85,
            "retry": 330,
            "poll": 0.05,
        }
    },
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- e-mail and logs -----------------------------------------------------------------------------

SMTP_URL = env.secret("SMTP_URL", help="smtp+tls://user:password@host:587. No e-mail without it.")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text(
    "EMAIL_FROM", "Takeroom <takeroom@localhost>", help="Sender of the studio's e-mails."
)
EMAIL_CONFIGURED = bool(SMTP_URL)
# Without a server nothing is sent, nor printed: a message may hold a one-time link.
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if SMTP_URL:
    globals().update(services.mail(SMTP_URL))

LOGGING_CONFIG = "config.logs.configure"
DEFAULT_EXCEPTION_REPORTER = "config.logs.ErrorReport"
# Ids only: no script text, no keys. Libraries that log each URL are held to warnings.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.LineFormatter",
            "fmt": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        **{
            name: {"level": "WARNING"}
            for name in ("django-q", "httpx", "httpcore", "aiohttp", "asyncio", "uvicorn")
        },
    },
}
