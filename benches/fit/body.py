#!/usr/bin/env python3
"""Fits data/body_weights.txt to pages whose bodies are known.

usage: fit/body.py DUMP[=EMPHASIS]... --gold ITEMS... [--out data/body_weights.txt] [--check]

DUMP   what `jianbao extract --jsonl --generic --explain` wrote for a set of pages
ITEMS  JSON lines {"id", "url", "lang", "gold": {"body"?, "body_opt"?, "with"?, "without"?}}, in the same order

Each block of a page is labelled by whether its text stands in the known body, in order; then a logistic regression
is fitted for each pass, from the second on with what the pass before, fitted without the page's site, says of the
blocks around.
--check prints how far pages are from their known bodies when their site was not among those fitted to.
Needs numpy, scipy and scikit-learn.
"""
import argparse, bisect, json, re, unicodedata, zlib
from collections import Counter
from urllib.parse import urlsplit

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

LIMITS = np.array([-4, -2.5, -1.5, -.75, 0, .75, 1.5, 2.5, 4])
AROUND = [("always", 1), ("own score", 10), ("inside the root", 2), ("score before", 11), ("score after", 11),
          ("score of three before", 11), ("score of three after", 11), ("score of ten before", 11),
          ("score of ten after", 11), ("score of the box", 11), ("score of the second box", 11),
          ("score of the third box", 11), ("levels below the root", 9), ("beside the sure ones", 3),
          ("distance to the sure ones", 7), ("score of others alike", 11), ("share of blocks alike", 6)]
STARTS = np.cumsum([0] + [size for _, size in AROUND])
SHARES = np.array([.01, .05, .2, .5, .8])
FOLDS = 5
# How little each pass is regularised (the inverse of the penalty's weight).
STRENGTHS = [1.5, 3., 2.]


def squash(text):
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text or "").lower())


# --- labels ----------------------------------------------------------------------------------------------------------
def labels(gold, blocks):
    """1 where a block is body, 0 where it is not, -1 where nobody can tell."""
    if gold.get("with"):
        one = lambda text: re.sub(r"\s+", " ", text).strip()
        return np.array([0. if any(one(w) in one(b[0]) for w in gold["without"]) else
                         1. if any(one(w) in one(b[0]) or len(b[0]) > 20 and one(b[0]) in one(w) for w in gold["with"])
                         else -1. for b in blocks])
    full, optional = squash(gold["body"]), squash(gold.get("body_opt"))
    lines, grams = {squash(line) for line in gold["body"].split("\n")}, {full[i:i + 8] for i in range(len(full) - 7)}
    texts = [squash(block[0]) for block in blocks]
    share = [np.mean([t[i:i + 8] in grams for i in range(len(t) - 7)]) if len(t) >= 12 else 0. for t in texts]
    chain = in_order(full, texts, share)
    known = [index for index, _, _ in chain]
    result = np.zeros(len(blocks))
    for index, text in enumerate(texts):
        after = bisect.bisect_left(known, index)
        if not text:
            result[index] = -1
        elif after < len(known) and known[after] == index:
            result[index] = share[index]
        elif len(text) >= 30 and share[index] < .5:
            result[index] = -1 if optional and text in optional else share[index]
        else:
            # A short line counts only where the body has it between its surer neighbours.
            between = 0 < after < len(known)
            near = between or not known or after > 0 and index - known[after - 1] <= 40 \
                or after < len(known) and known[after] - index <= 25
            part = full[chain[after - 1][2] - 4 if after else 0:chain[after][1] + 4 if after < len(known) else len(full)]
            hit = text in part if len(text) < 40 else text[:20] in part or text[-20:] in part
            if near and hit and (len(text) > 3 or between and text in lines):
                result[index] = 1
            elif optional and len(text) > 6 and text in optional:
                result[index] = -1
    return result


def in_order(full, texts, share):
    """Long blocks of the body at increasing places: (block, begin, end), the heaviest such chain."""
    found = []
    for index, text in enumerate(texts):
        if len(text) >= 30 and share[index] >= .8:
            place = full.find(text[:24])
            if place < 0:
                place = full.find(text[-24:])
            if place >= 0:
                found.append((index, place, place + len(text)))
    best = []
    for i, (_, begin, end) in enumerate(found):
        weight, before = max([(best[j][0], j) for j in range(max(0, i - 60), i) if found[j][1] < begin], default=(0, -1))
        best.append((weight + end - begin, before))
    chain, i = [], max(range(len(best)), key=lambda i: best[i][0], default=-1)
    while i >= 0:
        chain.append(found[i])
        i = best[i][1]
    return chain[::-1]


