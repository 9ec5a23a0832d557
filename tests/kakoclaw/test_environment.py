"""Settings' variables: what is read, and in which words mistakes are told."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from kakoclaw.environment import Environment


def test_a_wrong_number_is_told_with_its_name_its_value_and_an_example() -> None:
    env = Environment({"PORT": "80a"})
    assert env.number("PORT", 18880, minimum=0, maximum=65535) == 18880
    assert env.problems == ["PORT='80a' is wrong: it must be a whole number from 0 to 65535, such as 18880."]


def test_a_number_out_of_bounds_is_wrong() -> None:
    env = Environment({"KAKOCLAW_MAX_RUNNING": "0"})
    env.number("KAKOCLAW_MAX_RUNNING", 64)
    assert env.problems == ["KAKOCLAW_MAX_RUNNING='0' is wrong: it must be a whole number of at least 1, such as 64."]


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("off", False), ("", True)])
def test_a_switch_understands_the_usual_words_and_an_empty_value_is_the_default(value: str, expected: bool) -> None:
    assert Environment({"KAKOCLAW_HTTPS": value}).switch("KAKOCLAW_HTTPS", True) is expected


def test_a_misspelled_name_is_told_with_the_nearest_known_one() -> None:
    env = Environment({"KAKOCLAW_MODLE": "demo"})
    env.text("KAKOCLAW_MODEL")
    with pytest.raises(ImproperlyConfigured, match="KAKOCLAW_MODLE is not a setting: did you mean KAKOCLAW_MODEL"):
        env.check()


def test_every_mistake_is_told_at_once() -> None:
    env = Environment({"PORT": "x", "KAKOCLAW_HTTPS": "maybe"})
    env.number("PORT", 1)
    env.switch("KAKOCLAW_HTTPS")
    with pytest.raises(ImproperlyConfigured) as caught:
        env.check()
    assert len(str(caught.value).splitlines()) == 2


def test_a_password_in_an_address_is_not_printed() -> None:
    env = Environment({"DATABASE_URL": "mysql://me:secret@host/db"})
    env.address("DATABASE_URL", ["postgres"], "postgres://host/db")
    assert "secret" not in env.problems[0]
    assert "host/db" in env.problems[0]


def test_names_are_split_at_commas_without_repetitions() -> None:
    assert Environment({"NAMES": " a, b ,,a"}).names("NAMES") == ["a", "b"]


def test_limits_are_read_by_name() -> None:
    env = Environment({"LIMITS": " llm=8, claude = 2,"})
    assert env.limits("LIMITS", ["demo", "llm", "claude"]) == {"llm": 8, "claude": 2}
    assert Environment({}).limits("LIMITS", ["llm"]) == {}
    assert env.problems == []


@pytest.mark.parametrize(
    "value", ["llm", "llm=", "llm=0", "llm=-1", "llm=8x", "llm=9999", "lmm=8", "=8", "llm=1,llm=2"]
)
def test_a_wrong_limit_is_told_with_what_would_be_right(value: str) -> None:
    env = Environment({"LIMITS": value})
    assert env.limits("LIMITS", ["llm", "demo"], maximum=100) == {}
    (problem,) = env.problems
    assert problem.startswith(f"LIMITS={value!r} is wrong: it must name each of demo, llm at most once, with a whole")
    assert "such as demo=2,llm=2" in problem
