"""Settings of the site. What a person may choose comes from the environment: see docs/configuration.md."""

import hashlib
import os
import re
import string
from pathlib import Path
from urllib.parse import urlsplit

import environ

from executions.agents.base import AgentFailure
from executions.agents.llm import mcp_config as mcp_config_file
from kakoclaw import base_path, vapid
from kakoclaw.addresses import is_loopback
from kakoclaw.api_settings import rest_settings, schema_settings, token_settings
from kakoclaw.claude import claude_settings
from kakoclaw.databases import EXAMPLE as DATABASE_EXAMPLE
from kakoclaw.databases import SCHEMES as DATABASE_SCHEMES
from kakoclaw.databases import database
from kakoclaw.environment import Environment
from kakoclaw.home import open_home, secret_key
from kakoclaw.log_settings import log_settings
from kakoclaw.staff_settings import UNFOLD as UNFOLD

COMMAND_CHARS = frozenset(string.ascii_letters + string.digits + ":_-")
BASE_DIR = Path(__file__).resolve().parent.parent

# Variables that are set win over the file, so that one start can be different. Keys of model providers are read from
# the process's environment by their own libraries, so the file is read into that.
env_file = os.environ.get("KAKOCLAW_ENV_FILE", "")
ENV_FILE = env_file or str(BASE_DIR / ".env")
environ.Env.read_env(ENV_FILE)
env = Environment(os.environ)
if env_file and not Path(env_file).exists():
    env.wrong("KAKOCLAW_ENV_FILE", "must be the path of an existing file, or /dev/null for none")
env.known |= {"KAKOCLAW_ENV_FILE", "KAKOCLAW_ADMIN_PASSWORD", "KAKOCLAW_EXECUTION"}
# Of commands about a server elsewhere.
env.known |= {"KAKOCLAW_SERVER", "KAKOCLAW_TOKEN", "KAKOCLAW_TOKEN_FILE"}

# Where things are kept ------------------------------------------------------------------------------------------------

HOME = open_home(Path(env.text("KAKOCLAW_HOME", str(BASE_DIR / "var"))).expanduser().absolute())
SECRET_KEY = env.text("KAKOCLAW_SECRET_KEY") or secret_key(HOME)
if len(SECRET_KEY) < 50:
    env.problems.append("KAKOCLAW_SECRET_KEY is too short: it must have at least 50 characters, made at random.")

DATABASES = {"default": database(env.address("DATABASE_URL", DATABASE_SCHEMES, DATABASE_EXAMPLE), HOME)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.address("REDIS_URL", ("redis", "rediss", "unix"), "redis://localhost:6379/0")
if REDIS_URL:
    # Redis delivers messages across its numbered databases: sites that share a server must not hear each other. The
    # processes of one site have the same key.
    SITE_PREFIX = "kakoclaw-" + hashlib.sha256(SECRET_KEY.encode()).hexdigest()[:12]
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            # A socket timeout makes redis-py wrap its awaits in asyncio.wait_for, which loses cancellations on 3.11.
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "prefix": SITE_PREFIX},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": SITE_PREFIX,
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
        },
        # While Redis is away, each process counts for itself.
        "this_process": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    }
else:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "executions.layers.EmbeddedChannelLayer",
            "CONFIG": {"socket": str(HOME / "doorbell.sock")},
        },
    }
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Who may connect ------------------------------------------------------------------------------------------------------

