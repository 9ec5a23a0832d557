"""Static files under names that say what is in them, so that browsers may keep them; and compressed beforehand."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Names with a digest, in the imports of scripts, too; a ``.gz`` beside each file that gains by it."""

    support_js_module_import_aggregation = True
