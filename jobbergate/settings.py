"""All settings, read from `JOBBERGATE_*`; docs/operators.md explains each. Everything runs with nothing set."""

from datetime import timedelta
from pathlib import Path

from jobbergate.core.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = Environment()

# --- where things are -------------------------------------------------------------------------------------------
DATA_DIR = ENVIRONMENT.directory("JOBBERGATE_DATA_DIR", BASE_DIR / "var")
SECRET_KEY = ENVIRONMENT.secret("JOBBERGATE_SECRET_KEY", kept_in=DATA_DIR / "secret_key")
DATABASES = {
    "default": ENVIRONMENT.database(
        "JOBBERGATE_DATABASE_URL",
        default={
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "jobbergate.sqlite3",
            # Immediate transactions wait for their turn at the start: a deferred one that turns into a writer
            # half-way fails with "database is locked" however long the timeout.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        },
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- who may speak to us, and how -------------------------------------------------------------------------------
DEBUG = ENVIRONMENT.boolean("JOBBERGATE_DEBUG")
HTTPS = ENVIRONMENT.boolean("JOBBERGATE_HTTPS")
ALLOWED_HOSTS = ENVIRONMENT.words("JOBBERGATE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [f"https://{host.replace('*', '')}" for host in ALLOWED_HOSTS if HTTPS and host != "*"]
if HTTPS:
    # TLS ends at a proxy that sets this header itself (docs/operators.md shows how).
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    # The proxy's own health probe speaks plain HTTP from inside.
    SECURE_REDIRECT_EXEMPT = [r"^healthz/?$", r"^readyz/?$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# --- the application --------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "jobbergate.core",
    "applications",
    "jobscripts",
    "submissions",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "jobbergate.urls"
WSGI_APPLICATION = "jobbergate.wsgi.application"
# Every API path is written with an optional slash: a redirect would lose the body of a POST.
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False

# --- static files: served by the application itself, without a collect step --------------------------------------
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- uploads ----------------------------------------------------------------------------------------------------
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# JSON bodies: answers, sbatch parameters, reports of an agent with thousands of jobs. Uploaded files do not count.
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1000

# --- the API ----------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["jobbergate.core.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "jobbergate.core.api.permissions.NotForAgents",
    ],
    "DEFAULT_RENDERER_CLASSES": ["jobbergate.core.api.json.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["jobbergate.core.api.json.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "jobbergate.core.api.pagination.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": [
        "jobbergate.core.api.filters.KnownParameters",
        "jobbergate.core.api.filters.FieldFilter",
        "jobbergate.core.api.filters.ArchivedFilter",
        "jobbergate.core.api.filters.WordSearch",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "jobbergate.core.api.errors.answer",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=ENVIRONMENT.integer("JOBBERGATE_ACCESS_TOKEN_MINUTES", 15)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=ENVIRONMENT.integer("JOBBERGATE_REFRESH_TOKEN_DAYS", 30)),
    "AUTH_HEADER_TYPES": ("Bearer", "JWT"),
    "UPDATE_LAST_LOGIN": True,
    # A changed password ends every token that was given for the old one.
    "CHECK_REVOKE_TOKEN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Jobbergate",
    "DESCRIPTION": "Reusable applications for Slurm: job scripts rendered, submitted exactly once, and followed.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    # `action` is also what is done to many scripts at once.
    "ENUM_NAME_OVERRIDES": {"WishActionEnum": "submissions.wishes.Wish.Action"},
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "jobbergate.core.api.schema.with_error_answers",
    ],
}
# Which options sbatch has; `any` takes those of every version that is known.
SLURM_VERSION = ENVIRONMENT.choice(
    "JOBBERGATE_SLURM_VERSION",
    "any",
    (
        "any",
        "22.05",
        "23.02",
        "23.11",
        "24.05",
        "24.11",
        "25.05",
        "25.11",
        "26.05",
    ),
)
LEASE = timedelta(seconds=ENVIRONMENT.integer("JOBBERGATE_LEASE_SECONDS", 300))
# An agent speaks at least twice a minute, also while its Slurm is silent.
AGENT_STALE = timedelta(seconds=ENVIRONMENT.integer("JOBBERGATE_AGENT_STALE_SECONDS", 120))
CONTACT_WRITTEN = timedelta(seconds=10)

# --- logging: one line an event, on standard error ---------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {
        "handlers": ["stderr"],
        "level": ENVIRONMENT.choice("JOBBERGATE_LOG_LEVEL", "WARNING", ("DEBUG", "INFO", "WARNING", "ERROR")),
    },
}
SILENCED_SYSTEM_CHECKS: list[str] = []
