"""What people see of a conversation: sessions and their messages."""

from chat.models.message import Message, Role
from chat.models.session import Session

__all__ = ["Message", "Role", "Session"]
