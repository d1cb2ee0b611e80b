"""What every profile shares. Business code gets its values as policies, never ``settings.X``."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from xmagnet.settings import env
from xmagnet.settings.celery import *  # noqa: F403
from xmagnet.settings.logging import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(env.text("XMAGNET_VAR_DIR", str(BASE_DIR / "var")))

SECRET_KEY = env.text("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = env.words("FIELD_ENCRYPTION_KEYS", None)
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "xmagnet.core",
    "xmagnet.accounts",
    "xmagnet.audit",
    "xmagnet.notices",
    "xmagnet.jobs",
    "xmagnet.webhooks",
    "xmagnet.web",
    "media_connectors",
    "campaigns",
    "frontend",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "axes",
    "csp",
    "django_htmx",
    "django_structlog",
    "django_vite",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

# Where several web processes add up their request metrics; prometheus-client reads the same variable by itself.
METRICS_DIRECTORY = env.text("PROMETHEUS_MULTIPROC_DIR", "")

# Networks of the proxies before us; what they say of the caller's address is believed, and nobody else's word.
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")

MIDDLEWARE = [
    "xmagnet.web.middleware.ClientAddressMiddleware",
    "xmagnet.web.middleware.RequestIdMiddleware",
    "xmagnet.web.metrics.RequestMetricsMiddleware",
    "xmagnet.web.middleware.BodyLimitMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "xmagnet.web.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "xmagnet.web.middleware.SessionActivityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xmagnet.web.middleware.SecurityHeadersMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "xmagnet.urls"
WSGI_APPLICATION = "xmagnet.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.context.shell",
            ],
        },
    },
]

DATABASES = {"default": env.database("DATABASE_URL")}
# who owns the tables and migrates them; the application itself must not
OWNER_DATABASE = env.database("DATABASE_OWNER_URL", env.text("DATABASE_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What must hold for all processes stands in a table: allauth counts failed sign-ins in the default cache. What each
# process may know by itself, and read again when it does not, is in its memory.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_sharedcache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # beyond them the oldest keys go, expired ones first
    },
    "process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# --- people -------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "xmagnet.accounts.adapter.InvitationOnlyAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # members come by invitation, which proves the address
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no mail from us
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[X-Magnet] "
PASSWORD_RESET_TIMEOUT = 3 * 3600  # seconds
# By name, for all processes together: the only limit on guessing the codes of the second factor, and a soft one on
# passwords, whose failures django-axes counts by name and address.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/900s/key"}
MFA_ADAPTER = "xmagnet.accounts.adapter.EncryptedSecretsAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "X-Magnet"
USERSESSIONS_TRACK_ACTIVITY = True
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_HTTP_RESPONSE_CODE = 429
AXES_LOCKOUT_TEMPLATE = "frontend/account/locked_out.html"
AXES_USERNAME_CALLABLE = "xmagnet.accounts.login_names.login_name"
AXES_VERBOSE = False

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600  # from the last note of activity; SESSION_ABSOLUTE_SECONDS from signing in
SESSION_IDLE_SECONDS = 30 * 60
SESSION_ABSOLUTE_SECONDS = 12 * 3600
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "frontend.views.errors.csrf_failure"

# --- languages, time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "frontend" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- browser ------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "frontend" / "static" / "build" / "manifest.json",
        "static_url_prefix": "build",
    }
}
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024  # bulk files; the API checks its own, smaller limits first
MOST_BODY_BYTES = 66 * 1024 * 1024  # the same with what a form puts around a file
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- API ----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "xmagnet.web.api.authentication.TokenAuthentication",
        "xmagnet.web.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_RENDERER_CLASSES": ["xmagnet.web.api.rendering.FastJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["xmagnet.web.api.parsing.FastJSONParser"],
    "EXCEPTION_HANDLER": "xmagnet.web.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "X-Magnet API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayRequestDuration": True, "persistAuthorization": False},
    "COMPONENT_SPLIT_PATCH": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1/o/\{org\}",
    "ENUM_NAME_OVERRIDES": {
        "MediaEnum": "campaigns.api.bulk_schemas.MEDIA",
        "EventEnum": "xmagnet.webhooks.choices.Event",
        "FieldEnum": "campaigns.domain.guardrails.FIELDS",
        "UndoableFieldEnum": "campaigns.api.plan_shapes.UNDOABLE_FIELDS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "xmagnet.web.api.openapi.describe_document",
    ],
}

# --- email --------------------------------------------------------------------------------------------------------
# Notifications and forgotten passwords. Without a server nothing is sent, and the pages say so.
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.number("EMAIL_PORT", 587)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", True)
EMAIL_TIMEOUT = 15  # seconds
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "X-Magnet <noreply@localhost>")
EMAIL_IS_ON = bool(EMAIL_HOST)
if not EMAIL_IS_ON:
    EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"

# --- media --------------------------------------------------------------------------------------------------------
MEDIA_BASE_URLS = {
    "oceanengine": env.text("MEDIA_OCEANENGINE_BASE_URL", "https://api.oceanengine.com"),
    "kuaishou": env.text("MEDIA_KUAISHOU_BASE_URL", "https://ad.e.kuaishou.com"),
}
# Where the media keep covers and images that our pages may show, as sources of the content security policy. By default
# the media's API hosts themselves, which is where the local media server draws them.
MEDIA_IMAGE_HOSTS = env.words("MEDIA_IMAGE_HOSTS") or sorted(
    {"/".join(url.split("/")[:3]) for url in MEDIA_BASE_URLS.values()}
)
CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"] += MEDIA_IMAGE_HOSTS
MEDIA_AUTHORIZE_URLS = {
    "oceanengine": env.text("MEDIA_OCEANENGINE_AUTHORIZE_URL", "https://ad.oceanengine.com/openapi/audit/oauth.html"),
    "kuaishou": env.text("MEDIA_KUAISHOU_AUTHORIZE_URL", "https://developers.e.kuaishou.com/tools/authorize"),
}
# Calls a second that we allow ourselves: {"oceanengine": {"developer": {"default": 10, "/open_api/v3.0/*": 5},
# "account": {…}}, …}; what is not named is unlimited until the media refuses.
MEDIA_LIMITS = env.json_object("MEDIA_LIMITS")

# --- bulk engine, webhooks ----------------------------------------------------------------------------------------
BULK_ENGINE = env.json_object("BULK_ENGINE")  # fields of campaigns.services.bulk.policy.EnginePolicy
FAILPOINT = ""  # see campaigns.services.bulk.failpoints; only the local profile and the tests read it
WEBHOOK_ALLOWS_LOOPBACK = False
