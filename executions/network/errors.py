"""Why an address is not connected to."""


class AddressRefused(Exception):
    """The address is no web address, was not found, or is private."""
