"""What the exit codes of ``manage.py executions`` mean."""

OK = 0
FAILED = 1
USAGE = 2
UNCONFIRMED = 3
INTERRUPTED = 130
PIPE_CLOSED = 141

EPILOG = """\
exit codes:
  0    done; a list may be empty
  1    there is no such execution, nothing to cancel, or it could not be done
  2    the command line is wrong
  3    cancel --wait: not all have confirmed in time
  130  interrupted with Ctrl-C; prune and compact have kept what was done
"""
