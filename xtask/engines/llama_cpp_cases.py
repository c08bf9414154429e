"""Trousseau in front of llama.cpp's server, with a model of random weights: what it says is nonsense, and always the same."""

import json
import os
import subprocess
import threading

from cases import UPSTREAM, run
from talk import CHOICE, CITY, TOOL, Stream, answered, ask, refused, send, streamed, text_of

EMBEDDER, KEY, EMBED = os.environ["EMBEDDER_URL"], os.environ["ENGINE_KEY"], os.environ["EMBED"]


def answers_whole():
    body = answered("tiny", "Bonjour", max_tokens=8)
    choice = body["choices"][0]
    assert choice["message"]["role"] == "assistant" and choice["message"]["content"].strip(), body
    assert choice["finish_reason"] == "length", choice
    usage = body["usage"]
    assert usage["completion_tokens"] == 8 and usage["prompt_tokens"] > 8, usage
    assert usage["total_tokens"] == usage["prompt_tokens"] + 8, usage
    # The server says the same when it is asked without anything between.
    direct = {"model": "tiny", "messages": [{"role": "user", "content": "Bonjour"}], "temperature": 0, "max_tokens": 8}
    status, same = send(f"{UPSTREAM}/v1/chat/completions", direct, {"authorization": f"Bearer {KEY}"})
    assert status == 200 and text_of(same) == text_of(body), (same, body)
    assert same["usage"] == {name: usage[name] for name in same["usage"]}, (same["usage"], usage)


def streams_what_it_says_whole():
    told = streamed("tiny", "Bonjour", max_tokens=8, stream_options={"include_usage": True})
    assert told["first"].get("role") == "assistant", told
    assert told["content"] == text_of(answered("tiny", "Bonjour", max_tokens=8)), told
    assert told["finish"] == "length", told
    # This server counts no tokens in a stream. What nobody counted is not told as zero.
    assert told["usages"] == [], told


def keeps_to_max_tokens():
    short, long = (answered("tiny", "Bonjour", max_tokens=length) for length in (3, 12))
    assert (short["usage"]["completion_tokens"], long["usage"]["completion_tokens"]) == (3, 12)
    assert text_of(long).startswith(text_of(short)) and len(text_of(long)) > len(text_of(short))
    later = answered("tiny", "Bonjour", max_completion_tokens=3)
    assert text_of(later) == text_of(short), (later, short)


def stops_where_it_is_told_to():
    whole = text_of(answered("tiny", "Bonjour", max_tokens=12))
    word = whole.split()[3]
    body = answered("tiny", "Bonjour", max_tokens=12, stop=[word])
    assert body["choices"][0]["finish_reason"] == "stop", body
    assert text_of(body) == whole[: whole.index(word)], (text_of(body), whole)
    told = streamed("tiny", "Bonjour", max_tokens=12, stop=word)
    assert (told["content"], told["finish"]) == (text_of(body), "stop"), told


def follows_a_conversation():
    first = answered("tiny", "Bonjour", max_tokens=4)
    history = [
        {"role": "system", "content": "Sois bref."},
        {"role": "user", "content": "Bonjour"},
        {"role": "assistant", "content": text_of(first)},
        {"role": "user", "content": "Encore"},
    ]
    assert answered("tiny", history, max_tokens=4)["usage"]["prompt_tokens"] > first["usage"]["prompt_tokens"] + 20


def passes_tools_on():
    # The model's template writes tools into its prompt.
    without = answered("tiny", "Bonjour", max_tokens=4)["usage"]["prompt_tokens"]
    assert answered("tiny", "Bonjour", max_tokens=4, tools=[TOOL])["usage"]["prompt_tokens"] > without + 20


def brings_tool_calls_back():
    body = answered("tiny", "Bonjour", max_tokens=64, tools=[TOOL], tool_choice=CHOICE)
    choice = body["choices"][0]
    assert choice["finish_reason"] == "tool_calls", choice
    (call,) = choice["message"]["tool_calls"]
    assert call["type"] == "function" and call["id"] and call["function"]["name"] == "meteo", call
    assert json.loads(call["function"]["arguments"]) == {"ville": "Lyon"}, call
    told = streamed("tiny", "Bonjour", max_tokens=64, tools=[TOOL], tool_choice=CHOICE)
    assert told["finish"] == "tool_calls", told
    assert "".join(part["function"].get("name") or "" for part in told["calls"]) == "meteo", told
    arguments = "".join(part["function"].get("arguments") or "" for part in told["calls"])
    assert json.loads(arguments) == {"ville": "Lyon"}, told


def passes_the_form_of_the_answer_on():
    wanted = {"type": "json_object", "schema": CITY}
    body = answered("tiny", "Bonjour", max_tokens=64, response_format=wanted)
    assert json.loads(text_of(body)) == {"ville": "Lyon"}, body
    assert body["choices"][0]["finish_reason"] == "stop", body


