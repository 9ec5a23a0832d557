"""Settings of the tests: the site's own, in a home of their own, without what the developer's environment says."""

import os
import tempfile
from pathlib import Path

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "")
TEST_REDIS_URL = os.environ.get("TEST_REDIS_URL", "")
for name in list(os.environ):
    if name.startswith("KAKOCLAW_") or name in {"HOST", "PORT", "DATABASE_URL", "REDIS_URL"}:
        del os.environ[name]
os.environ["KAKOCLAW_ENV_FILE"] = os.devnull
os.environ["KAKOCLAW_HOME"] = tempfile.mkdtemp(prefix="kakoclaw-tests-")
os.environ["DATABASE_URL"] = TEST_DATABASE_URL
os.environ["REDIS_URL"] = TEST_REDIS_URL

from kakoclaw.settings import *  # noqa: E402, F403
from kakoclaw.settings import ALLOWED_HOSTS, DATABASES, HOME, STORAGES  # noqa: E402

if not TEST_DATABASE_URL:
    # A file, as in use: an in-memory database shared between threads locks by table and knows no WAL.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(HOME) / "tests.sqlite3")}
ALLOWED_HOSTS += ["testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The files themselves, without collecting them first.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_USE_FINDERS = True
