"""Hooks for schemathesis: what it asks for by name is there, so that it reaches more than "not found"."""

import itertools
import json
import os
import urllib.request
import uuid

import schemathesis

BASE = os.environ["TROUSSEAU_URL"]
KEY = os.environ["TROUSSEAU_KEY"]
TEXT = "La déchetterie de Montclair ouvre le mardi et le samedi de 9 h à 17 h.\n"


def call(method, path, body=None, kind="application/json"):
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": kind}
    request = urllib.request.Request(BASE + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def make_file():
    fields = [('name="purpose"', "assistants"), ('name="file"; filename="tri.txt"', TEXT)]
    parts = [f"--b\r\ncontent-disposition: form-data; {head}\r\n\r\n{value}\r\n" for head, value in fields]
    form = ("".join(parts) + "--b--\r\n").encode()
    return call("POST", "/v1/files", form, "multipart/form-data; boundary=b")["id"]


def make_store():
    file = make_file()
    store = call("POST", "/v1/vector_stores", {"name": "tri", "file_ids": [file]})["id"]
    batch = call("POST", f"/v1/vector_stores/{store}/file_batches", {"file_ids": [make_file()]})["id"]
    return {"store": store, "file": file, "batch": batch}


def make_record():
    asked = {"model": "documents", "messages": [{"role": "user", "content": "Quand ouvre la déchetterie ?"}]}
    entry = call("POST", "/v1/chat/completions", asked)["trousseau"]["entry"]
    replica, index = entry.split("/")
    return {"replica": replica, "entry": int(index)}


def make_user():
    name = f"user-{uuid.uuid4().hex[:12]}"
    call("POST", "/api/users", {"name": name})
    return {"user": name}


MAKERS = {
    "store": make_store,
    "file": lambda: {"file": make_file()},
    "replica": make_record,
    "user": make_user,
    "conversation": lambda: {"conversation": call("POST", "/api/conversations", {})["id"]},
    "model": lambda: {"model": "documents"},
}
# Where a model is named.
ASKED = {f"/v1/{path}" for path in ["chat/completions", "responses", "messages", "completions", "embeddings", "rerank"]}
kept = {}
turns = itertools.count()


def there(first, deleting):
    """What is there under this name; what is to be deleted is made for that."""
    if deleting:
        return MAKERS[first]()
    if first not in kept:
        kept[first] = MAKERS[first]()
    return kept[first]


@schemathesis.hook
def before_call(context, case, kwargs):
    """Puts what is there in the place of made-up names, three times out of four."""
    if next(turns) % 4 == 0:
        return
    named = case.path_parameters or {}
    first = next((name for name in MAKERS if name in named), None)
    if first is not None:
        known = there(first, case.method.lower() == "delete")
        case.path_parameters = {name: known.get(name, value) for name, value in named.items()}
    if not isinstance(case.body, dict):
        return
    if case.path in ASKED and isinstance(case.body.get("model"), str):
        case.body = {**case.body, "model": "documents"}
    elif isinstance(case.body.get("file_id"), str):
        case.body = {**case.body, "file_id": there("file", False)["file"]}
