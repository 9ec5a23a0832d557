"""Why an address is not connected to."""


class AddressRefused(Exception):
    """The address is no web address, was not found, or is private."""


class HostNotFound(AddressRefused):
    """There is no such host, or the name servers do not answer."""


class PrivateAddress(AddressRefused):
    """The host is not on the internet."""
