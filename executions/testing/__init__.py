"""The testing kit: servers and runs that stand in for the outside world, without the outside world.

- :mod:`executions.testing.fake_openai`: a scriptable OpenAI-compatible model server on loopback;
- :mod:`executions.testing.fake_anthropic`: the same for the Claude CLI, as Anthropic's Messages API;
- :mod:`executions.testing.claude_moments`: twenty moments at which to stop a run of the CLI;
- :mod:`executions.testing.fake_mcp`: an MCP tool server that talks over its standard input and output;
- :mod:`executions.testing.runs`: :func:`~executions.testing.runs.make_run`, a :class:`~executions.agents.base.Run`
  made by hand that records what the agent does.

None of it needs more than the standard library, and none of it is imported by the product itself.
"""
