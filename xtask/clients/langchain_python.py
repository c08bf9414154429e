"""LangChain's OpenAI chat model against a running Trousseau."""

from cases import BASE, KEY, run
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings


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


def responds():
    answer = ChatOpenAI(base_url=f"{BASE}/v1", api_key=KEY, model="libre", max_retries=0, use_responses_api=True).invoke("Bonjour")
    assert answer.text.strip() == "Bonjour à vous.", answer


def embeds():
    # It would else send numbers of tokens, which cannot be read here.
    embedder = OpenAIEmbeddings(base_url=f"{BASE}/v1", api_key=KEY, model="vecteurs", check_embedding_ctx_length=False)
    assert embedder.embed_documents(["un", "quatre"]) == [[2.0, 0.5], [6.0, 0.5]]
    assert embedder.embed_query("un") == [2.0, 0.5]


run([answers, streams, calls_tools, responds, embeds])
