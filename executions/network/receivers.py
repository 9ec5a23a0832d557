"""Checks an address that a person gives to be told things at, before anything is sent there.

The transport checks again with every connection: what a name means may change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import httpx
from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from executions.network.errors import AddressRefused, HostNotFound, PrivateAddress
from executions.network.transport import addresses_of

#: Seconds that the name servers have.
RESOLVE_SECONDS = 5.0


def checked(address: str, *, schemes: Collection[str], allow_private: bool) -> str:
    """Return the address of a receiver as it is kept. Raises AddressRefused, in the reader's language."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in schemes or not url.host:
        beginnings = _(" or ").join(f"{scheme}://" for scheme in schemes)
        raise AddressRefused(
            _("%(address)s is not a web address: it must begin with %(beginnings)s.")
            % {"address": repr(address[:200]), "beginnings": beginnings}
        )
    if url.userinfo:
        raise AddressRefused(_("The address has a user name or a password in it; leave them out."))
    if url.fragment:
        raise AddressRefused(_("The address has a part after #, which is never sent; leave it out."))
    try:
        async_to_sync(_resolve)(url, allow_private)
    except PrivateAddress:
        raise AddressRefused(
            _("%(host)s is at a private address, which is not allowed here.") % {"host": url.host}
        ) from None
    except (HostNotFound, TimeoutError):
        raise AddressRefused(_("The host %(host)s was not found.") % {"host": url.host}) from None
    return str(url)


async def _resolve(url: httpx.URL, allow_private: bool) -> None:
    async with asyncio.timeout(RESOLVE_SECONDS):
        await addresses_of(url, allow_private=allow_private)
