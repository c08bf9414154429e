"""The `openai` package for Python against a running Trousseau."""

import io
import time
import urllib.request

import openai
from cases import BASE, KEY, UPSTREAM, run

client = openai.OpenAI(base_url=f"{BASE}/v1", api_key=KEY, max_retries=0, timeout=30)
TOOLS = [{"type": "function", "function": {"name": "meteo", "parameters": {"type": "object", "properties": {"ville": {"type": "string"}}}}}]


def ask(text, **more):
    return client.chat.completions.create(model=more.pop("model", "libre"), messages=[{"role": "user", "content": text}], **more)


def lists_its_routes():
    names = [model.id for model in client.models.list()]
    assert {"libre", "documents"} <= set(names), names
    assert client.models.retrieve("libre").id == "libre"


def answers():
    answer = ask("Bonjour")
    assert answer.choices[0].message.content == "Bonjour à vous.", answer
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == 12
    assert answer.choices[0].message.reasoning_content == "Je réfléchis."
    told = answer.trousseau
    assert told["decision"]["target"] == "mock" and told["entry"], told


def streams():
    text, ends, usage, told = "", [], None, None
    for chunk in ask("Bonjour", stream=True, stream_options={"include_usage": True}):
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            if choice.finish_reason:
                ends.append(choice.finish_reason)
                told = chunk.trousseau
    assert text.strip() == "Bonjour à vous.", text
    assert ends == ["stop"] and usage.total_tokens == 12
    assert told["entry"], told


def calls_tools():
    for streaming in [False, True]:
        if streaming:
            with client.chat.completions.stream(model="libre", messages=[{"role": "user", "content": "outil"}], tools=TOOLS) as stream:
                for _ in stream:
                    pass
                message = stream.get_final_completion().choices[0].message
        else:
            message = ask("outil", tools=TOOLS).choices[0].message
        call = message.tool_calls[0]
        assert (call.id, call.function.name, call.function.arguments) == ("call_1", "meteo", '{"ville":"Lyon"}'), message
    history = [
        {"role": "user", "content": "outil"},
        message.model_dump(exclude_none=True, include={"role", "content", "tool_calls"}),
        {"role": "tool", "tool_call_id": "call_1", "content": "20 degrés"},
    ]
    answer = client.chat.completions.create(model="libre", messages=history, tools=TOOLS)
    assert answer.choices[0].message.content == "Il fait beau (20 degrés).", answer