def passes_fields_on_that_it_does_not_know():
    usual = answered("tiny", "Bonjour", max_tokens=1)
    other = answered("tiny", "Bonjour", max_tokens=1, grammar='root ::= "mairie"')
    assert text_of(other).strip() != text_of(usual).strip() and "mairie".startswith(text_of(other).strip()), other


def tells_that_a_prompt_is_too_long():
    long = "bonjour " * 2000
    status, body = ask("tiny", long, max_tokens=4)
    error = refused(status, body)
    assert status == 400 and "context" in error["message"], (status, body)
    assert error["type"] == "invalid_request_error", error
    # This server begins a stream before it reads the prompt, and breaks it off.
    with Stream("tiny", long, max_tokens=4) as stream:
        chunks = list(stream.chunks()) if stream.status == 200 else []
        assert stream.status >= 400 or (stream.error and not stream.done), (stream.status, chunks)


def tells_that_its_key_is_refused_and_goes_on_to_the_next():
    status, body = ask("locked", "Bonjour", max_tokens=4)
    error = refused(status, body)
    assert status in (502, 503), (status, body)
    assert KEY not in json.dumps(body) and "another key" not in json.dumps(body), error
    body = answered("locked-first", "Bonjour", max_tokens=4)
    assert text_of(body) == text_of(answered("tiny", "Bonjour", max_tokens=4)), body


def an_answer_that_another_question_cut_short_does_not_pass_for_whole():
    with Stream("tiny", "Bonjour", max_tokens=8000) as stream:
        chunks = stream.chunks()
        begun = [next(chunks) for _ in range(3)]
        assert begun, stream.status
        answered("tiny", "Bonjour", max_tokens=2)
        rest = list(chunks)
        finishes = [chunk["choices"][0]["finish_reason"] for chunk in rest if chunk["choices"]]
        assert stream.error and not stream.done, (finishes[-2:], len(rest), stream.done)


def a_client_that_hangs_up_stops_the_model():
    # Nobody would wait for the end of this answer, and the server does one thing at a time.
    for _ in range(2):
        with Stream("endless", "Bonjour", max_tokens=200_000) as stream:
            chunks = stream.chunks()
            assert [next(chunks) for _ in range(3)]
        assert answered("endless", "Bonjour", max_tokens=2)["usage"]["completion_tokens"] == 2


def answers_several_at_once():
    told, faults = [], []

    def one(number):
        try:
            told.append((number, streamed("endless", f"Bonjour {number}", max_tokens=24)))
        except BaseException as error:  # noqa: BLE001: told below
            faults.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    for number, answer in told:
        assert answer["content"] == text_of(answered("endless", f"Bonjour {number}", max_tokens=24)), number


def near(one, other):
    """The same but for the rounding of sums in another order."""
    return all(abs(a - b) < 1e-5 for a, b in zip(one, other))


def embed(key, *texts):
    arguments = [EMBED, f"{EMBEDDER}/v1", "tiny", *texts]
    return subprocess.run(arguments, input=key, capture_output=True, text=True, timeout=120)


def embeds():
    texts = ["la mairie est ouverte", "le guichet est fermé", "la mairie est ouverte"]
    ran = embed(KEY, *texts)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    first, second, third = told["vectors"]
    assert len(first) == 32 and near(first, third) and not near(first, second), told
    _, direct = send(f"{EMBEDDER}/v1/embeddings", {"model": "tiny", "input": texts}, {"authorization": f"Bearer {KEY}"})
    length = sum(number * number for number in direct["data"][0]["embedding"]) ** 0.5
    given = [number / length for number in direct["data"][0]["embedding"]]
    ours = sum(number * number for number in first) ** 0.5
    assert near(given, [number / ours for number in first]), (given, first)
    assert told["tokens"] == direct["usage"]["total_tokens"] > 0, (told["tokens"], direct["usage"])


def an_embedder_with_a_wrong_key_says_so():
    ran = embed("another key", "bonjour")
    assert ran.returncode == 1 and "401" in ran.stderr and "another key" not in ran.stderr, ran


run([
    answers_whole,
    streams_what_it_says_whole,
    keeps_to_max_tokens,
    stops_where_it_is_told_to,
    follows_a_conversation,
    passes_tools_on,
    brings_tool_calls_back,
    passes_the_form_of_the_answer_on,
    passes_fields_on_that_it_does_not_know,
    tells_that_a_prompt_is_too_long,
    tells_that_its_key_is_refused_and_goes_on_to_the_next,
    an_answer_that_another_question_cut_short_does_not_pass_for_whole,
    a_client_that_hangs_up_stops_the_model,
    answers_several_at_once,
    embeds,
    an_embedder_with_a_wrong_key_says_so,
])
