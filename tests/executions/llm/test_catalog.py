import subprocess
import sys

from executions.agents.llm.catalog import catalog


def test_models_are_grouped_by_provider_and_the_demo_is_always_there():
    offered = catalog(["openai-chat:a", "anthropic:b", "openai-chat:c"], "anthropic:b", {"ANTHROPIC_API_KEY": "x"})
    shown = [(each["name"], each["enabled"], each["is_active"], [m["id"] for m in each["models"]]) for each in offered]
    assert shown == [
        ("openai-chat", False, False, ["openai-chat:a", "openai-chat:c"]),
        ("anthropic", True, True, ["anthropic:b"]),
        ("demo", True, False, ["demo"]),
    ]


def test_the_default_model_is_offered_and_aliases_find_their_provider():
    offered = catalog([], "gemini:flash", {"GEMINI_API_KEY": "x"})
    assert [(each["name"], each["enabled"]) for each in offered] == [("google", True), ("demo", True)]


def test_a_local_server_needs_no_key():
    assert catalog(["openai-chat:x"], "demo", {"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"})[0]["enabled"]


def test_neither_the_catalog_nor_the_agent_imports_pydantic_ai_before_it_is_used():
    code = (
        "import sys, executions.agents.llm, executions.agents.llm.catalog as c; c.catalog([], 'demo');"
        "executions.agents.llm.LLMAgent(); sys.exit('pydantic_ai' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
