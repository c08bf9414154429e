"""LangChain's OpenAI chat model against a running Trousseau."""

from cases import BASE, KEY, run
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI


def model(name="libre"):
    return ChatOpenAI(base_url=f"{BASE}/v1", api_key=KEY, model=name, max_retries=0, timeout=30)


@tool
def meteo(ville: str) -> str:
    """Le temps qu'il fait dans une ville."""
    return f"{ville} : 20 degrés"


def answers():
    answer = model().invoke("Bonjour")
    assert answer.content == "Bonjour à vous.", answer
    assert answer.usage_metadata["total_tokens"] == 12


def streams():
    text = "".join(chunk.content for chunk in model().stream("Bonjour"))
    assert text.strip() == "Bonjour à vous.", text


def calls_tools():
    answer = model().bind_tools([meteo]).invoke("outil")
    assert answer.tool_calls[0]["args"] == {"ville": "Lyon"}, answer


run([answers, streams, calls_tools])
