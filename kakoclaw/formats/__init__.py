"""How dates and numbers are written in each language: as ``Intl`` writes them in the pages' scripts."""
