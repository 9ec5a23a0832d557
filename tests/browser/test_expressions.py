"""The language of the staff's attributes: all that Unfold writes in it, what it is worth, what it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import unfold
from django.contrib.staticfiles import finders
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

pytestmark = pytest.mark.browser

#: Whose templates stand on the staff's pages.
FOLDERS = (Path(unfold.__file__).parent, Path(__file__).parents[2] / "templates" / "admin")
SCRIPTS = [f"kakoclaw/alpine/{name}.js" for name in ("tokens", "parser", "values", "evaluator")]
#: These hold a name, a selector or nothing; Alpine and its plugins do not evaluate them.
WORDS = re.compile(r"x-(ref|teleport|cloak|transition|sort$|sort:item|sort:group|sort:handle)\b")
ATTRIBUTE = re.compile(r"""(?<![\w:.-])(x-[\w:.-]+|[:@][a-z][\w:.-]*)=(?:"([^"]*)"|'([^']*)')""")
TAGS = re.compile(r"\{%\s*else\s*%\}.*?\{%\s*endif\s*%\}|\{%.*?%\}", re.DOTALL)
VALUES = re.compile(r"\{\{.*?\}\}", re.DOTALL)

PARSE = """(texts) => texts.flatMap((text) => {
  try { expressions.parse(text); return []; } catch (error) { return [`${text}: ${error.message}`]; }
})"""
EVALUATE = """(text) => {
  const globals = { twice: (value) => value * 2, stamp: Date };
  const scope = { open: false, count: 2, nothing: null, items: ["a", "b"], name: "name",
                  item: { title: "One", inner: { deep: 5 }, self() { return this.title; } },
                  total() { return this.count; } };
  try { return { value: expressions.evaluate(expressions.parse(text), scope, globals) ?? null, scope }; }
  catch (error) { return { error: `${error.name}: ${error.message}` }; }
}"""


def expressions() -> list[str]:
    """Every expression in Unfold's templates and in ours, with the words that Django would leave in it."""
    found = set()
    for path in sorted(path for folder in FOLDERS for suffix in ("html", "py") for path in folder.rglob(f"*.{suffix}")):
        text = VALUES.sub("1", TAGS.sub("", path.read_text()))
        for name, quoted, single in ATTRIBUTE.findall(text):
            if not WORDS.match(name):
                expression = quoted or single
                found.add(expression.partition(" in ")[2] if name == "x-for" else expression)
    return sorted(found)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page that has the language and nothing else."""
    page = browser.new_page()
    for script in SCRIPTS:
        page.add_script_tag(path=str(finders.find(script)))
    yield page
    page.close()


def test_every_attribute_of_the_staffs_templates_is_understood(page: Page) -> None:
    texts = expressions()
    assert len(texts) > 100
    assert "sidebarMobileOpen = !sidebarMobileOpen" in texts
    assert "commandHistory" in texts
    assert "{ width: changeListWidth + 'px' }" in texts
    assert page.evaluate(PARSE, texts) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 2 % 3", 5),
        ("(1 + 2) * 3", 9),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", True),
        ("'1' == 1 && '1' !== 1 && 1 != 2 && 1 === 1", True),
        ("nothing ?? 'else'", "else"),
        ("open || count && 'both'", "both"),
        ("open ? 1 : count ? 2 : 3", 2),
        ("open ?.5 : 1.5", 1.5),
        ("!open && -count", -2),
        ("typeof unheard", "undefined"),
        ("typeof count", "number"),
        (r"'it\'s \u0041\x42\n'", "it's AB\n"),
        ("item.inner['deep']", 5),
        ("item['inner'].deep", 5),
        ("nothing?.title.more.and()", None),
        ("item?.inner?.deep", 5),
        ("nothing?.[0]", None),
        ("item.missing?.()", None),
        ("item.self()", "One"),
        ("total()", 2),
        ("twice(count)", 4),
        ("['h3', 'strong'].includes('h3')", True),
        ("{ 'is-open': !open, count, name: 'x', 3: 1, }", {"is-open": True, "count": 2, "name": "x", "3": 1}),
        ("[1, 'two', [open]]", [1, "two", [False]]),
        ("items.map((item, index) => item + index)", ["a0", "b1"]),
        ("items.map(each => items.map(other => each + other))", [["aa", "ab"], ["ba", "bb"]]),
        ("new stamp(5).getTime()", 5),
        ("", None),
        ("1; 2; 3;", 3),
        ("(1, 2)", 2),
    ],
)
def test_an_expression_is_worth_what_it_is_in_javascript(page: Page, text: str, value: object) -> None:
    answer = page.evaluate(EVALUATE, text)
    assert answer.get("value") == value, answer


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("open = !open", {"open": True}),
        ("open = count = 7", {"open": 7, "count": 7}),
        ("count += 3; count *= 2", {"count": 10}),
        ("count++; ++count; count--", {"count": 3}),
        ("nothing ??= 4; count ||= 9", {"nothing": 4, "count": 2}),
        ("item.inner.deep = 6", {"item": {"title": "One", "inner": {"deep": 6}}}),
        ("items[0] += '!'", {"items": ["a!", "b"]}),
        ("open && (count = 0)", {"count": 2}),
        ("if (open) count = 1; else count = 3", {"count": 3}),
        ("if (!open) { count = 1; name = '' } else { count = 4 }", {"count": 1, "name": ""}),
        ("if (open) { count = 1 } count++", {"count": 3}),
        ("unheard = 1", {"unheard": 1}),
    ],
)
def test_an_expression_does_what_it_does_in_javascript(page: Page, text: str, changed: dict[str, object]) -> None:
    # As JSON: the functions among the data are not wanted here.
    scope = json.loads(page.evaluate(f"(text) => JSON.stringify(({EVALUATE})(text).scope)", text))
    assert {name: scope[name] for name in changed} == changed


@pytest.mark.parametrize(
    "text",
    [
        "''.constructor", "items.map.constructor('alert(1)')()", "items['constructor']", "item['__' + 'proto__']",
        "items[['constructor']]", "constructor", "{ __proto__: item }", "twice.prototype", "({ constructor })",
        "'\\u0063onstructor' in item", "items['\\u0063onstructor']",
    ],
)  # fmt: skip
def test_what_makes_functions_of_text_is_out_of_reach(page: Page, text: str) -> None:
    assert "error" in page.evaluate(EVALUATE, text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("unheard", "ReferenceError: unheard is not known here"),
        ("document.cookie", "ReferenceError: document is not known here"),
        ("twice = 1", "TypeError: twice is not to be assigned"),
        ("nothing.title", "TypeError: title of null"),
        ("item.title()", "TypeError: title is not a function"),
        ("open = ", "SyntaxError: unexpected the end, at character 8"),
        ("open count", "SyntaxError: ; expected instead of count, at character 6"),
        ("1 = 2", "SyntaxError: there is nothing here that can be assigned, at character 3"),
        ("`a`", "SyntaxError: unexpected `, at character 1"),
        ("'open", "SyntaxError: unexpected ', at character 1"),
        ("function () {}", "SyntaxError: function is not understood here, at character 1"),
        ("() => { open }", "SyntaxError: an arrow's body has to be an expression, at character 7"),
        ("this.open", "SyntaxError: this is not understood here, at character 1"),
    ],
)
def test_an_error_says_what_is_wrong_and_where(page: Page, text: str, error: str) -> None:
    assert page.evaluate(EVALUATE, text)["error"] == error


MARKUP = """<body
  x-data="{ open: true, told: '', typed: '', items: [{ key: 1, name: 'one' }, { key: 2, name: 'two' }] }"
  x-init="$watch('open', value => told = value ? 'yes' : 'no')" x-on:said="told = $event.detail">
