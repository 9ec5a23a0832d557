"""Durations, receipts and stored sentences in every language."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import translation

from executions import errors, told, wording
from executions.agents.base import AgentFailure
from executions.agents.claude import failures
from executions.errors import ExecutionError
from executions.outcomes import finished_event
from executions.running import StopReason

RECEIPT = {"elapsed_ms": 14.2, "by": "bob", "reason": "why", "tool": "exec", "processes": [{"pid": 1}, {"pid": 2}]}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["340 ms", "4.2 s", "42 s", "3 m 05 s", "1 h 02 m"]),
        ("ja", ["340ミリ秒", "4.2秒", "42秒", "3分05秒", "1時間02分"]),
        ("es", ["340 ms", "4,2 s", "42 s", "3 min 05 s", "1 h 02 min"]),
    ],
)
def test_durations(language: str, said: list[str]) -> None:
    translation.activate(language)
    assert [wording.duration(seconds) for seconds in (0.34, 4.2, 42, 185, 3725)] == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["1,234,567", "$0.42", "$0.0012", "next in line", "2nd in line", "11th in line"]),
        ("ja", ["1,234,567", "$0.42", "$0.0012", "次の番", "順番待ち2番目", "順番待ち11番目"]),
        (
            "es",
            ["1.234.567", "0,42 US$", "0,0012 US$", "la siguiente en la cola", "n.º 2 en la cola", "n.º 11 en la cola"],
        ),
    ],
)
def test_numbers(language: str, said: list[str]) -> None:
    translation.activate(language)
    numbers = [wording.number(1_234_567), wording.cost(0.42), wording.cost(0.0012)]
    assert [*numbers, wording.place(1), wording.place(2), wording.place(11)] == said


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Stopped in 14 ms · killed 2 processes · during exec · by bob · “why”"),
        ("ja", "14ミリ秒で停止 · 2個のプロセスを強制終了 · execの実行中 · bobによる · 「why」"),
        ("es", "Detenida en 14 ms · 2 procesos terminados · durante exec · por bob · «why»"),
    ],
)
def test_a_receipt_is_worded_when_it_is_shown(language: str, said: str) -> None:
    translation.activate(language)
    assert wording.receipt(RECEIPT) == said


def said_by_the_code() -> list[str]:
    """Return what is really stored, from where it is said."""
    running: Any = SimpleNamespace(stop_reason=StopReason.TIMED_OUT, limits=SimpleNamespace(wall_seconds=60.0))
    stored = [finished_event(running).error]
    running.stop_reason = StopReason.SHUTDOWN
    stored.append(finished_event(running).error)
    told_by_claude: list[AgentFailure] = [
        failures.of_result({"result": "Please run /login"}),
        failures.of_result({"result": "busy", "api_error_status": 529}),
        failures.of_result({"result": "slow down", "api_error_status": 429}),
        failures.of_result({"result": "no", "api_error_status": 400}),
        failures.of_result({}),
        failures.ended_early(1, ""),
        failures.ended_early(-9, "last words"),
        failures.garbage(b"???"),
        failures.too_long(1000),
        failures.silent(60),
        failures.not_started(OSError(2, "No such file")),
    ]
    return stored + [str(failure) for failure in told_by_claude]


@pytest.mark.parametrize("language", ["ja", "es"])
def test_what_is_stored_of_failures_is_known_and_said_in_other_languages(language: str) -> None:
    translation.activate(language)
    assert [text for text in said_by_the_code() if told.in_words(text) == text] == []


def test_what_somebody_else_has_said_stays_as_it_is() -> None:
    translation.activate("ja")
    assert told.in_words("segmentation fault") == "segmentation fault"
    assert told.in_words("") == ""


def test_values_of_a_sentence_are_kept_whole() -> None:
    translation.activate("es")
    assert (
        told.in_words("The Claude CLI failed: one: two\nthree 100%") == "La CLI de Claude falló: one: two\nthree 100%"
    )


def test_every_error_has_its_default_in_the_catalogs() -> None:
    def below(kind: type[ExecutionError]) -> Iterator[type[ExecutionError]]:
        yield kind
        for other in kind.__subclasses__():
            yield from below(other)

    ours = {kind for kind in below(ExecutionError) if kind.__module__ == errors.__name__}
    assert {(kind.__doc__ or "").strip() for kind in ours} == set(errors.DEFAULTS)
    translation.activate("ja")
    assert [kind for kind in ours if kind().message == (kind.__doc__ or "").strip()] == []
