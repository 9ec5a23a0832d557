"""``executions answer``."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from executions.management.executions_cli.backend import Row
from executions.management.executions_cli.exit_codes import FAILED, OK, USAGE
from executions.management.executions_cli.subcommand import Subcommand, execution_id
from executions.management.executions_cli.text import one_line


class Answer(Subcommand):
    """Answer what a waiting execution asks."""

    help = "Answer what a waiting execution asks: one TEXT for each of its questions, or --approve or --reject a plan."

    @classmethod
    def add_arguments(cls, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=execution_id, metavar="ID")
        parser.add_argument("texts", nargs="*", metavar="TEXT", help="an option's label, or words of your own")
        parser.add_argument("--approve", action="store_true", help="the plan may be carried out")
        parser.add_argument("--reject", action="store_true", help="it may not; TEXT says why")

    def run(self, options: dict[str, Any]) -> int:
        pk = options["id"]
        question = self.backend.get(pk)["question"]
        if not question or not question.get("question_id"):
            raise CommandError(f"Execution {pk} asks nothing.", returncode=FAILED)
        self.backend.answer(pk, question["question_id"], _answer(question, options))
        if options["json"]:
            self.write_json(self.backend.get(pk))
        else:
            self.out.write(f"Answered; follow it with: {self.backend.hint('tail', pk)}")
        return OK


def _answer(question: Row, options: dict[str, Any]) -> dict[str, Any]:
    """Return the answer in the form that its kind of question takes. Raises CommandError."""
    texts = options["texts"]
    if question["kind"] == "plan":
        if options["approve"] == options["reject"]:
            raise CommandError("It asks whether its plan is good: say --approve or --reject.", returncode=USAGE)
        return {"approved": options["approve"], "comment": " ".join(texts)}
    asked = [one_line(str(item.get("question"))) for item in question["questions"]]
    if options["approve"] or options["reject"] or len(texts) != len(asked):
        numbered = " ".join(f"({number}) {text}" for number, text in enumerate(asked, 1))
        raise CommandError(f"It asks {len(asked)}: {numbered} Give one TEXT for each.", returncode=USAGE)
    return {"answers": dict(zip((item["question"] for item in question["questions"]), texts, strict=True))}
