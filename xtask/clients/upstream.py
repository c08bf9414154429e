"""A small OpenAI-compatible server for the tests of clients: answers, streams, tools, refusals, and a slow stream.

Prints its port. A vector is the length of a text, relevance how many words it shares. The model `mock-cut` breaks off. What any other does follows the last user message: `outil`, `lent`, `trop long`, `panne`, anything else.
"""

import http.server
import json
import threading
import time

broken = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.send_json({"broken": broken.is_set()})

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/v1/embeddings":
            data = [{"index": at, "embedding": [len(text), 0.5]} for at, text in enumerate(request["input"])]
            return self.send_json({"object": "list", "data": data, "usage": {"prompt_tokens": 3, "total_tokens": 3}})
        if self.path == "/v1/rerank":
            scores = [len(set(text.split()) & set(request["query"].split())) for text in request["documents"]]
            return self.send_json({"results": [{"index": at, "relevance_score": score} for at, score in enumerate(scores)]})
        asked = [message for message in request["messages"] if message["role"] == "user"][-1]["content"]
        asked = asked if isinstance(asked, str) else json.dumps(asked, ensure_ascii=False)
        called = request["messages"][-1]["role"] == "tool"
        if request["model"] == "mock-cut":
            return self.break_off(request)
        if "trop long" in asked:
            error = {"message": "This model's maximum context length is 10 tokens", "type": "BadRequestError", "code": 400}
            return self.send_json({"error": error}, 400)
        if "panne" in asked:
            return self.send_json({"error": {"message": "overloaded", "type": "server_error", "code": 503}}, 503)
        if "outil" in asked and request.get("tools") and not called:
            call = {"id": "call_1", "type": "function", "function": {"name": "meteo", "arguments": '{"ville":"Lyon"}'}}
            return self.answer(request, [{"tool_calls": [{"index": 0, **call}]}], {"tool_calls": [call], "content": None}, "tool_calls")
        if "lent" in asked:
            return self.stream_slowly()
        text = f"Il fait beau ({request['messages'][-1]['content']})." if called else "Bonjour à vous."
        pieces = [{"reasoning_content": "Je réfléchis."}] + [{"content": word} for word in text.split(" ")]
        pieces = [{**piece, "content": piece["content"] + " "} if "content" in piece else piece for piece in pieces]
        self.answer(request, pieces, {"content": text, "reasoning_content": "Je réfléchis."}, "stop")

    def answer(self, request, pieces, message, finish):
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        frame = {"id": "chatcmpl-1", "created": 1, "model": request["model"], "system_fingerprint": "fp_test"}
        if not request.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
            return self.send_json({**frame, "object": "chat.completion", "choices": [choice], "usage": usage})
        self.begin_stream()
        frame["object"] = "chat.completion.chunk"
        for delta in [{"role": "assistant", "content": ""}, *pieces]:
            self.event({**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        self.event({**frame, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if request.get("stream_options", {}).get("include_usage"):
            self.event({**frame, "choices": [], "usage": usage})
        self.event("[DONE]")
        self.chunk(b"")

    def break_off(self, request):
        """Begins an answer and closes the connection in the middle of it."""
        self.begin_stream()
        self.event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": request["model"],
                    "choices": [{"index": 0, "delta": {"content": "Il est midi. "}, "finish_reason": None}]})
        self.close_connection = True

    def stream_slowly(self):
        broken.clear()
        self.begin_stream()
        try:
            for number in range(600):
                delta = {"content": f"{number} "}
                self.event({"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m",
                            "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
                time.sleep(0.05)
        except OSError:
            broken.set()

    def begin_stream(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def event(self, data):
        data = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        self.chunk(f"data: {data}\n\n".encode())

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def send_json(self, value, status=200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
