"""Writes the smallest model that llama.cpp runs: `tiny_model.py FILE`. Nothing in it is learnt.

A llama of one layer with random weights from a fixed seed, in GGUF (version 3, all in 32-bit floats). The tokens that end an
answer and those of single bytes weigh nothing, so that at temperature 0 the answer is whole words and never ends by itself.
"""

import random
import struct
import sys

WIDTH, HEADS, FEED, CONTEXT = 32, 2, 64, 1 << 20
UNKNOWN, BEGIN, END = 0, 1, 2
NORMAL, UNKNOWN_KIND, CONTROL, BYTE = 1, 2, 3, 6

WORDS = "le la les un une de des à au aux et ou en dans sur pour par avec sans que qui est sont a ont mairie ville guichet heures"
WORDS += " matin soir lundi mardi jeudi bonjour monsieur madame demande dossier acte eau école cantine déchets vélo rue maire délai"
PIECES = [f"▁{word}" for word in WORDS.split()] + ["▁"] + list("abcdefghijklmnopqrstuvwxyzéèàçô.,:[]{}\"0123456789")

TEMPLATE = """{%- if tools %}{% for tool in tools %}outil {{ tool.function.name }} {{ tool.function.description }}
{% endfor %}{% endif -%}
{%- for message in messages %}{{ message.role }}: {{ message.content }}
{% endfor -%}
assistant:"""

# Types of GGUF's metadata, and how each is packed.
KINDS = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}
TEXT, ARRAY = 8, 9


def text(value):
    value = value.encode()
    return struct.pack("<Q", len(value)) + value


def scalar(kind, value):
    if kind == "text":
        return TEXT, text(value)
    number, packed = KINDS[kind]
    return number, struct.pack(packed, value)


def field(key, kind, value):
    if isinstance(value, list):
        number = scalar(kind, value[0])[0]
        items = b"".join(scalar(kind, item)[1] for item in value)
        return text(key) + struct.pack("<IIQ", ARRAY, number, len(value)) + items
    number, packed = scalar(kind, value)
    return text(key) + struct.pack("<I", number) + packed


def vocabulary():
    tokens = [("<unk>", 0.0, UNKNOWN_KIND), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    return tokens + [(piece, -float(place), NORMAL) for place, piece in enumerate(PIECES)]


def metadata(tokens):
    return [
        field("general.architecture", "text", "llama"),
        field("general.name", "text", "tiny"),
        field("llama.context_length", "u32", CONTEXT),
        field("llama.embedding_length", "u32", WIDTH),
        field("llama.block_count", "u32", 1),
        field("llama.feed_forward_length", "u32", FEED),
        field("llama.attention.head_count", "u32", HEADS),
        field("llama.attention.head_count_kv", "u32", HEADS),
        field("llama.attention.layer_norm_rms_epsilon", "f32", 1e-5),
        field("llama.rope.dimension_count", "u32", WIDTH // HEADS),
        field("llama.vocab_size", "u32", len(tokens)),
        # Where it embeds: the mean of its tokens.
        field("llama.pooling_type", "u32", 1),
        field("tokenizer.ggml.model", "text", "llama"),
        field("tokenizer.ggml.tokens", "text", [token for token, _, _ in tokens]),
        field("tokenizer.ggml.scores", "f32", [score for _, score, _ in tokens]),
        field("tokenizer.ggml.token_type", "i32", [kind for _, _, kind in tokens]),
        field("tokenizer.ggml.bos_token_id", "u32", BEGIN),
        field("tokenizer.ggml.eos_token_id", "u32", END),
        field("tokenizer.ggml.unknown_token_id", "u32", UNKNOWN),
        field("tokenizer.ggml.add_bos_token", "bool", True),
        field("tokenizer.chat_template", "text", TEMPLATE),
    ]


def tensors(tokens):
    """Names, shapes with the innermost dimension first, and values."""
    chance = random.Random(7)

    def matrix(columns, rows, spread):
        return (columns, rows), [chance.gauss(0, spread) for _ in range(columns * rows)]

    def ones():
        return (WIDTH,), [1.0] * WIDTH

    silent = [0.0] * WIDTH
    shape, output = matrix(WIDTH, len(tokens), 1.0)
    for place, (_, _, kind) in enumerate(tokens):
        if kind != NORMAL:
            output[place * WIDTH : (place + 1) * WIDTH] = silent
    layer = [("attn_norm", ones()), ("ffn_norm", ones())]
    layer += [(f"attn_{part}", matrix(WIDTH, WIDTH, 0.3)) for part in ["q", "k", "v", "output"]]
    layer += [("ffn_gate", matrix(WIDTH, FEED, 0.3)), ("ffn_up", matrix(WIDTH, FEED, 0.3)), ("ffn_down", matrix(FEED, WIDTH, 0.3))]
    named = [("token_embd", matrix(WIDTH, len(tokens), 1.0)), ("output_norm", ones()), ("output", (shape, output))]
    return named + [(f"blk.0.{name}", tensor) for name, tensor in layer]


def aligned(data):
    return data + b"\0" * (-len(data) % 32)


def gguf():
    tokens = vocabulary()
    fields, named = metadata(tokens), tensors(tokens)
    head, values = b"GGUF" + struct.pack("<IQQ", 3, len(named), len(fields)) + b"".join(fields), b""
    for name, (shape, numbers) in named:
        sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head += text(f"{name}.weight") + sizes + struct.pack("<IQ", 0, len(values))
        values = aligned(values + struct.pack(f"<{len(numbers)}f", *numbers))
    return aligned(head) + values


with open(sys.argv[1], "wb") as file:
    file.write(gguf())
