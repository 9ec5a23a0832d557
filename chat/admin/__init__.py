"""Staff pages of what people see of a conversation, and of the tokens their programs sign in with."""

from chat.admin import messages, push, sessions, tokens

__all__ = ["messages", "push", "sessions", "tokens"]
