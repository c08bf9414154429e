"""Trousseau in front of LiteLLM's proxy, which stands in front of llama.cpp's server."""

import json

from cases import run
from talk import CHOICE, TOOL, Stream, answered, ask, refused, streamed, text_of


def answers_whole():
    body = answered("proxy", "Bonjour", max_tokens=8)
    assert text_of(body).strip() and body["choices"][0]["finish_reason"] == "length", body
    assert body["usage"]["completion_tokens"] == 8 and body["usage"]["prompt_tokens"] > 8, body["usage"]


def streams_what_it_says_whole():
    whole = answered("proxy", "Bonjour", max_tokens=8)
    told = streamed("proxy", "Bonjour", max_tokens=8, stream_options={"include_usage": True})
    assert told["first"].get("role") == "assistant" and told["content"] == text_of(whole), (told, whole)
    assert told["finish"] == "length", told
    # The model server counts nothing in a stream; the proxy counts itself, by a way of its own.
    assert len(told["usages"]) == 1 and told["usages"][0]["prompt_tokens"] > 0, told
    assert told["usages"][0]["completion_tokens"] > 0, told


def brings_tool_calls_back():
    body = answered("proxy", "Bonjour", max_tokens=64, tools=[TOOL], tool_choice=CHOICE)
    (call,) = body["choices"][0]["message"]["tool_calls"]
    assert call["function"]["name"] == "meteo" and json.loads(call["function"]["arguments"]) == {"ville": "Lyon"}, call
    told = streamed("proxy", "Bonjour", max_tokens=64, tools=[TOOL], tool_choice=CHOICE)
    arguments = "".join(part["function"].get("arguments") or "" for part in told["calls"])
    assert told["finish"] == "tool_calls" and json.loads(arguments) == {"ville": "Lyon"}, told


def tells_that_its_key_is_refused():
    status, body = ask("wrong-key", "Bonjour", max_tokens=4)
    error = refused(status, body)
    assert status in (502, 503), (status, body)
    assert "sk-not" not in json.dumps(body), error
    with Stream("wrong-key", "Bonjour", max_tokens=4) as stream:
        assert stream.status == status, stream.status


def tells_that_it_does_not_know_the_model():
    status, body = ask("no-model", "Bonjour", max_tokens=4)
    refused(status, body)
    assert status in (502, 503), (status, body)


def tells_that_its_own_server_is_down():
    status, body = ask("down", "Bonjour", max_tokens=4)
    refused(status, body)
    assert status == 503, (status, body)


def tells_that_a_prompt_is_too_long():
    status, body = ask("proxy", "bonjour " * 2000, max_tokens=4)
    error = refused(status, body)
    assert status == 400 and "context" in error["message"], (status, body)


def goes_on_to_the_next():
    for route in ["wrong-key-first", "no-model-first", "down-first"]:
        body = answered(route, "Bonjour", max_tokens=4)
        assert text_of(body).strip() and body["trousseau"]["decision"]["target"] == "direct", body
        told = streamed(route, "Bonjour", max_tokens=4)
        assert told["content"] == text_of(body), (route, told, body)


run([
    answers_whole,
    streams_what_it_says_whole,
    brings_tool_calls_back,
    tells_that_its_key_is_refused,
    tells_that_it_does_not_know_the_model,
    tells_that_its_own_server_is_down,
    tells_that_a_prompt_is_too_long,
    goes_on_to_the_next,
])