SERVE_HOST = env.text("HOST", "127.0.0.1")
SERVE_PORT = env.number("PORT", 18880, minimum=0, maximum=65535)
ALLOWED_HOSTS = env.names("KAKOCLAW_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
if any("/" in host for host in ALLOWED_HOSTS):
    env.wrong("KAKOCLAW_ALLOWED_HOSTS", "must be a list of names and addresses, such as kakoclaw.example.org,10.0.0.5")
CSRF_TRUSTED_ORIGINS = [origin.rstrip("/").lower() for origin in env.names("KAKOCLAW_TRUSTED_ORIGINS")]
if any(not origin.startswith(("http://", "https://")) for origin in CSRF_TRUSTED_ORIGINS):
    env.wrong("KAKOCLAW_TRUSTED_ORIGINS", "must be a list of origins such as https://kakoclaw.example.org")
#: Below which path of the host the site is, such as ``/agents``; empty at its root.
BASE_PATH = base_path.read(env, "KAKOCLAW_BASE_PATH")
PUBLIC_URL = env.address("KAKOCLAW_PUBLIC_URL", ("http", "https"), "https://kakoclaw.example.org").rstrip("/")
if urlsplit(PUBLIC_URL).path not in ("", BASE_PATH):
    env.wrong("KAKOCLAW_PUBLIC_URL", "must be an address without a path, such as https://kakoclaw.example.org")
PUBLIC_URL = PUBLIC_URL.removesuffix(BASE_PATH)
# Their pages may call the API with a token; the session cookie is for pages of this site.
CORS_ALLOWED_ORIGINS = CSRF_TRUSTED_ORIGINS
CORS_URLS_REGEX = rf"^{re.escape(BASE_PATH)}/api/"
CORS_ALLOW_HEADERS = ("accept", "authorization", "content-type", "last-event-id")
CORS = ["corsheaders"] if CORS_ALLOWED_ORIGINS else []

DEBUG = env.switch("KAKOCLAW_DEBUG")
HTTPS = env.switch("KAKOCLAW_HTTPS")
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # A host that is shared with other sites is not this one's to bind to HTTPS for a year.
    SECURE_HSTS_SECONDS = 0 if BASE_PATH else 365 * 24 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = LANGUAGE_COOKIE_PATH = f"{BASE_PATH}/"
# W005 and W021: subdomains and the browsers' preload lists are for the owner of the domain to decide, at the proxy.
# W008: the proxy redirects to HTTPS; the site itself never answers a POST with a redirect.
# W004: see above.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W008", "security.W021", *(["security.W004"] if BASE_PATH else [])]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: Bytes of a request's body: a prompt of the greatest length fits, in whatever way its JSON is written.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
#: Bytes of a WebSocket message; longer ones close the connection with code 1009.
WEBSOCKET_MAX_BYTES = 16 * 1024 * 1024

AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "kakoclaw.permissions.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = LOGOUT_REDIRECT_URL = "chat"

# What runs ------------------------------------------------------------------------------------------------------------

MODEL = env.text("KAKOCLAW_MODEL", "demo")
MODELS = list(dict.fromkeys([MODEL, *env.names("KAKOCLAW_MODELS", "demo")]))
for model in MODELS:
    if model != "demo" and not all(model.partition(":")):
        name = "KAKOCLAW_MODEL" if model == MODEL else "KAKOCLAW_MODELS"
        env.wrong(
            name, "must be demo, or a provider and its model such as openai-chat:gpt-4.1 or anthropic:claude-opus-4-1"
        )

MCP_CONFIG = Path(mcp_config).expanduser().absolute() if (mcp_config := env.text("KAKOCLAW_MCP_CONFIG")) else None
if MCP_CONFIG and not MCP_CONFIG.is_file():
    env.wrong("KAKOCLAW_MCP_CONFIG", "must be the path of an existing JSON file")
elif MCP_CONFIG:
    try:
        mcp_config_file.read(MCP_CONFIG)
    except AgentFailure as error:
        env.problems.append(f"KAKOCLAW_MCP_CONFIG is wrong: {error}")

LEASE_SECONDS = env.number("KAKOCLAW_LEASE_SECONDS", 10, maximum=3600)
HEARTBEAT_SECONDS = env.number("KAKOCLAW_HEARTBEAT_SECONDS", 3, maximum=1200)
if LEASE_SECONDS < 3 * HEARTBEAT_SECONDS:
    env.wrong(
        "KAKOCLAW_LEASE_SECONDS",
        f"must be at least three times KAKOCLAW_HEARTBEAT_SECONDS, which is {HEARTBEAT_SECONDS}: "
        "a worker that misses one heartbeat is not lost",
    )

AGENTS = {
    "demo": "executions.agents.demo.DemoAgent",
    "llm": "executions.agents.llm.LLMAgent",
    "claude": "executions.agents.claude.ClaudeAgent",
}
EXECUTIONS = {
    "HOME": HOME,
    "WORKSPACES": HOME / "workspaces",
    "AGENTS": AGENTS,
    "MODEL": MODEL,
    "MODELS": MODELS,
    "MAX_RUNNING": env.number("KAKOCLAW_MAX_RUNNING", 64, maximum=100_000),
    "MAX_RUNNING_PER_OWNER": env.number("KAKOCLAW_MAX_RUNNING_PER_OWNER", 16, maximum=100_000),
    "MAX_RUNNING_PER_AGENT": env.limits("KAKOCLAW_MAX_RUNNING_PER_AGENT", AGENTS, maximum=100_000),
    "MAX_QUEUED_PER_OWNER": env.number("KAKOCLAW_MAX_QUEUED_PER_OWNER", 10_000, maximum=1_000_000),
    "BUDGETS": env.limits(
        "KAKOCLAW_BUDGETS", ("usd_per_day", "usd_per_month", "tokens_per_day", "tokens_per_month"), maximum=10**12
    ),
    "LEASE_SECONDS": LEASE_SECONDS,
    "HEARTBEAT_SECONDS": HEARTBEAT_SECONDS,
    "POLL_SECONDS": env.number("KAKOCLAW_POLL_SECONDS", 1, maximum=60),
    "DRAIN_SECONDS": env.number("KAKOCLAW_DRAIN_SECONDS", 0, minimum=0),
    "LIMITS": {
        "wall_seconds": env.number("KAKOCLAW_WALL_SECONDS", 3600),
        "steps": env.number("KAKOCLAW_MAX_STEPS", 100),
        "tokens": env.number("KAKOCLAW_MAX_TOKENS", 2_000_000),
        "output_chars": env.number("KAKOCLAW_MAX_OUTPUT_CHARS", 1_000_000),
        "tool_seconds": env.number("KAKOCLAW_TOOL_SECONDS", 600),
        "tool_output_chars": env.number("KAKOCLAW_TOOL_OUTPUT_CHARS", 100_000),
    },
    "MAX_CONNECTIONS_PER_USER": env.number("KAKOCLAW_MAX_CONNECTIONS_PER_USER", 200, maximum=100_000),
    "REQUESTS_PER_MINUTE": env.number("KAKOCLAW_REQUESTS_PER_MINUTE", 12_000, minimum=0),
    "REQUESTS_PER_MINUTE_PER_ADDRESS": env.number("KAKOCLAW_REQUESTS_PER_MINUTE_PER_ADDRESS", 24_000, minimum=0),
    "FAILURES_PER_MINUTE_PER_ADDRESS": env.number("KAKOCLAW_FAILURES_PER_MINUTE_PER_ADDRESS", 120, minimum=0),
    "MAX_OWNER_PRIORITY": env.number("KAKOCLAW_MAX_OWNER_PRIORITY", 10, minimum=-100, maximum=100),
    "EMBEDDED_WORKER": env.switch("KAKOCLAW_EMBEDDED_WORKER", not REDIS_URL),
    "HISTORY": "chat.history.load",
    "MAX_PROMPT_CHARS": env.number("KAKOCLAW_MAX_PROMPT_CHARS", 1_000_000),
    "PUBLIC_URL": PUBLIC_URL,
    "DELIVERY_SECONDS": env.number("KAKOCLAW_DELIVERY_SECONDS", 10, maximum=120),
    "DELIVERY_RETRY_SECONDS": env.number("KAKOCLAW_DELIVERY_RETRY_SECONDS", 5, maximum=3600),
    "DELIVERY_LOG_DAYS": env.number("KAKOCLAW_DELIVERY_LOG_DAYS", 30, maximum=3660),
    "ALLOW_PRIVATE_ADDRESSES": env.switch("KAKOCLAW_ALLOW_PRIVATE_ADDRESSES"),
    "SEARCH_URL": env.address("KAKOCLAW_SEARCH_URL", ("http", "https"), "https://search.example.org/search"),
    "MCP_CONFIG": MCP_CONFIG,
    **claude_settings(env),
}

# Telling the outside --------------------------------------------------------------------------------------------------

# The key by which push services know the site; see chat/push/keys.py for the one that is used when none is given.
VAPID_PRIVATE_KEY = env.text("KAKOCLAW_VAPID_PRIVATE_KEY").rstrip("=")
if VAPID_PRIVATE_KEY and not vapid.is_private_key(VAPID_PRIVATE_KEY):
    env.problems.append(
        "KAKOCLAW_VAPID_PRIVATE_KEY is wrong: it must be the 32 bytes of a private key of P-256 in base64url."
    )
VAPID_SUBJECT = env.text("KAKOCLAW_VAPID_SUBJECT", vapid.subject(PUBLIC_URL, ALLOWED_HOSTS))
if not VAPID_SUBJECT.startswith(("mailto:", "https://")):
    env.wrong("KAKOCLAW_VAPID_SUBJECT", "must be mailto: and an address, or an address with https://")

# The command page -----------------------------------------------------------------------------------------------------

COMMANDS = env.names("KAKOCLAW_COMMANDS")
if any(not set(name) <= COMMAND_CHARS or len(name) > 64 for name in COMMANDS):
    env.wrong("KAKOCLAW_COMMANDS", "must be names of commands of the CLI, such as review,test")
COMMANDS_WITHOUT_LOGIN = env.switch("KAKOCLAW_COMMANDS_WITHOUT_LOGIN")
if COMMANDS_WITHOUT_LOGIN and (HTTPS or not is_loopback(SERVE_HOST) or not all(map(is_loopback, ALLOWED_HOSTS))):
    env.wrong(
        "KAKOCLAW_COMMANDS_WITHOUT_LOGIN",
        "lets every program of this machine run commands without a login, so it can only be used when HOST and "
        "KAKOCLAW_ALLOWED_HOSTS are 127.0.0.1, localhost or [::1], and without KAKOCLAW_HTTPS (behind no proxy)",
    )
CONFIRM_STOP = env.switch("KAKOCLAW_CONFIRM_STOP")

#: Traces, sent to where OpenTelemetry's own variables say; with what people and tools said, or without.
OTEL = env.switch("KAKOCLAW_OTEL")
OTEL_CONTENT = env.switch("KAKOCLAW_OTEL_CONTENT")
METRICS_WITHOUT_LOGIN = env.switch("KAKOCLAW_METRICS_WITHOUT_LOGIN")

# The site -------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "kakoclaw.apps.SiteConfig",
    "unfold.apps.BasicAppConfig",  # before the admin, whose templates it replaces
    "kakoclaw.apps.StaffConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "executions",  # before Channels, whose runworker it replaces
    "channels",
    "rest_framework",
    "django_filters",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "chat",
    *CORS,
]
MIDDLEWARE = [
    "kakoclaw.middleware.RequestId",
    "kakoclaw.middleware.FromWhere",
    "kakoclaw.middleware.SecurityHeaders",
    *(f"{app}.middleware.CorsMiddleware" for app in CORS),
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "kakoclaw.zone.ReaderZone",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kakoclaw.middleware.DatabaseAway",
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
            ]
        },
    }
]
ROOT_URLCONF = "kakoclaw.urls"
ASGI_APPLICATION = "kakoclaw.asgi.application"
# Addresses of the API are written to match with and without a slash at the end, so no POST is ever redirected.
APPEND_SLASH = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "kakoclaw" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
FORMAT_MODULE_PATH = "kakoclaw.formats"

STATIC_URL = f"{BASE_PATH}/static/"
STATIC_ROOT = HOME / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "kakoclaw.static_storage.StaticStorage"},
}

REST_FRAMEWORK = rest_settings(env, behind_proxy=HTTPS)
REST_KNOX = token_settings(env)
KNOX_TOKEN_MODEL = "chat.Token"  # noqa: S105 - the name of a model
# Its own migrations would make the table of the model that ours takes the place of.
MIGRATION_MODULES = {"knox": None}
SPECTACULAR_SETTINGS = schema_settings(BASE_PATH)
LOGGING = log_settings(env, traces=OTEL)

env.check()
