"""Compares Trousseau with its peer, question by question, by paired bootstrap.

    compare.py OUT      reads OUT/SET.ours.jsonl and OUT/SET.peer.jsonl; exits 1 when a bar is missed
"""

import json
import sys
from pathlib import Path

import numpy

RESAMPLES = 10_000
SEED = 20_260_101
# For each set: whether whole documents are drawn (its questions are paraphrases of few documents), and the
# lowest lower bound of the difference.
BARS = {
    "service-public-fr": (False, 0.0),
    "cnil-faq-fr": (True, -0.04),
    "piaf-fr": (False, 0.0),
    "xquad-en": (False, -0.02),
}


def scores(path):
    with open(path, encoding="utf-8") as file:
        return {line["question"]: line for line in map(json.loads, file)}


def bounds(differences, groups):
    """The 2.5 and 97.5 percentiles of the mean difference, drawing groups of questions."""
    names = sorted(set(groups))
    place = {name: at for at, name in enumerate(names)}
    sums, counts = numpy.zeros(len(names)), numpy.zeros(len(names))
    for difference, group in zip(differences, groups):
        sums[place[group]] += difference
        counts[place[group]] += 1
    random = numpy.random.default_rng(SEED)
    means = numpy.empty(RESAMPLES)
    for at in range(RESAMPLES):
        drawn = random.integers(0, len(names), len(names))
        means[at] = sums[drawn].sum() / counts[drawn].sum()
    return numpy.percentile(means, [2.5, 97.5])


def main():
    out = Path(sys.argv[1])
    missed = False
    print(f"{'nDCG@10':<20} {'questions':>9} {'bm25s':>8} {'trousseau':>9} {'difference':>10}  95 % bounds")
    for name, (by_document, bar) in BARS.items():
        ours, peer = scores(out / f"{name}.ours.jsonl"), scores(out / f"{name}.peer.jsonl")
        assert ours.keys() == peer.keys(), f"{name}: the two did not answer the same questions"
        mine = [ours[question]["ndcg"] for question in ours]
        theirs = [peer[question]["ndcg"] for question in ours]
        differences = [a - b for a, b in zip(mine, theirs)]
        groups = [line["document"] if by_document else question for question, line in ours.items()]
        low, high = bounds(differences, groups)
        reached = low > bar if bar == 0.0 else low >= bar
        missed |= not reached
        print(
            f"{name:<20} {len(mine):>9} {numpy.mean(theirs):>8.4f} {numpy.mean(mine):>9.4f} "
            f"{numpy.mean(differences):>+10.4f}  [{low:+.4f}, {high:+.4f}]  "
            f"bar {'>' if bar == 0.0 else '>='} {bar:g}: {'reached' if reached else 'MISSED'}"
        )
    sys.exit(missed)


main()
