"""What people see of a conversation: sessions and their messages; and the tokens their programs sign in with."""

from chat.models.message import Message, Role
from chat.models.push import PushDelivery, PushSubscription
from chat.models.session import Session
from chat.models.token import Token

__all__ = ["Message", "PushDelivery", "PushSubscription", "Role", "Session", "Token"]
