"""Options that narrow executions, the same in every sub-command."""

from __future__ import annotations

from argparse import ArgumentParser


def add_owner_and_session(parser: ArgumentParser) -> None:
    parser.add_argument("--owner", metavar="NAME", help="only those of this user")
    parser.add_argument("--session", metavar="ID", help="only those of this session, such as web:chat")
