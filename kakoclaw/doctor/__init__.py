"""What may be wrong with an installation, and what to do about it: ``manage.py doctor``."""

from kakoclaw.doctor.findings import Finding, Level
from kakoclaw.doctor.questions import QUESTIONS, examine

__all__ = ["QUESTIONS", "Finding", "Level", "examine"]
