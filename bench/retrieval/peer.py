"""The peer that Trousseau's search is measured against: bm25s, with analysis as a careful user would set it up.

Words in lower case, French elisions split off, stopwords and question words left out, Snowball
stems, accents folded; whole documents are scored with
Lucene's BM25, for each set with the best of three usual settings of k1 and b. Writes nDCG@10 per question.

    peer.py DATA OUT        reads DATA/retrieval/SET, writes OUT/SET.peer.jsonl
"""

import json
import math
import re
import sys
import unicodedata
from pathlib import Path

import bm25s
import Stemmer
from bm25s.stopwords import STOPWORDS_EN, STOPWORDS_FRENCH

SETS = {
    "service-public-fr": ("french", ("text",)),
    "cnil-faq-fr": ("french", ("title", "text")),
    "piaf-fr": ("french", ("text",)),
    "xquad-en": ("english", ("text",)),
}
SETTINGS = ((0.9, 0.4), (1.2, 0.75), (1.5, 0.75))
ELISION = re.compile(r"\b(?:[ldjmtscn]|qu|jusqu|lorsqu|puisqu|quoiqu)['’](?=\w)", re.IGNORECASE)
WORD = re.compile(r"\w+")
QUESTION_WORDS = ("quel", "quelle", "quels", "quelles", "comment")


def folded(word):
    return "".join(letter for letter in unicodedata.normalize("NFD", word) if not unicodedata.combining(letter))


def analyser(language):
    stemmer = Stemmer.Stemmer(language)
    stopwords = set((*STOPWORDS_FRENCH, *QUESTION_WORDS) if language == "french" else STOPWORDS_EN)

    def analyse(text):
        text = text.lower().replace("’", "'")
        if language == "french":
            text = ELISION.sub(" ", text)
        words = [word for word in WORD.findall(text) if word not in stopwords]
        return [folded(stem) for stem in stemmer.stemWords(words)]

    return analyse


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def relevance(path):
    wanted = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        question, document, grade = line.split("\t")
        wanted.setdefault(question, {})[document] = int(grade)
    return wanted


def ndcg(ranked, wanted):
    gain = sum((2 ** wanted.get(name, 0) - 1) / math.log2(place + 2) for place, name in enumerate(ranked[:10]))
    best = sorted(wanted.values(), reverse=True)[:10]
    return gain / sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(best))


def measure(folder, language, parts):
    analyse = analyser(language)
    documents = lines(folder / "docs.jsonl")
    questions = lines(folder / "dev" / "queries.jsonl")
    wanted = relevance(folder / "dev" / "qrels.tsv")
    corpus = [analyse("\n".join(document[part] for part in parts)) for document in documents]
    best = None
    for k1, b in SETTINGS:
        index = bm25s.BM25(k1=k1, b=b, method="lucene")
        index.index(corpus, show_progress=False)
        scores = {}
        for question in questions:
            terms = [term for term in analyse(question["text"]) if term in index.vocab_dict]
            ranked = []
            if terms:
                places, _ = index.retrieve([terms], k=10, show_progress=False)
                ranked = [documents[place]["id"] for place in places[0]]
            scores[question["id"]] = ndcg(ranked, wanted[question["id"]])
        mean = sum(scores.values()) / len(scores)
        if best is None or mean > best[0]:
            best = (mean, (k1, b), scores)
    return best


def main():
    data, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name, (language, parts) in SETS.items():
        mean, (k1, b), scores = measure(data / "retrieval" / name, language, parts)
        with open(out / f"{name}.peer.jsonl", "w", encoding="utf-8") as file:
            for question, score in scores.items():
                file.write(json.dumps({"question": question, "ndcg": score}) + "\n")
        print(f"{name:<20} bm25s k1={k1} b={b}  nDCG@10 {mean:.4f}")


main()
