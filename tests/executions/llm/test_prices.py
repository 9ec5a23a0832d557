from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.usage import RequestUsage

from executions.agents.llm.usage import Meter


def answer(url, model="gpt-4o", **usage):
    response = ModelResponse(parts=[TextPart("hi")], model_name=model, provider_url=url, provider_name="openai")
    response.usage = RequestUsage(**{"input_tokens": 1_000_000, "output_tokens": 1_000_000, **usage})
    return response


def test_the_cost_is_known_for_the_provider_itself():
    meter = Meter(requests=1)
    meter.add(answer("https://api.openai.com/v1/"))
    assert meter.event().cost_usd == 12.5


def test_a_model_of_the_same_name_on_another_server_has_no_known_cost():
    meter = Meter(requests=1)
    meter.add(answer("http://127.0.0.1:8000/v1"))
    assert meter.event().cost_usd is None


def test_one_unknown_cost_makes_the_sum_unknown():
    meter = Meter(requests=2)
    meter.add(answer("https://api.openai.com/v1/"))
    meter.add(answer("https://api.openai.com/v1/", model="nobody-knows-this"))
    assert meter.event().cost_usd is None
    assert meter.event().input_tokens == 2_000_000
