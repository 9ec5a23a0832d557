"""Web Push: notifications that arrive with no page of the panel open.

A subscription is a browser in which somebody is signed in and wants them; it ends with that login session. Messages are
written to the outbox of :mod:`executions.deliveries`, encrypted for the browser, and sent to its maker's push service.
"""
