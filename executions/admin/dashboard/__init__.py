"""The staff's dashboard: what is going on now, and what has happened in a range of time.

``present`` asks what is unfinished, by its indexes; ``past`` asks the tallies, of which a range is some hundred rows.
The two are parts of the page that renew themselves, each at its own pace.
"""
