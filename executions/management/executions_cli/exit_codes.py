"""What the exit codes of ``manage.py executions`` mean."""

OK = 0
FAILED = 1
USAGE = 2
UNCONFIRMED = 3
UNSUCCESSFUL = 4
INTERRUPTED = 130
PIPE_CLOSED = 141

EPILOG = """\
exit codes:
  0    done; a list may be empty
  1    there is no such execution, user or worker, nothing to cancel or to release, or it could not be done
  2    the command line is wrong
  3    cancel --wait, hold --wait, drain --wait: not all have confirmed or finished in time
  4    start --follow or --wait: it has ended, but not succeeded
  130  interrupted with Ctrl-C; prune, prune-audit and compact have kept what was done
"""
