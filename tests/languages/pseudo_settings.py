"""The site's own settings, with the catalogs of another folder before its own."""

import os

from kakoclaw.settings import *  # noqa: F403

LOCALE_PATHS = [os.environ["PSEUDO_LOCALES"]]
