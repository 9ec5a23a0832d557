"""The catalogs are whole: every text has its translation, with the same values, and programs have what people edit."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import polib
import pytest
from django.core.management import call_command
from django.utils import translation

from tests.languages.catalogs import FILES, LOCALE, catalog, key, translations

#: Values, tags, and what would end an attribute.
PARTS = re.compile(r"%\(\w+\)[sr]|%%|</?\w+[^>]*>|\"")
ROOT = LOCALE.parents[1]


@pytest.mark.parametrize("name", FILES)
def test_every_text_is_translated(name: str) -> None:
    missing = [entry.msgid for entry in catalog(name) if not all(translations(entry)) or entry.fuzzy or entry.obsolete]
    assert missing == []


@pytest.mark.parametrize("name", FILES)
def test_translations_have_the_values_and_the_tags_of_their_texts(name: str) -> None:
    wrong = []
    for entry in catalog(name):
        wanted = sorted(PARTS.findall(entry.msgid_plural or entry.msgid))
        wrong += [text for text in translations(entry) if sorted(PARTS.findall(text)) != wanted]
    assert wrong == []


@pytest.mark.parametrize("name", FILES)
def test_the_compiled_catalog_says_the_same(name: str) -> None:
    compiled = {key(entry): translations(entry) for entry in polib.mofile(str(LOCALE / f"{name}.mo"))}
    assert compiled == {key(entry): translations(entry) for entry in catalog(name)}


@pytest.mark.services
def test_the_catalogs_have_the_words_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "project"
    ignored = shutil.ignore_patterns(".*", "var", "tests", "docs", "benchmarks", "deploy", "__pycache__")
    shutil.copytree(ROOT, copy, ignore=ignored)
    monkeypatch.chdir(copy)
    monkeypatch.setattr("django.conf.settings.LOCALE_PATHS", [str(copy / "kakoclaw" / "locale")])
    call_command("messages", only_extract=True)
    for name in FILES:
        extracted = polib.pofile(str(copy / "kakoclaw" / "locale" / f"{name}.po"))
        assert {key(entry) for entry in extracted} == {key(entry) for entry in catalog(name)}, "run make messages"


def test_a_language_is_its_own_and_english_needs_no_catalog() -> None:
    with translation.override("ja"):
        assert translation.gettext("Stop") == "停止"
    with translation.override("es"):
        assert translation.gettext("Stop") == "Detener"
    with translation.override("en"):
        assert translation.gettext("Stop") == "Stop"
