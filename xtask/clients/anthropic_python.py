"""The `anthropic` package for Python against a running Trousseau."""

import anthropic
from cases import BASE, KEY, run

client = anthropic.Anthropic(base_url=BASE, api_key=KEY, max_retries=0, timeout=30)
TOOLS = [{"name": "meteo", "input_schema": {"type": "object", "properties": {"ville": {"type": "string"}}}}]


def said(content):
    return [{"role": "user", "content": content}]


def ask(content, **more):
    return client.messages.create(model=more.pop("model", "libre"), max_tokens=100, messages=said(content), **more)


def answers():
    answer = ask("Bonjour", system="Réponds.")
    thinking, text = answer.content
    assert thinking.thinking == "Je réfléchis." and text.text == "Bonjour à vous.", answer
    assert answer.stop_reason == "end_turn" and (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 5), answer
    assert answer.trousseau["decision"]["target"] == "mock", answer


def answers_to_a_bearer():
    other = anthropic.Anthropic(base_url=BASE, api_key=None, auth_token=KEY, max_retries=0)
    answer = other.messages.create(model="libre", max_tokens=100, messages=said("Bonjour"))
    assert answer.content[-1].text == "Bonjour à vous.", answer


def streams():
    with client.messages.stream(model="libre", max_tokens=100, messages=said("Bonjour")) as stream:
        text = "".join(stream.text_stream)
        answer = stream.get_final_message()
    assert text.strip() == "Bonjour à vous." and answer.content[-1].text == text, answer
    assert answer.usage.output_tokens == 5, answer
    last = None
    for event in client.messages.create(model="libre", max_tokens=100, messages=said("Bonjour"), stream=True):
        last = event
    assert last.type == "message_stop" and last.trousseau["entry"], last


def calls_tools():
    whole = ask("outil", tools=TOOLS)
    with client.messages.stream(model="libre", max_tokens=100, messages=said("outil"), tools=TOOLS) as stream:
        streamed = stream.get_final_message()
    for answer in [whole, streamed]:
        assert answer.stop_reason == "tool_use", answer
        call = next(block for block in answer.content if block.type == "tool_use")
        assert (call.id, call.name, call.input) == ("call_1", "meteo", {"ville": "Lyon"}), answer
        result = [{"type": "tool_result", "tool_use_id": call.id, "content": "20 degrés"}]
        history = [*said("outil"), {"role": "assistant", "content": answer.content}, *said(result)]
        follow = client.messages.create(model="libre", max_tokens=100, messages=history, tools=TOOLS)
        assert follow.content[-1].text == "Il fait beau (20 degrés).", follow


def sends_images():
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AA=="}}
    assert ask([{"type": "text", "text": "Bonjour"}, image]).content[-1].text == "Bonjour à vous."


def tells_errors_by_type():
    def raised(kind, call):
        try:
            call()
        except kind as error:
            return error
        raise AssertionError(f"no {kind.__name__}")

    stranger = anthropic.Anthropic(base_url=BASE, api_key="trs-" + "A" * 43, max_retries=0)
    raised(anthropic.AuthenticationError, lambda: stranger.messages.create(model="libre", max_tokens=9, messages=said("x")))
    raised(anthropic.NotFoundError, lambda: ask("Bonjour", model="claude"))
    error = raised(anthropic.BadRequestError, lambda: ask("trop long"))
    assert "maximum context length" in str(error), error
    error = raised(anthropic.BadRequestError, lambda: ask("x", tools=[{"type": "web_search_20250305", "name": "web_search"}]))
    assert error.body["error"]["trousseau"]["code"] == "wire-runs-elsewhere", error.body
    raised(anthropic.InternalServerError, lambda: ask("panne"))
    error = raised(anthropic.PermissionDeniedError, lambda: ask("Mon NIR est 2 55 08 14 168 025 38", model="public"))
    assert error.body["error"]["trousseau"]["rejected"], error.body


def tells_of_another_place_in_the_stream():
    with client.messages.stream(model="reprise", max_tokens=100, messages=said("Bonjour")) as stream:
        answer = stream.get_final_message()
    told = "".join(block.text for block in answer.content if block.type == "text")
    assert told.startswith("Il est midi.") and told.strip().endswith("Bonjour à vous."), answer
    before, seam = "", None
    for event in client.messages.create(model="reprise", max_tokens=100, messages=said("Bonjour"), stream=True):
        if event.type == "content_block_delta" and getattr(event, "trousseau", None):
            seam = event.trousseau["seam"]
        elif event.type == "content_block_delta" and event.delta.type == "text_delta" and not seam:
            before += event.delta.text
    assert (seam["from"], seam["to"], before) == ("cut", "mock", "Il est midi. "), (seam, before)


def counts_tokens():
    counted = client.messages.count_tokens(model="libre", messages=said("Bonjour à vous."), tools=TOOLS)
    assert 5 < counted.input_tokens < 60 and counted.trousseau["estimated"], counted


run([tells_of_another_place_in_the_stream, counts_tokens, answers, answers_to_a_bearer, streams, calls_tools, sends_images, tells_errors_by_type])
