"""Notifications with no page open: the switch, the service worker, what it shows, and what a click opens.

Chromium in a test reaches no push service, so the subscription is one of a fake service on this machine; what that one
has decrypted is handed to the real service worker as Chromium would hand it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from executions.testing.fake_push import Browser as Subscribed
from executions.testing.fake_push import FakePush
from tests.browser.chromium import PASSWORD, WIDE, sign_in
from tests.servers import Server, Servers
from tests.support import wait_until

pytestmark = pytest.mark.browser

#: ``pushManager`` with a subscription of the fake service in place of Chromium's own.
SUBSCRIBED = """
((given) => {
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const held = () => sessionStorage.getItem("held") === "yes";
  const subscription = {
    endpoint: given.endpoint, toJSON: () => given, options: { applicationServerKey: bytes(given.key).buffer },
    unsubscribe: async () => sessionStorage.removeItem("held"),
  };
  PushManager.prototype.getSubscription = async () => held() ? subscription : null;
  PushManager.prototype.subscribe = async () => { sessionStorage.setItem("held", "yes"); return subscription; };
})(%s);
"""
SHOWN = """async () => (await (await navigator.serviceWorker.ready).getNotifications())
  .map(({ title, body, tag, lang }) => ({ title, body, tag, lang }))"""


class Told:
    """A browser that is told, with what stands between the push service and it."""

    def __init__(self, site: Server, page: Page, service: FakePush, subscribed: Subscribed) -> None:
        self.site, self.page, self.service, self.subscribed = site, page, service, subscribed
        self.cdp: CDPSession = page.context.new_cdp_session(page)
        #: By scope.
        self.registrations: dict[str, str] = {}
        self.cdp.on("ServiceWorker.workerRegistrationUpdated", self._updated)
        self.cdp.send("ServiceWorker.enable")

    def _updated(self, event: dict[str, Any]) -> None:
        for registration in event["registrations"]:
            if not registration["isDeleted"]:
                self.registrations[registration["scopeURL"]] = registration["registrationId"]

    def deliver(self, message: dict[str, Any]) -> None:
        """Hand a message to the service worker."""
        scope = f"{self.site.url}/"
        # Playwright hears Chromium while it is asked something.
        wait_until(lambda: (self.page.evaluate(SHOWN), self.registrations.get(scope))[1], 10)
        self.cdp.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self.site.url.removesuffix("/agents"),
                "registrationId": self.registrations[scope],
                "data": json.dumps(message),
            },
        )

    def shown(self, page: Page | None = None) -> list[dict[str, Any]]:
        return list((page or self.page).evaluate(SHOWN))


@pytest.fixture(scope="module")
def pushing(prepared_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may connect to this machine."""
    servers = Servers(prepared_home, tmp_path_factory.mktemp("push"))
    server = servers.start(KAKOCLAW_ALLOW_PRIVATE_ADDRESSES="1", KAKOCLAW_BASE_PATH="/agents")
    server.add_user("ada", PASSWORD)
    yield server
    servers.close()
    assert "Traceback" not in server.log, server.log


@pytest.fixture
def told(pushing: Server, browser: Browser) -> Iterator[Told]:
    """Ada's browser, signed in, with notifications allowed and a subscription waiting to be made."""
    with FakePush() as service:
        client = pushing.client("ada", PASSWORD)
        key = client.get("/api/v1/push/").json()["key"]
        client.close()
        subscribed = service.browser(key)
        context: BrowserContext = browser.new_context(base_url=pushing.url, viewport=WIDE)  # type: ignore[arg-type]
        context.grant_permissions(["notifications"])
        context.add_init_script(SUBSCRIBED % json.dumps({**subscribed.as_json(), "key": key}))
        page = context.new_page()
        page.goto("/agents/login")
        sign_in(page, "ada")
        yield Told(pushing, page, service, subscribed)
        context.close()


def switch_on(told: Told) -> None:
    told.page.goto("/agents/settings")
    told.page.get_by_label("Also when no page of KakoClaw is open").check()
    expect(told.page.get_by_role("button", name="Send a test")).to_be_visible()


