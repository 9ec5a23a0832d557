"""How anybody follows an execution without missing or repeating an event."""
