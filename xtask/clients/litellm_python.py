"""LiteLLM's client against a running Trousseau."""

import litellm
from cases import BASE, KEY, run


def ask(text, **more):
    messages = [{"role": "user", "content": text}]
    return litellm.completion(model="openai/libre", api_base=f"{BASE}/v1", api_key=KEY, messages=messages, max_retries=0, **more)


def answers():
    answer = ask("Bonjour")
    assert answer.choices[0].message.content == "Bonjour à vous.", answer
    assert answer.usage.total_tokens == 12


def streams():
    text = "".join(chunk.choices[0].delta.content or "" for chunk in ask("Bonjour", stream=True))
    assert text.strip() == "Bonjour à vous.", text


def tells_errors_by_type():
    try:
        ask("trop long")
    except litellm.BadRequestError as error:
        assert "maximum context length" in str(error), error
    else:
        raise AssertionError("no error")


def speaks_anthropics_form():
    # LiteLLM's own call of Responses needs a package that it does not install.
    messages = [{"role": "user", "content": "Bonjour"}]
    more = {"model": "anthropic/libre", "messages": messages, "api_base": BASE, "api_key": KEY, "max_retries": 0, "max_tokens": 100}
    answer = litellm.completion(**more)
    assert answer.choices[0].message.content == "Bonjour à vous." and answer.usage.total_tokens == 12, answer
    text = "".join(chunk.choices[0].delta.content or "" for chunk in litellm.completion(stream=True, **more))
    assert text.strip() == "Bonjour à vous.", text


def ranks():
    documents = ["la mer", "le guichet ouvre"]
    answer = litellm.rerank(model="hosted_vllm/vecteurs", query="le guichet", documents=documents, top_n=1, api_base=f"{BASE}/v1", api_key=KEY)
    assert [result["index"] for result in answer.results] == [1], answer


def embeds():
    answer = litellm.embedding(model="openai/vecteurs", input=["un"], api_base=f"{BASE}/v1", api_key=KEY, encoding_format="float")
    assert answer.data[0]["embedding"] == [2.0, 0.5], answer


run([answers, streams, tells_errors_by_type, speaks_anthropics_form, embeds, ranks])
