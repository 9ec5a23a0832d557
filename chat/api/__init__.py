"""The panel's REST: signing in, sessions and their messages, what runs, what can be chosen."""
