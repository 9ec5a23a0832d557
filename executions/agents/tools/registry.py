"""All tools, by name, in the order in which they are offered."""

from __future__ import annotations

from executions.agents.tools.append_file import TOOL as APPEND_FILE
from executions.agents.tools.edit_file import TOOL as EDIT_FILE
from executions.agents.tools.exec import TOOL as EXEC
from executions.agents.tools.list_dir import TOOL as LIST_DIR
from executions.agents.tools.read_file import TOOL as READ_FILE
from executions.agents.tools.tool import Tool
from executions.agents.tools.web_fetch import TOOL as WEB_FETCH
from executions.agents.tools.web_search import TOOL as WEB_SEARCH
from executions.agents.tools.write_file import TOOL as WRITE_FILE

_ALL = (READ_FILE, WRITE_FILE, EDIT_FILE, APPEND_FILE, LIST_DIR, EXEC, WEB_SEARCH, WEB_FETCH)

TOOLS: dict[str, Tool] = {tool.name: tool for tool in _ALL}