def sends_parts():
    parts = [{"type": "text", "text": "Bonjour"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]
    assert ask(parts).choices[0].message.content == "Bonjour à vous."


def tells_errors_by_type():
    def raised(kind, call):
        try:
            call()
        except kind as error:
            return error
        raise AssertionError(f"no {kind.__name__}")

    stranger = openai.OpenAI(base_url=f"{BASE}/v1", api_key="trs-" + "A" * 43, max_retries=0)
    raised(openai.AuthenticationError, lambda: stranger.models.list())
    error = raised(openai.NotFoundError, lambda: ask("Bonjour", model="gpt-4o"))
    assert error.code == "model_not_found", error.code
    raised(openai.BadRequestError, lambda: ask("Bonjour", n=2))
    error = raised(openai.BadRequestError, lambda: ask("trop long"))
    assert "maximum context length" in str(error), error
    raised(openai.InternalServerError, lambda: ask("panne"))
    error = raised(openai.PermissionDeniedError, lambda: ask("Mon NIR est 2 55 08 14 168 025 38", model="public"))
    assert error.body["trousseau"]["rejected"], error.body


def responds():
    answer = client.responses.create(model="libre", input="Bonjour", instructions="Réponds.")
    assert answer.output_text == "Bonjour à vous." and answer.status == "completed", answer
    assert answer.output[0].content[0].text == "Je réfléchis."
    assert answer.usage.total_tokens == 12 and answer.trousseau["entry"], answer
    follow = client.responses.create(model="libre", input="Et encore ?", previous_response_id=answer.id)
    assert follow.previous_response_id == answer.id and follow.output_text == "Bonjour à vous.", follow
    try:
        client.responses.create(model="libre", input="Bonjour", previous_response_id="resp_main_999999")
        raise AssertionError("no NotFoundError")
    except openai.NotFoundError as error:
        assert error.param == "previous_response_id", error
    try:
        client.responses.create(model="libre", input="Bonjour", tools=[{"type": "web_search"}])
        raise AssertionError("no BadRequestError")
    except openai.BadRequestError as error:
        assert error.code == "wire-runs-elsewhere" and error.param == "tools[0].type", error


def responds_in_streams():
    with client.responses.stream(model="libre", input="Bonjour") as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_response()
    assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed", kinds
    assert answer.output_text.strip() == "Bonjour à vous." and answer.trousseau["entry"], answer
    text = ""
    for event in client.responses.create(model="libre", input="Bonjour", stream=True):
        text += event.delta if event.type == "response.output_text.delta" else ""
    assert text.strip() == "Bonjour à vous.", text


def responds_with_tools():
    tools = [{"type": "function", **TOOLS[0]["function"]}]
    whole = client.responses.create(model="libre", input="outil", tools=tools)
    with client.responses.stream(model="libre", input="outil", tools=tools) as stream:
        for _ in stream:
            pass
        streamed = stream.get_final_response()
    for answer in [whole, streamed]:
        call = next(item for item in answer.output if item.type == "function_call")
        assert (call.call_id, call.name, call.arguments) == ("call_1", "meteo", '{"ville":"Lyon"}'), answer
        output = [{"type": "function_call_output", "call_id": call.call_id, "output": "20 degrés"}]
        follow = client.responses.create(model="libre", input=output, previous_response_id=answer.id, tools=tools)
        assert follow.output_text == "Il fait beau (20 degrés).", follow
        # The same with everything sent back, as clients do that keep nothing here.
        history = [{"role": "user", "content": "outil"}, *[item.model_dump(exclude_none=True) for item in answer.output], *output]
        again = client.responses.create(model="libre", input=history, tools=tools)
        assert again.output_text == "Il fait beau (20 degrés).", again


def embeds():
    texts = ["un", "quatre"]
    # The client asks for base64 by itself.
    answer = client.embeddings.create(model="vecteurs", input=texts)
    assert [vector.embedding for vector in answer.data] == [[2.0, 0.5], [6.0, 0.5]], answer
    assert answer.usage.prompt_tokens == 3 and answer.trousseau["decision"]["target"] == "measures", answer
    answer = client.embeddings.create(model="vecteurs", input="un", encoding_format="float")
    assert answer.data[0].embedding == [2.0, 0.5], answer
    try:
        client.embeddings.create(model="vecteurs", input=[1, 2, 3])
        raise AssertionError("no BadRequestError")
    except openai.BadRequestError as error:
        assert error.param == "input[0]", error


def completes():
    answer = client.completions.create(model="libre", prompt="Bonjour")
    assert answer.choices[0].text == "Bonjour à vous.", answer
    text = "".join(chunk.choices[0].text for chunk in client.completions.create(model="libre", prompt="Bonjour", stream=True))
    assert text.strip() == "Bonjour à vous.", text


def stops_the_model_when_cancelled():
    stream = ask("lent", stream=True)
    next(iter(stream))
    stream.close()
    for _ in range(100):
        if b"true" in urllib.request.urlopen(UPSTREAM).read():
            return
        time.sleep(0.1)
    raise AssertionError("the upstream still streams")


def keeps_files_and_searches_them():
    text = "# Déchetterie\n\nLa déchetterie de Montclair ouvre le mardi et le samedi de 9 h à 17 h.\n".encode()
    file = client.files.create(file=("dechetterie.md", io.BytesIO(text)), purpose="assistants")
    assert client.files.retrieve(file.id).filename == "dechetterie.md"
    assert client.files.content(file.id).read() == text
    store = client.vector_stores.create(name="guides")
    attached = client.vector_stores.files.create_and_poll(vector_store_id=store.id, file_id=file.id)
    assert attached.status == "completed", attached
    assert file.id in [listed.id for listed in client.vector_stores.files.list(store.id)]
    hits = list(client.vector_stores.search(store.id, query="horaires de la déchetterie"))
    assert "mardi" in hits[0].content[0].text, hits
    answer = ask("Quels jours ouvre la déchetterie ?", model="documents")
    message = answer.choices[0].message
    assert "mardi" in message.content, message.content
    assert message.annotations and answer.trousseau["citations"][0]["title"], answer
    assert client.vector_stores.files.delete(file.id, vector_store_id=store.id).deleted
    assert not list(client.vector_stores.search(store.id, query="horaires de la déchetterie"))
    assert client.files.delete(file.id).deleted
    try:
        client.files.retrieve(file.id)
        raise AssertionError("the file is still there")
    except openai.NotFoundError:
        pass


def tells_of_another_place_in_the_stream():
    before, seam = "", None
    for event in client.responses.create(model="reprise", input="Bonjour", stream=True):
        if getattr(event, "trousseau", None):
            seam = event.trousseau["seam"]
        elif event.type == "response.output_text.delta" and not seam:
            before += event.delta
    assert seam and (seam["from"], seam["to"], before) == ("cut", "mock", "Il est midi. "), (seam, before)
    # The helper makes events of its own, without fields that it does not know, and reads over the piece.
    with client.responses.stream(model="reprise", input="Bonjour") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        answer = stream.get_final_response()
    assert text == answer.output_text and text.startswith("Il est midi.") and text.strip().endswith("Bonjour à vous."), answer


def gives_responses_back_until_they_are_deleted():
    answer = client.responses.create(model="libre", input="Bonjour")
    back = client.responses.retrieve(answer.id)
    assert (back.id, back.output_text, back.status) == (answer.id, "Bonjour à vous.", "completed"), back
    client.responses.delete(answer.id)
    try:
        client.responses.retrieve(answer.id)
        raise AssertionError("the response is still there")
    except openai.NotFoundError:
        pass


run([tells_of_another_place_in_the_stream, gives_responses_back_until_they_are_deleted, lists_its_routes, answers, streams, calls_tools, responds, responds_in_streams, responds_with_tools, embeds, completes, sends_parts, tells_errors_by_type, stops_the_model_when_cancelled,
     keeps_files_and_searches_them])