# --- what scores say of the blocks around: as in src/extract/body/model.rs ---------------------------------
def surroundings(page, scores):
    blocks, boxes = page["blocks"], page["containers"]
    count, width = len(blocks), np.sqrt([block[3] for block in blocks])
    sums, weights = np.concatenate([[0], np.cumsum(scores * width)]), np.concatenate([[0], np.cumsum(width)])
    level = lambda value: int(np.sum(value >= LIMITS))
    mean = lambda lo, hi: 10 if lo >= hi else level((sums[hi] - sums[lo]) / max(weights[hi] - weights[lo], 1e-9))
    root = max(range(len(boxes)), key=lambda i: (round(sums[boxes[i][2]] - sums[boxes[i][1]], 6), i))
    begin, end = boxes[root][1:3]
    sure = [i for i in range(begin, end) if scores[i] > 1]
    first, last = (sure[0], sure[-1]) if sure else (begin, end)
    others, share = alike(page, scores, width)
    rows = []
    for i in range(count):
        around, box, depth = [], blocks[i][1], 8
        size, level_up = 1, 0
        while box is not None:
            if box == root:
                depth = min(level_up, 7)
            lo, hi = boxes[box][1:3]
            if hi - lo > size:
                around.append((lo, hi))
                size = hi - lo
            box, level_up = boxes[box][0], level_up + 1
        held = [mean(*around[k]) if k < len(around) else 10 for k in range(3)]
        distance = 0 if i < first - 10 else 1 if i < first - 3 else 2 if i < first else 3 if i <= last else \
            4 if i <= last + 3 else 5 if i <= last + 10 else 6
        rows.append([0, level(scores[i]), 0 if begin <= i < end else 1, level(scores[i - 1]) if i else 10,
                     level(scores[i + 1]) if i + 1 < count else 10, mean(max(0, i - 3), i), mean(i + 1, min(count, i + 4)),
                     mean(max(0, i - 10), i), mean(i + 1, min(count, i + 11)), *held, depth,
                     0 if i < first else 2 if i > last else 1, distance,
                     10 if others[i] is None else level(others[i]), int(np.sum(share[i] >= SHARES))])
    columns = (np.array(rows) + STARTS[:-1]).ravel()
    return sp.csr_matrix((np.ones(len(columns)), columns, np.arange(0, len(columns) + 1, len(AROUND))),
                         shape=(count, STARTS[-1]))


def alike(page, scores, width):
    """Of the blocks with each block's tags and classes: the mean of the others' scores, and their share of what is body."""
    boxes, numbers = page["containers"], {}
    shape = lambda box: None if box is None else boxes[box][3]
    kinds = np.array([numbers.setdefault((shape(block[1]), shape(boxes[block[1]][0])), len(numbers))
                      for block in page["blocks"]])
    total = lambda values: np.bincount(kinds, values)[kinds]
    own, favour = scores * width, np.maximum(scores * width, 0)
    mean = (total(own) - own) / np.maximum(total(width) - width, 1e-9)
    others = [None if alone else value for alone, value in zip(np.bincount(kinds)[kinds] == 1, mean)]
    return others, total(favour) / max(favour.sum(), 1e-9)


# --- fitting ---------------------------------------------------------------------------------------------------------
def regress(pages, matrices, strength):
    x, y = sp.vstack(matrices), np.concatenate([page["labels"] for page in pages])
    w = np.concatenate([page["weights"] for page in pages])
    use = w > 0
    model = LogisticRegression(C=strength, max_iter=300, fit_intercept=False)
    model.fit(x[use], y[use] >= .5, sample_weight=w[use] * use.sum() / w[use].sum() * .02)
    return model.coef_[0]


def with_surroundings(page, scores):
    return sp.hstack([surroundings(page, scores), page["facts"]]).tocsr()


