"""Marks texts for translation where Django is not to be imported: they are stored as they are, worded when shown."""


def gettext_noop(text: str) -> str:
    """Return ``text`` unchanged; the catalogs have it because of this call."""
    return text
