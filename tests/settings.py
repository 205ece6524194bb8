"""The studio's settings for tests: no `.env`, a data folder of their own, cheap passwords.

`TAKEROOM_TEST_DATABASE_URL` and `TAKEROOM_TEST_REDIS_URL` name a PostgreSQL and a Redis for the
tests that need them; they are read by those tests, which start processes of their own.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

for name in ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "SEGMIND_API_KEY", "SEGMIND_BASE_URL"):
    os.environ.pop(name, None)
    os.environ.pop(f"{name}_FILE", None)
os.environ["ENV_FILE"] = ""
os.environ["SECRET_KEY"] = "for tests only, and long enough to be taken for a real one"
_folder = tempfile.mkdtemp(prefix="takeroom-tests-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
os.environ["DATA_DIR"] = _folder

from config.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {  # noqa: F405
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# A file, since the driver writes from a thread of its own and an in-memory database locks tables.
DATABASES["default"]["TEST"] = {"NAME": f"{_folder}/test.sqlite3"}  # noqa: F405
SEGMIND_API_KEY = ""