def fit(pages):
    """The weights of each pass; later ones see scores of models that have not seen the page's site."""
    seen, passes = {id(page): page["facts"] for page in pages}, []
    for number, strength in enumerate(STRENGTHS):
        weights = lambda pages: regress(pages, [seen[id(page)] for page in pages], strength)
        passes.append(weights(pages))
        if number + 1 < len(STRENGTHS):
            held_out = {}
            for fold in {page["fold"] for page in pages}:
                others = weights([page for page in pages if page["fold"] != fold])
                held_out.update({id(page): seen[id(page)] @ others for page in pages if page["fold"] == fold})
            seen = {id(page): with_surroundings(page, held_out[id(page)]) for page in pages}
    return passes


def judge(page, passes):
    scores = page["facts"] @ passes[0]
    for weights in passes[1:]:
        scores = with_surroundings(page, scores) @ weights
    return scores


def read(dump, items, emphasis_of_set):
    for line, item in zip(open(dump, encoding="utf-8"), open(items, encoding="utf-8")):
        page, item = json.loads(line), json.loads(item)
        gold, read = item["gold"], page.get("blocks")
        if not read or not read["blocks"] or not (gold.get("body") or gold.get("with")):
            continue
        read["labels"] = labels(gold, read["blocks"])
        weights = (np.array([block[3] for block in read["blocks"]]) + 4.) ** .6
        weights[read["labels"] < 0] = 0
        emphasis = emphasis_of_set * (.5 if gold.get("with") else 1.) * (6. if item.get("lang") == "zh" else 1.)
        read["weights"] = weights / max(weights.sum(), 1e-9) * emphasis
        read["fold"] = zlib.crc32((urlsplit(item["url"]).netloc or item["id"]).encode()) % FOLDS
        size = sum(count for _, count in read["groups"])
        rows = [i for i, block in enumerate(read["blocks"]) for _ in block[2]]
        columns = [fact for block in read["blocks"] for fact in block[2]]
        read["facts"] = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(read["blocks"]), size))
        read["gold"] = gold
        yield read


def distance(page, scores):
    """F1 of runs of four characters (spaces left out) between the known body and what is kept."""
    bag = lambda text: Counter(text[i:i + 4] for i in range(max(1, len(text) - 3)))
    kept = bag(re.sub(r"\s+", "", "".join(b[0] for b, s in zip(page["blocks"], scores) if s > 0)))
    best = 0.
    for text in {page["gold"]["body"], page["gold"].get("body_opt") or page["gold"]["body"]}:
        want = bag(re.sub(r"\s+", "", text))
        common = sum((kept & want).values())
        best = max(best, 2 * common / (sum(kept.values()) + sum(want.values())))
    return best


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("dumps", nargs="+")
    arguments.add_argument("--gold", nargs="+", required=True)
    arguments.add_argument("--out")
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    sets = {}
    for dump, items in zip(options.dumps, options.gold):
        dump, _, emphasis = dump.partition("=")
        sets[dump] = list(read(dump, items, float(emphasis or 1)))
    pages = [page for pages in sets.values() for page in pages]
    if options.check:
        scores = {}
        for fold in range(FOLDS):
            passes = fit([page for page in pages if page["fold"] != fold])
            scores.update({id(page): judge(page, passes) for page in pages if page["fold"] == fold})
        for name, members in sets.items():
            known = [distance(page, scores[id(page)]) for page in members if page["gold"].get("body")]
            if known:
                print(f"{name}: {np.mean(known):.3f} over {len(known)} pages, none fitted to its own site")
    if options.out:
        groups = [tuple(group) for group in pages[0]["groups"]]
        lines = ["# Weights of the facts about a block: log-odds that it belongs to the body, `part group: numbers`.",
                 "# Fitted by benches/fit/body.py."]
        for number, weights in enumerate(fit(pages), 1):
            parts = [(f"around{number}", name, size) for name, size in AROUND if number > 1]
            at = 0
            for part, name, size in parts + [(f"own{number}", *group) for group in groups]:
                numbers = " ".join(f"{w:.2f}".replace("-0.00", "0.00") for w in weights[at:at + size])
                lines.append(f"{part} {name}: {numbers}")
                at += size
        open(options.out, "w", encoding="utf-8").write("\n".join(lines) + "\n")


main()
