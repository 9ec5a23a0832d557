"""Reads the settings' variables, and collects what is wrong with them in words the reader can act on.

Every reader returns a usable value even when the variable is wrong, so that one start reports every mistake at once;
:meth:`Environment.check` then raises them together. Nothing here knows what a variable is for.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

ON = frozenset({"1", "true", "yes", "on"})
OFF = frozenset({"0", "false", "no", "off", ""})


class Environment:
    """Variables with the prefix that is ours are known by being read; any other with that prefix is a mistake."""

    def __init__(self, variables: Mapping[str, str], prefix: str = "KAKOCLAW_") -> None:
        self._variables = variables
        self._prefix = prefix
        self.known: set[str] = set()
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """Return the variable without surrounding blanks; an empty one counts as absent."""
        self.known.add(name)
        return self._variables.get(name, "").strip() or default

    def number(self, name: str, default: int, *, minimum: int = 1, maximum: int = 2**53) -> int:
        """Return a whole number within the bounds, both included."""
        value = self.text(name, str(default))
        # int() also takes "1_000" and other digits than ours; a setting should say what it seems to say.
        number = int(value) if value.isascii() and value.removeprefix("-").isdigit() else None
        if number is None or not minimum <= number <= maximum:
            bounds = f"of at least {minimum}" if maximum >= 2**53 else f"from {minimum} to {maximum}"
            self.wrong(name, f"must be a whole number {bounds}, such as {default}")
            return default
        return number

    def switch(self, name: str, default: bool = False) -> bool:
        """Return whether it is on: ``1/true/yes/on`` or ``0/false/no/off``."""
        value = self.text(name, "on" if default else "off").lower()
        if value not in ON | OFF:
            self.wrong(name, "must be 1 or 0 (also true/false, yes/no, on/off)")
            return default
        return value in ON

    def names(self, name: str, default: str = "") -> list[str]:
        """Return the parts of a comma-separated list, without blanks and repetitions."""
        parts = (part.strip() for part in self.text(name, default).split(","))
        return list(dict.fromkeys(part for part in parts if part))

    def limits(self, name: str, choices: Collection[str], *, maximum: int = 2**53) -> dict[str, int]:
        """Return limits by name, written as ``llm=8,claude=2``; names that are absent have none."""
        found: dict[str, int] = {}
        for part in self.names(name):
            key, _, value = (word.strip() for word in part.partition("="))
            number = int(value) if value.isascii() and value.isdigit() else 0
            if key not in choices or key in found or not 1 <= number <= maximum:
                self.wrong(
                    name,
                    f"must name each of {', '.join(sorted(choices))} at most once, with a whole number from 1 to "
                    f"{maximum}, such as {'=2,'.join(sorted(choices)[:2])}=2; {part!r} is not that",
                )
                return {}
            found[key] = number
        return found

    def paths(self, name: str) -> list[str]:
        """Return the parts of a colon-separated list of paths, without empty ones and repetitions."""
        return list(dict.fromkeys(part for part in self.text(name).split(":") if part))

    def choice(self, name: str, default: str, choices: Collection[str]) -> str:
        """Return one of the choices; case does not matter."""
        value = self.text(name, default).lower()
        if value not in choices:
            self.wrong(name, "must be one of " + ", ".join(sorted(choices)))
            return default
        return value

    def address(self, name: str, schemes: Collection[str], example: str, default: str = "") -> str:
        """Return a URL with one of the schemes, or the default when the variable is absent."""
        value = self.text(name, default)
        if value and urlsplit(value).scheme not in schemes:
            self.wrong(name, f"must be an address such as {example}")
            return default
        return value

    def wrong(self, name: str, expected: str) -> None:
        """Note that the variable's value is not what is expected; secrets in addresses stay unprinted."""
        value = self._variables.get(name, "")
        if "@" in value and "://" in value:
            scheme, _, rest = value.partition("://")
            value = f"{scheme}://…@{rest.rpartition('@')[2]}"
        self.problems.append(f"{name}={value!r} is wrong: it {expected}.")

    def check(self, *, also_known: Collection[str] = ()) -> None:
        """Raise :exc:`ImproperlyConfigured` with one line for each mistake, misspelled names included."""
        known = self.known | set(also_known)
        for name in sorted(self._variables):
            if name.startswith(self._prefix) and name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]}?" if close else "see docs/configuration.md for those that are."
                self.problems.append(f"{name} is not a setting: {hint}")
        if self.problems:
            raise ImproperlyConfigured("\n".join(self.problems))
