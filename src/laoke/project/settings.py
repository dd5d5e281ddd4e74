"""Django settings. What a retailer may change comes from LAOKE_* variables through foundation.config."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from laoke.foundation import config
from laoke.foundation.database import configure

LAOKE = config.read(os.environ)
PACKAGE = Path(__file__).parent.parent

SECRET_KEY = LAOKE.secret_key
DEBUG = False
ALLOWED_HOSTS = list(LAOKE.allowed_hosts)
ROOT_URLCONF = "laoke.project.urls"
WSGI_APPLICATION = "laoke.project.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "ninja",  # serves the docs page's own files instead of fetching them from elsewhere
    "laoke.foundation",
    "laoke.members",
    "laoke.purchases",
    "laoke.points",
    "laoke.benefits",
    "laoke.tiers",
    "laoke.tiers.memberships",
    "laoke.promotions",
    "laoke.segments",
    "laoke.checkout",
    "laoke.review",
    "laoke.surfaces",
    "laoke.surfaces.console",
    "laoke.surfaces.importing",
]

MIDDLEWARE = [
    "laoke.foundation.web.observe.Observe",
    "laoke.foundation.web.unserved.Unserved",
    "laoke.foundation.web.limits.LimitBody",
    "django.middleware.security.SecurityMiddleware",
    "laoke.foundation.web.statics.Statics",
    "laoke.surfaces.console.middleware.Pages",
]

DATABASE_TARGET = configure.resolve(os.environ, LAOKE.home)
# No health check: it would cost every request a question. A connection that broke is replaced after the request
# it failed, which is answered 503 and safe to repeat.
DATABASES = {"default": DATABASE_TARGET.django_settings() | {"CONN_MAX_AGE": None}}
# Values travel beside the statement, not in it: the server can keep the plan, and its log of slow statements
# never shows personal data.
DATABASES["default"].setdefault("OPTIONS", {}).update({"server_side_binding": True, "prepare_threshold": 2})

AUTH_USER_MODEL = "foundation.Staff"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

LANGUAGE_CODE = LAOKE.language
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = LAOKE.time_zone

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "laoke.foundation.web.appearance.appearance",
            ]
        },
    }
]

STATIC_URL = "static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# Static files are served straight from the packages: nothing to collect before the first start.
WHITENOISE_USE_FINDERS = True

SESSION_ENGINE = "laoke.foundation.staff.session_store"
SESSION_COOKIE_AGE = 12 * 3600  # a working day
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "laoke.surfaces.console.views.refusals.outdated_form"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LAOKE.https
SECURE_SSL_REDIRECT = False  # the proxy in front does that
# Behind the proxy every request is plain; without this, forms sent from https pages would pass for forged ones.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if LAOKE.https else None
SECURE_HSTS_SECONDS = 31_536_000 if LAOKE.https else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Bodies are bounded in foundation.web.limits, before Django reads them.
# Where files may come in that are larger than any form: they go to the disk as they come.
UPLOAD_PATHS = frozenset({"/imports/files"})
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
APPEND_SLASH = False
PROCRASTINATE_ON_APP_READY = "laoke.foundation.jobs.configure.on_app_ready"
LOGGING_CONFIG = None  # foundation.web.logs configures structlog and the standard library together

SILENCED_SYSTEM_CHECKS: list[str] = []
