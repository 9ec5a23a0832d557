"""Webhooks: addresses of owners that are told, by a signed POST, that an execution has ended or asks.

The format of signatures is that of Standard Webhooks (https://www.standardwebhooks.com/); see docs/webhooks.md.
"""
