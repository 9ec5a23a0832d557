"""The page of what has run: filtered, page by page."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.db.models.functions import Substr
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from executions.conf import conf
from executions.models import Execution
from executions.narrowing import SEARCHED_ROWS
from executions.pages.filters import HistoryForm
from executions.pages.reach import asks_for_all, id_of, listed
from executions.pictures import STRIP_HEIGHT, WIDTH, Bar, strip
from executions.searching.excerpts import Excerpt, excerpt
from executions.searching.words import MAX_CHARS
from executions.visitor import visitor

PAGE = 40
STRIP = 60


def found_by(request: HttpRequest) -> tuple[HistoryForm, QuerySet[Execution], bool]:
    """Return the filters of a request, the finished executions that fit, newest first, and whether all people's."""
    form = HistoryForm(request.GET, user=visitor(request))
    everyone = asks_for_all(request) or "owner" in form.wanted
    return form, form.narrow(listed(request, everyone=everyone).finished()), everyone


@login_required
@require_safe
def history(request: HttpRequest) -> HttpResponse:
    """Show finished executions, newest first."""
    form, found, everyone = found_by(request)
    before, after = id_of(request.GET.get("before")), id_of(request.GET.get("after"))
    rows, newer, older = _page(found, before, after)
    excerpts = _excerpts(rows, form.wanted.get("q", ""))
    context = {
        "page": "history",
        "form": form,
        "filtered": bool(form.wanted) or everyone,
        "rows": [(row, excerpts.get(row.pk)) for row in rows],
        "newer": newer,
        "older": older,
        "everyone": everyone,
        "models": conf.models,
        "searched": SEARCHED_ROWS,
        "bars": _strip(found) if newer is None and rows else [],
        "strip_width": WIDTH,
        "strip_height": STRIP_HEIGHT,
    }
    return render(request, "executions/history.html", context)


def _page(
    found: QuerySet[Execution], before: int | None, after: int | None
) -> tuple[list[Execution], int | None, int | None]:
    """Return the rows of a page, and the ids that the newer and the older page begin at, ``None`` where there is none.

    The places are ids, so what finishes meanwhile does not shift the pages.
    """
    if after is not None:
        rows = list(found.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        newer = rows[PAGE - 1].pk if len(rows) > PAGE else None
        rows = rows[:PAGE][::-1]
        return rows, newer, rows[-1].pk if rows else None
    rows = list((found.filter(pk__lt=before) if before is not None else found)[: PAGE + 1])
    older = rows[PAGE - 1].pk if len(rows) > PAGE else None
    return rows[:PAGE], rows[0].pk if before is not None and rows else None, older


def _excerpts(rows: list[Execution], query: str) -> dict[int, Excerpt]:
    """Return where in the answers stands what was looked for, by id; requests and errors are shown anyway."""
    if not query or not rows:
        return {}
    answers = Execution.objects.filter(pk__in=[row.pk for row in rows]).order_by()
    found = answers.values_list("pk", Substr("output", 1, MAX_CHARS))
    return {pk: place for pk, text in found if (place := excerpt(text, query)) is not None}


def _strip(found: QuerySet[Execution]) -> list[Bar]:
    last = found.prefetch_related(None).values_list("pk", "started_at", "finished_at", "outcome")[:STRIP]
    runs = [(pk, (end - start).total_seconds() if start and end else 0.0, outcome) for pk, start, end, outcome in last]
    return strip(reversed(runs), STRIP, lambda pk: reverse("execution", args=[pk]))
