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


def responds():
    answer = litellm.responses(model="openai/libre", input="Bonjour", api_base=f"{BASE}/v1", api_key=KEY)
    texts = [part.text for item in answer.output if item.type == "message" for part in item.content]
    assert texts == ["Bonjour à vous."], answer


def embeds():
    answer = litellm.embedding(model="openai/vecteurs", input=["un"], api_base=f"{BASE}/v1", api_key=KEY, encoding_format="float")
    assert answer.data[0]["embedding"] == [2.0, 0.5], answer


run([answers, streams, tells_errors_by_type, responds, embeds])
