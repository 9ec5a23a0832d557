"""Telling the outside, over HTTP, that an execution has ended or asks: an outbox, and what empties it.

What is to be told is a row, written in the transaction that writes the outcome or the question, so a crash loses
nothing. Workers send the rows, each under a lease that ends by itself, and try again with growing pauses. So everything
arrives at least once; a message keeps its id however often it is sent.

A :class:`~executions.deliveries.channel.Channel` says to whom and how: webhooks here, Web Push in the chat.
"""
