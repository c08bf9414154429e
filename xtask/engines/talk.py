"""How the cases of engines talk to servers: questions to Trousseau, whole and streamed, and a small browser."""

import http.client
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from html import unescape

from cases import BASE, KEY

# What must come comes within this time, in seconds, on the slowest machine.
PATIENCE = 120

# A tool with one possible argument, so that a model of random weights calls it as a clever one would.
CITY = {"type": "object", "properties": {"ville": {"enum": ["Lyon"]}}, "required": ["ville"]}
TOOL = {"type": "function", "function": {"name": "meteo", "description": "donne le temps", "parameters": CITY}}
CHOICE = {"type": "function", "function": {"name": "meteo"}}


def send(url, body=None, headers=(), method=None):
    """One request, JSON in and out; the status and what came back, whatever the status."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"content-type": "application/json", **dict(headers)}
    request = urllib.request.Request(url, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"null")


def question(route, text, **more):
    messages = text if isinstance(text, list) else [{"role": "user", "content": text}]
    return {"model": route, "messages": messages, "temperature": 0, **more}


def ask(route, text, **more):
    """A question to a route of Trousseau: the status and the body."""
    return send(f"{BASE}/v1/chat/completions", question(route, text, **more), {"authorization": f"Bearer {KEY}"})


def answered(route, text, **more):
    """A question that must be answered: the completion."""
    status, body = ask(route, text, **more)
    assert status == 200, (status, body)
    return body


def text_of(completion):
    return completion["choices"][0]["message"]["content"]


def refused(status, body):
    """The error of a refusal, which must have OpenAI's form."""
    error = body["error"]
    assert status >= 400 and set(error) >= {"message", "type", "param", "code"}, (status, body)
    assert error["message"] and isinstance(error["type"], str), body
    return error


class Stream:
    """An answer as it comes. Leaving it hangs up."""

    def __init__(self, route, text, **more):
        address = urllib.parse.urlsplit(BASE)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        body = json.dumps(question(route, text, stream=True, **more))
        headers = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
        self.connection.request("POST", "/v1/chat/completions", body, headers)
        self.answer = self.connection.getresponse()
        self.status = self.answer.status
        self.done, self.error = False, None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.answer.close()
        self.connection.close()

    def chunks(self):
        """Every chunk; afterwards `done` and `error` say how it ended."""
        event = None
        for line in self.answer:
            line = line.decode().rstrip("\r\n")
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line == "data: [DONE]":
                self.done = True
            elif line.startswith("data: "):
                data = json.loads(line.removeprefix("data: "))
                if event == "error" or "error" in data:
                    self.error = data["error"]
                else:
                    yield data
            elif not line:
                event = None


def streamed(route, text, **more):
    """A streamed answer that must end well: its first delta, text, tool calls, finish reason and usage."""
    with Stream(route, text, **more) as stream:
        assert stream.status == 200, (stream.status, stream.answer.read())
        chunks = list(stream.chunks())
        assert stream.done and stream.error is None, (stream.error, chunks[-2:])
    choices = [chunk["choices"][0] for chunk in chunks if chunk["choices"]]
    finishes = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
    assert len(finishes) == 1, finishes
    deltas = [choice["delta"] for choice in choices]
    content = "".join(delta.get("content") or "" for delta in deltas)
    calls = [call for delta in deltas for call in delta.get("tool_calls") or []]
    usages = [chunk["usage"] for chunk in chunks if chunk.get("usage")]
    return {"first": deltas[0], "content": content, "calls": calls, "finish": finishes[0], "usages": usages}


class Browser:
    """As much of a browser as a sign-in needs: cookies by origin, redirects one by one, forms."""

    def __init__(self):
        self.jars = {}

    def fetch(self, url, form=None, headers=()):
        """The status, where it leads, and the page."""
        address = urllib.parse.urlsplit(url)
        jar = self.jars.setdefault(address.netloc, {})
        path = urllib.parse.urlunsplit(("", "", address.path or "/", address.query, ""))
        cookies = "; ".join(f"{name}={value}" for name, value in jar.items())
        given = {"cookie": cookies, **dict(headers)} if cookies else dict(headers)
        body = None
        if form is not None:
            body = urllib.parse.urlencode(form)
            given.setdefault("content-type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        connection.request("POST" if form is not None else "GET", path, body, given)
        answer = connection.getresponse()
        page = answer.read().decode()
        connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.keep(jar, value)
        location = answer.getheader("location")
        return answer.status, location and urllib.parse.urljoin(url, location), page

    @staticmethod
    def keep(jar, cookie):
        name, value = cookie.split(";")[0].split("=", 1)
        if re.search(r"max-age=0\b", cookie, re.IGNORECASE):
            jar.pop(name, None)
        else:
            jar[name] = value


def form_of(page, url):
    """Where the first form of a page goes."""
    action = re.search(r"<form[^>]*\baction=\"([^\"]+)\"", page)
    assert action, page[:2000]
    return urllib.parse.urljoin(url, unescape(action[1]))
