"""What is installed is what is asked for, and the same whichever of the three lists it is installed from."""

from __future__ import annotations

import re

import pytest
from django.conf import settings


def locked(name: str) -> dict[str, str]:
    """Return the version of each package in a lock."""
    text = (settings.BASE_DIR / f"{name}.lock").read_text()
    return dict(re.findall(r"^([A-Za-z0-9_.-]+)(?:\[.*?\])?==(\S+)", text, re.MULTILINE))


def asked(name: str) -> set[str]:
    """Return the packages that a list names itself."""
    text = (settings.BASE_DIR / f"{name}.txt").read_text()
    return {found.lower().replace("_", "-") for found in re.findall(r"^([A-Za-z0-9_.-]+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", ["requirements", "requirements-claude", "requirements-dev"])
def test_every_package_that_is_asked_for_is_locked(name: str) -> None:
    missing = {package for package in asked(name) if not package.startswith("-")} - locked(name).keys()
    assert not missing, "run: make lock"


@pytest.mark.parametrize("name", ["requirements-claude", "requirements-dev"])
def test_the_other_lists_have_the_products_versions(name: str) -> None:
    assert locked("requirements").items() <= locked(name).items(), "run: make lock"