<button id="toggle" x-on:click="open = !open" x-bind:class="{ on: open }"></button>
<p id="shown" x-show="open">shown</p>
<p id="told" x-text="told"></p>
<template x-for="(item, index) in items" :key="item.key"><i x-text="index + item.name"></i></template>
<div x-data="{ inner: 1 }"><b id="say" x-on:click="$dispatch('said', $refs.word.textContent + inner)"></b>
<b x-ref="word">hello</b></div>
<input x-model="typed"><p id="typed" x-text="typed"></p>
<p id="wrong" x-text="typed.missing.more"></p><p id="right" x-text="'right'"></p></body>"""


def test_alpine_as_released_works_where_no_text_may_become_code(browser: Browser) -> None:
    page = browser.new_page()
    said: list[ConsoleMessage] = []
    page.on("console", lambda message: said.append(message))
    policy = """<meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'">"""
    page.set_content(f"<!doctype html>{policy}<title>-</title>{MARKUP}")
    for script in [*SCRIPTS, "unfold/js/alpine/alpine.js"]:
        page.add_script_tag(path=str(finders.find(script)))
    expect(page.locator("i")).to_have_text(["0one", "1two"])
    expect(page.locator("#toggle")).to_have_class("on")
    page.locator("#toggle").dispatch_event("click")
    expect(page.locator("#shown")).to_be_hidden()
    expect(page.locator("#told")).to_have_text("no")
    page.locator("#say").dispatch_event("click")
    expect(page.locator("#told")).to_have_text("hello1")
    page.locator("input").fill("typed")
    expect(page.locator("#typed")).to_have_text("typed")
    # What is wrong is told with its text and its element, and stops nothing else.
    expect(page.locator("#right")).to_have_text("right")
    assert {(message.type, message.text.splitlines()[1]) for message in said} == {("error", "typed.missing.more")}
    assert {message.args[1].evaluate("(element) => element.id") for message in said} == {"wrong"}
    page.close()
