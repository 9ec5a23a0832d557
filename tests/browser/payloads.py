"""Texts that would run a script, or call a foreign host, on a page that took them for more than text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from executions.events import (
    Answered,
    CancelRequested,
    CliSession,
    Finished,
    Notice,
    Question,
    Started,
    Text,
    Thinking,
    ToolFinished,
    ToolOutput,
    ToolStarted,
    Usage,
)
from executions.models import EventRow, Execution

#: Every one of them says its number to ``hit`` where it gets to run, or asks ``evil.example`` for something.
MARKUP = (
    "<script>hit(0)</script>",
    "<img src=x onerror=hit(1)>",
    "<svg onload=hit(2)><circle/></svg>",
    "<svg><animate onbegin=hit(3) attributeName=x dur=1s>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=hit(4)&gt;'>",
    "<math><annotation-xml encoding='text/html'><script>hit(5)</script></annotation-xml></math>",
    "<iframe srcdoc='<script>parent.hit(6)</script>'></iframe>",
    "<iframe src=javascript:parent.hit(7)></iframe>",
    "<object data=javascript:hit(8)></object><embed src=javascript:hit(8)>",
    "<details open ontoggle=hit(9)>x</details>",
    "<video><source onerror=hit(10)></video><audio src=x onerror=hit(10)>",
    "<body onload=hit(11)><input autofocus onfocus=hit(11)>",
    "<form action=javascript:hit(12)><button autofocus onfocus=hit(12)>go</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<base href=https://evil.example/>",
    "<link rel=stylesheet href=https://evil.example/x.css>",
    "<style>@import 'https://evil.example/x.css';*{background:url(https://evil.example/x)}</style>",
    "<p style='background:url(https://evil.example/y)'>styled</p>",
    "<img src=https://evil.example/pixel.png srcset=https://evil.example/2x>",
    "\"><script>hit(13)</script>",
    "' onmouseover='hit(14)' autofocus onfocus='hit(14)' x='",
    "\" onmouseover=\"hit(15)\" autofocus onfocus=\"hit(15)\" x=\"",
    "</textarea></title></style></template></noscript></pre><script>hit(16)</script>",
    "--><!--><script>hit(17)</script>",
    "<noscript><p title='</noscript><img src=x onerror=hit(18)>'>",
    "<template><img src=x onerror=hit(19)></template>",
    "<select><template shadowrootmode=open><img src=x onerror=hit(20)></template></select>",
    "&lt;img src=x onerror=hit(21)&gt; &#60;img src=x onerror=hit(21)&#62;",
    "\uff1cscript\uff1ehit(22)\uff1c/script\uff1e \u2028<img src=x onerror=hit(22)>\u2029",
    "<scr\u0000ipt>hit(23)</scr\u0000ipt><IMG\u000bSRC=x\u000bONERROR=hit(23)>",
    "<a href=javascript:hit(24) autofocus onfocus=hit(24)>raw</a>",
    "{{constructor.constructor('hit(25)')()}} ${hit(25)} <%= hit(25) %> {% load x %}",
    "\u202e<img src=x onerror=hit(26)>\u202c e\u0301\u200d\U0001f468\u200d\U0001f469",
    "<xmp><img src=x onerror=hit(27)></xmp><plaintext>",
)  # fmt: skip
MARKDOWN = (
    "[a](javascript:hit(40))",
    "[b](JaVaScRiPt:hit(41))",
    "[c](java\tscript:hit(42))",
    "[d](&#106;avascript:hit(43))",
    "[e](javascript&colon;hit(44))",
    "[f](data:text/html;base64,PHNjcmlwdD5oaXQoNDUpPC9zY3JpcHQ+)",
    "[g](vbscript:hit(46))",
    "[h](<javascript:hit(47)>)",
    "[i](\\x01javascript:hit(48))",
    "[j]( javascript:hit(49) \"t\")",
    "![k](javascript:hit(50))",
    "![l](https://evil.example/image.png)",
    "![m](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9aGl0KDUxKT4=)",
    "[n][ref] <javascript:hit(52)> <https://evil.example/auto\" onclick=hit(52)>",
    "[o](https://example.com/\"onmouseover=\"hit(53))",
    "[p](//evil.example/x) [q](file:///etc/passwd) [r](blob:hit(54))",
    "`` `<img src=x onerror=hit(55)>` ``",
    "**<img src=x onerror=hit(56)>** ~~<svg onload=hit(56)>~~",
    "[<img src=x onerror=hit(57)>](https://example.com/)",
    "$<img src=x onerror=hit(58)>$ $$<svg onload=hit(58)>$$",
)  # fmt: skip
#: What needs lines of its own.
BLOCKS = (
    "```html\"><img src=x onerror=hit(60)>\n<script>hit(60)</script>\n```",
    "```\" onmouseover=\"hit(61)\n<img src=x onerror=hit(61)>\n```",
    "| <img src=x onerror=hit(62)> | b |\n|---|:--:|\n| <script>hit(62)</script> | [x](javascript:hit(62)) |",
    "# <img src=x onerror=hit(63)>\n\n> <svg onload=hit(63)>\n\n1. <b>\n   - [y](javascript:hit(63))",
    "[ref]: javascript:hit(64)\n\n[z][ref] ![z][ref]",
    "    <script>hit(65)</script>",
    "- [ ] <img src=x onerror=hit(66)>\n- [x] <script>hit(66)</script>",
)  # fmt: skip
LONG = "<b onclick=hit(70)>" + "x" * 5000
ALL = (*MARKUP, *MARKDOWN, *BLOCKS, LONG)
#: One text with all that fits on a line.
LINE = " ".join(text for text in (*MARKUP, *MARKDOWN) if "\n" not in text).replace("\0", "")


def answer() -> str:
    """Return an answer that has all of them in it, as Markdown."""
    return "\n\n".join(ALL).replace("\0", "")


def journal() -> list[Any]:
    """Return events that have one of them wherever an event has words."""
    question = {"header": MARKUP[1], "question": f"{MARKUP[2]}\n\n{LINE}", "multiSelect": False,
                "options": [{"label": text, "description": MARKUP[0]} for text in MARKUP[:6]]}  # fmt: skip
    return [
        Started(MARKUP[1]),
        Thinking(answer()),
        Notice(LINE, MARKUP[20]),
        ToolStarted("c1", MARKUP[1], {MARKUP[1]: LINE, "command": LINE, "nested": {MARKUP[2]: [MARKUP[3]]}}),
        ToolOutput("c1", answer()),
        ToolFinished("c1", MARKUP[1], answer()),
        ToolStarted("c2", "Bash", {"command": MARKUP[1]}),
        ToolFinished("c2", "Bash", MARKUP[1], "error"),
        Question("q1", questions=[question]),
        Answered("q1", {"answers": {question["question"]: LINE}}),
        Question("q2", kind="plan", plan=answer()),
        Answered("q2", {"approved": False, "comment": LINE}),
        CliSession(MARKUP[21], MARKUP[1], MARKUP[2]),
        Usage(1, 1, 1, 0.5),
        Text(answer()),
        CancelRequested(timezone.now().isoformat(), MARKUP[1], LINE, MARKUP[2]),
        Finished("failed", LINE, MARKUP[1]),
    ]


def fill(username: str) -> None:
    """Give a user, whose names are hostile too, finished executions whose every text is hostile."""
    owner = User.objects.get(username=username)
    User.objects.filter(pk=owner.pk).update(first_name=MARKUP[1], last_name=MARKUP[2], email=MARKUP[20][:60])
    now = timezone.now()
    receipt = {
        "elapsed_ms": 3, "by": MARKUP[1], "reason": LINE, "source": "page", "tool": MARKUP[1],
        "processes": [{"pid": 1, "command": LINE}],
    }  # fmt: skip
    for number, outcome in enumerate(("failed", "canceled", "succeeded")):
        stopped = {"cancel_requested_at": now, "cancel_requested_by": owner, "cancel_reason": LINE[:500],
                   "cancel_source": "page", "receipt": receipt}  # fmt: skip
        execution = Execution.objects.create(
            owner=owner, session_id=f"hostile:{number}", agent=MARKUP[1][:60], model=MARKUP[2], prompt=answer(),
            agent_session=MARKUP[21], output=answer(), state="finished", outcome=outcome, error=LINE,
            created_at=now - timedelta(seconds=60), started_at=now - timedelta(seconds=59), finished_at=now,
            changed_at=now, options={"project": MARKUP[1]},
            **(stopped if outcome == "canceled" else {}),
        )  # fmt: skip
        rows = [
            EventRow(execution=execution, seq=seq, type=event.type, data=event.data(), created_at=now)
            for seq, event in enumerate(journal(), 1)
        ]
        EventRow.objects.bulk_create(rows)
        Execution.objects.filter(pk=execution.pk).update(last_seq=len(rows))
        _session(owner, execution)


def _session(owner: User, execution: Execution) -> None:
    """Show it in a session with a hostile title."""
    from chat.models import Message, Session

    session = Session.objects.create(
        owner=owner, session_id=execution.session_id, title=LINE[:200], last_message=LINE[:200], turns=1
    )
    Message.objects.create(session=session, execution=execution, turn=1, role="user", content=answer())
    Message.objects.create(
        session=session, execution=execution, turn=1, role="assistant", content=answer(),
        outcome=execution.outcome, error=LINE,
    )  # fmt: skip
