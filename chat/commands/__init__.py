"""The command page's API: commands for the CLI in a project, as one JSON answer or as a stream.

A run belongs to the request that started it: when that connection ends before its answer has, the run is stopped.
"""