def test_the_switch_subscribes_and_a_test_arrives_and_is_shown(told: Told) -> None:
    switch_on(told)
    expect(told.page.get_by_label("Notification when a run finishes")).to_be_checked()
    told.page.get_by_role("button", name="Send a test").click()
    wait_until(lambda: told.subscribed.messages, 15)
    message = told.subscribed.messages[0]
    told.deliver(message)
    wait_until(lambda: told.shown(), 10)
    assert told.shown()[0]["title"] == "Notifications work"
    told.page.reload()
    expect(told.page.get_by_text("Chrome on Linux")).to_be_visible()
    expect(told.page.get_by_text("(this one)")).to_be_visible()


def test_a_run_that_ends_while_nobody_looks_is_shown_and_a_click_leads_to_it(told: Told) -> None:
    switch_on(told)
    with told.site.client("ada", PASSWORD) as client:
        body = {"prompt": "say behind your back", "session_id": "web:chat:push"}
        client.post("/api/v1/executions/", json=body).raise_for_status()
    wait_until(lambda: told.subscribed.messages, 15)
    message = told.subscribed.messages[-1]
    assert message["path"] == "chat/web:chat:push"
    told.deliver(message)
    wait_until(lambda: told.shown(), 10)
    assert told.shown()[-1]["body"] == "say behind your back"
    # What a click does, by the worker's own function: Chromium lets no test click a notification.
    (worker,) = told.page.context.service_workers
    assert worker.url == f"{told.site.url}/service-worker.js"
    assert worker.evaluate("new URL('chat/web:chat:push', registration.scope).pathname") == "/agents/chat/web:chat:push"


def test_what_somebody_looks_at_is_not_shown(told: Told) -> None:
    switch_on(told)
    with told.site.client("ada", PASSWORD) as client:
        body = {"prompt": "say before your eyes", "session_id": "web:chat:seen"}
        client.post("/api/v1/executions/", json=body).raise_for_status()
    wait_until(lambda: told.subscribed.messages, 15)
    seen = told.subscribed.messages[-1]
    told.page.goto("/agents/chat/web:chat:seen")
    told.deliver(seen)
    # A message about something else comes after it and is shown; so the first one was looked at, and was not.
    told.deliver({**seen, "views": ["session:another"], "tag": "another", "title": "Another"})
    wait_until(lambda: told.shown(), 10)
    assert [one["title"] for one in told.shown()] == ["Another"]


def test_switching_off_ends_it(told: Told) -> None:
    switch_on(told)
    told.page.get_by_label("Also when no page of KakoClaw is open").uncheck()
    expect(told.page.get_by_role("button", name="Send a test")).to_be_hidden()
    told.page.reload()
    expect(told.page.get_by_text("(this one)")).to_have_count(0)


def test_signing_out_ends_it_and_signing_in_takes_it_up_again(told: Told) -> None:
    switch_on(told)
    told.page.get_by_role("button", name="Sign out").click()
    expect(told.page.get_by_label("Username")).to_be_visible()
    with told.site.client("ada", PASSWORD) as client:

        def subscribed() -> bool:
            browsers = client.get("/api/v1/push/").json()["browsers"]
            return told.subscribed.endpoint in [browser["endpoint"] for browser in browsers]

        assert not subscribed()
        told.page.goto("/agents/login")
        sign_in(told.page, "ada")
        wait_until(subscribed, 10)


def test_a_webhook_is_made_tested_and_ended(told: Told) -> None:
    page = told.page
    page.goto("/agents/settings")
    form = page.locator("#webhooks")
    form.get_by_label("Name").fill("Build server")
    form.get_by_label("Address").fill(told.service.url)
    form.get_by_role("button", name="Make a webhook").click()
    expect(page.locator("[data-secret]")).to_be_in_viewport()
    expect(page.locator("[data-secret]")).to_contain_text("whsec_")
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("heading", name="Build server")).to_be_visible()
    expect(page.locator("[data-secret]")).to_have_count(0)
    page.get_by_role("button", name="Send a test").click()
    # The list follows by itself. The fake push service takes no webhook: it answers that there is nothing.
    expect(page.get_by_text("answered 404").first).to_be_visible()
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="End it").click()
    expect(page.get_by_text("The webhook is ended.")).to_be_visible()
