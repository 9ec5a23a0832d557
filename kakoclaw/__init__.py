"""The site: settings, addresses, and how the pieces are composed. No behavior of its own."""

__version__ = "0.1.0"
