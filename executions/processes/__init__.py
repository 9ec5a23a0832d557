"""Child processes of executions, and their certain end.

Every process that an execution starts (a shell command, a tool server) runs below a small supervisor process of its
own, :mod:`executions.reaper`, which kills the whole tree, daemonised grandchildren included, when it is told to, when
the command ends, and when the server dies. All of them carry ``KAKOCLAW_EXECUTION=<instance>:<execution id>`` in their
environment; that finds what is left if a supervisor itself was killed, and at the next start of the server.

No Django here. :class:`ProcessGroup` is what the supervisor of executions uses: one for each execution.
"""

from executions.processes.child import ChildProcess
from executions.processes.environment import VARIABLE, clean_environment, configure, instance_of
from executions.processes.group import ProcessGroup, spawn
from executions.processes.tags import sweep, tagged

__all__ = [
    "VARIABLE",
    "ChildProcess",
    "ProcessGroup",
    "clean_environment",
    "configure",
    "instance_of",
    "spawn",
    "sweep",
    "tagged",
]
