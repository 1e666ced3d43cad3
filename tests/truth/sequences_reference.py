"""Slow, obvious versions of the metrics of sequences."""

from __future__ import annotations

import math
from collections import Counter


def mase(point, truth, naive) -> float:
    total, count = 0.0, 0
    for n in range(len(point)):
        for v in range(len(point[n][0])):
            total += (
                sum(abs(point[n][h][v] - truth[n][h][v]) for h in range(len(point[n]))) / len(point[n]) / naive[n][v]
            )
            count += 1
    return total / count


def smape(point, truth) -> float:
    errors = []
    for one, other in zip(point, truth):
        for ours, theirs in zip(one, other):
            for a, b in zip(ours, theirs):
                errors.append(0.0 if a == b == 0 else 200 * abs(a - b) / (abs(a) + abs(b)))
    return sum(errors) / len(errors)


def interval_score(point: float, low: float, high: float, truth: float, outside: float = 0.1) -> float:
    """Bracher et al. 2021, equation 1 to 3, one interval."""
    score = high - low
    if truth < low:
        score += 2 / outside * (low - truth)
    if truth > high:
        score += 2 / outside * (truth - high)
    return (0.5 * abs(truth - point) + outside / 2 * score) / 1.5


def bleu_unsmoothed(said: list[list[str]], right: list[list[str]]) -> float:
    """Papineni et al. 2002 as torchtext counts it, from 0 to 100."""
    ours, theirs = sum(map(len, said)), sum(map(len, right))
    logs = 0.0
    for n in range(1, 5):
        both = total = 0
        for a, b in zip(said, right):
            x = Counter(tuple(a[i : i + n]) for i in range(len(a) - n + 1))
            y = Counter(tuple(b[i : i + n]) for i in range(len(b) - n + 1))
            both += sum((x & y).values())
            total += sum(x.values())
        if both == 0:
            return 0.0
        logs += 0.25 * math.log(both / total)
    return 100 * math.exp(min(1 - theirs / ours, 0)) * math.exp(logs)


def nab_at(score, inside, threshold, *, false=0.11) -> tuple[float, int]:
    """The sweeper of the benchmark's public code, one row after another, at one threshold."""

    def sigmoid(x: float) -> float:
        return -1.0 if x > 3 else 2 / (1 + math.exp(5 * x)) - 1

    windows, at = [], 0
    while at < len(inside):
        if inside[at]:
            end = at
            while end + 1 < len(inside) and inside[end + 1]:
                end += 1
            windows.append((at, end))
            at = end
        at += 1
    best = dict.fromkeys(windows, -1.0)
    wrong = 0.0
    for i, s in enumerate(score):
        if s < threshold:
            continue
        within = [w for w in windows if w[0] <= i <= w[1]]
        before = [w for w in windows if w[1] < i]
        if within:
            left, right = within[0]
            value = sigmoid(-(right - i + 1) / (right - left + 1)) / sigmoid(-1.0)
            best[within[0]] = max(best[within[0]], value)
        elif before:
            left, right = before[-1]
            wrong += false * sigmoid(abs(right - i) / (right - left))
        else:
            wrong -= false
    return sum(best.values()) + wrong, len(windows)


def nab(score, inside) -> float:
    found = [nab_at(score, inside, threshold) for threshold in {*score, float("inf")}]
    windows = found[0][1]
    return 100 * (max(raw for raw, _ in found) + windows) / (2 * windows)


def kneser_ney(text: list[int], order: int, codes: int):
    """Chen & Goodman 1999, section 4.1.6: the probability of a code after others, run by run."""
    tables = []
    runs = Counter(tuple(text[i : i + order]) for i in range(len(text) - order + 1))
    for _ in range(order):
        tables.append(dict(runs))
        runs = Counter(run[1:] for run in runs)
    tables.reverse()
    discounts = []
    for table in tables:
        seen = Counter(table.values())
        base = seen[1] / max(seen[1] + 2 * seen[2], 1)
        off = [k - (k + 1) * base * seen[k + 1] / max(seen[k], 1) for k in (1, 2, 3)]
        discounts.append([0.0] + [d if 0 < d < k else 0.5 for k, d in enumerate(off, 1)])

    def chance(code: int, before: tuple[int, ...]) -> float:
        if len(before) + 1 > order:
            before = before[len(before) + 1 - order :]
        lower = chance(code, before[1:]) if before else 1 / codes
        table, discount = tables[len(before)], discounts[len(before)]
        here = {run: count for run, count in table.items() if run[:-1] == before}
        if not here:
            return lower
        total = sum(here.values())
        own = here.get((*before, code), 0)
        left = sum(discount[min(count, 3)] for count in here.values())
        return (own - discount[min(own, 3)]) / total + left / total * lower

    return chance


def ibm_model_1(pairs: list[tuple[list[str], list[str]]], rounds: int) -> dict[str, str]:
    """Brown et al. 1993, model 1, with an empty source word; the likeliest target of each source word."""
    targets = {t for _, answer in pairs for t in answer}
    chance = {}
    for source, answer in pairs:
        for s in ["", *source]:
            for t in answer:
                chance[s, t] = 1 / len(targets)
    for _ in range(rounds):
        count, total = Counter(), Counter()
        for source, answer in pairs:
            for t in answer:
                whole = sum(chance[s, t] for s in ["", *source])
                for s in ["", *source]:
                    count[s, t] += chance[s, t] / whole
                    total[s] += chance[s, t] / whole
        chance = {(s, t): count[s, t] / total[s] for s, t in chance}
    words = {s for s, _ in chance if s}
    return {s: max((chance[s, t], t) for one, t in chance if one == s)[1] for s in words}


def entity_f1(said: list[list[str]], truth: list[list[str]]) -> float:
    """Return F1 as the script conlleval of CoNLL-2000 counts: two words apart, chunk by chunk."""

    def ends(last: str, kind: str, tag: str, next_kind: str) -> bool:
        return (
            (last == "B" and tag in "BO")
            or (last == "I" and tag in "BO")
            or (last != "O" and last != "." and kind != next_kind)
        )

    def starts(last: str, kind: str, tag: str, next_kind: str) -> bool:
        return tag == "B" or (last == "O" and tag == "I") or (tag != "O" and tag != "." and kind != next_kind)

    def chunks(labels: list[str]) -> list[tuple[int, int, str]]:
        found, begin, last, kind = [], 0, "O", ""
        for at, label in enumerate([*labels, "O"]):
            tag, next_kind = label[0], label[2:]
            if ends(last, kind, tag, next_kind):
                found.append((begin, at - 1, kind))
            if starts(last, kind, tag, next_kind):
                begin = at
            last, kind = tag, next_kind
        return found

    right = sum(len(set(chunks(a)) & set(chunks(b))) for a, b in zip(said, truth, strict=True))
    all_said, all_true = (sum(len(chunks(labels)) for labels in some) for some in (said, truth))
    precision, recall = right / all_said, right / all_true
    return 2 * precision * recall / (precision + recall)
