"""Random series and events, the same for the same seed."""

import os
import random

# The clock of all requests. `generate.py` starts itself again with the moment of its seed: all modules see one.
NOW = int(os.environ.get("REFERENCE_NOW", "1700010000"))

# Usual ones, and such at which clocks on the wall have just changed or a year has just begun.
MOMENTS = [1700010000, 1700010000, 1700010007, 1679799600, 1698546600, 1699169477, 1704067800, 1709165000]


def moment(seed):
    """The clock of a seed."""
    return random.Random(f"moment {seed}").choice(MOMENTS)


class Scale:
    """How far apart values stand and how much of them is asked for."""

    def __init__(self, steps, reach, windows, spans):
        # Seconds between values, in each branch of the tree one of its own.
        self.steps = steps
        # Seconds before now at which series begin.
        self.reach = reach
        # Seconds before now from which on values are asked for.
        self.windows = windows
        # What stands in arguments.
        self.spans = spans


MINUTES = ["'1min'", "'5min'", "'10min'", "'90s'", "'1h'", "'2min'"]
USUAL = Scale([[10], [60], [300], [60]], 7200, [600, 1800, 3600, 7000, 3333], MINUTES)
SCALES = [
    USUAL,
    Scale([[1, 7, 10], [60, 20], [300, 77], [60, 45]], 3600, [1, 59, 600, 1800, 3500], MINUTES + ["'1s'", "'7s'", "'20s'"]),
    Scale(
        [[300, 420], [3600], [86400, 3600], [600]],
        7 * 86400,
        [3600, 86400, 3 * 86400, 6 * 86400 + 1],
        ["'1h'", "'30min'", "'12h'", "'1d'", "'2d'", "'1w'", "'90min'"],
    ),
]


def scale(seed, is_short):
    """The scale of a seed."""
    if is_short:
        return Scale(USUAL.steps, USUAL.reach, [600, 900, 1333], USUAL.spans)
    return random.Random(f"scale {seed}").choice(SCALES)


KINDS = (
    "gauge counter binary constant sparse tiny empty steps gauge counter alternating late single zero large huge falling"
).split()

METRICS = ["load", "mem.used", "disk-a.free", "net_in.bytes", "n", "Errors.5xx"]

# Whatever a path may hold.
ODD_NAMES = [
    "odd.a-b_c.p99%", "odd.x:y.50th", "odd.1st.rate+1", "odd.h0.$v", "odd.H@x.#n", "odd.~t.v!", "odd.h0.true", "odd.007.1e5",
    "odd.a&b.c=d", "odd.h0.inf", "odd.<x>.^y", "ODD.h0.Load", "odd", "odd.none",
]


def values(rng, length):
    """Values of one series; None is none."""
    kind = rng.choice(KINDS)
    level = rng.uniform(-50, 200)
    only = rng.randrange(length)
    out = []
    for place in range(length):
        if kind == "gauge":
            level += rng.uniform(-5, 5)
            value = round(level, 2)
        elif kind == "counter":
            level = 0 if rng.random() < 0.02 else abs(level) + rng.randrange(0, 50)
            value = float(int(level))
        elif kind == "binary":
            value = float(rng.randrange(2))
        elif kind == "constant":
            value = round(level, 1)
        elif kind == "sparse":
            value = round(level, 2) if rng.random() < 0.2 else None
        elif kind == "tiny":
            value = rng.uniform(-1, 1) * 10 ** rng.randrange(-9, 3)
        elif kind == "steps":
            level = level if rng.random() < 0.9 else rng.randrange(0, 10)
            value = float(int(level))
        elif kind == "alternating":
            value = round(level + place, 1) if place % 2 else None
        elif kind == "late":
            value = round(level, 1) if place > length // 2 else None
        elif kind == "single":
            value = round(level, 1) if place == only else None
        elif kind == "zero":
            value = 0.0
        elif kind == "large":
            value = float(2**40 + rng.randrange(1000)) * rng.choice([1, 1, -1])
        elif kind == "huge":
            value = level * 10.0 ** rng.randrange(15, 60)
        elif kind == "falling":
            level -= rng.uniform(0, 3)
            value = level
        else:
            value = None
        out.append(value)
    if rng.random() < 0.4:
        for _ in range(rng.randrange(1, 5)):
            start = rng.randrange(length)
            for place in range(start, min(length, start + rng.randrange(1, 15))):
                out[place] = None
    return out


def made(rng, scale, name, step):
    """One series, up to now."""
    start = NOW - scale.reach
    start -= start % step
    return {"name": name, "start": start, "step": step, "values": values(rng, max(1, (NOW - start) // step))}


def world(rng, scale):
    """Series in a small tree of names."""
    series = []
    for group, steps in zip(["web", "db", "batch", "mail"], scale.steps):
        for host in range(rng.randrange(2, 5)):
            step = rng.choice(steps)
            for metric in rng.sample(METRICS, 3):
                series.append(made(rng, scale, f"{group}.h{host}.{metric}", step))
    for name in rng.sample(ODD_NAMES, 4):
        series.append(made(rng, scale, name, scale.steps[1][0]))
    for dc in ["eu", "us", "ap"][: rng.randrange(2, 4)]:
        for host in range(rng.randrange(1, 4)):
            series.append(made(rng, scale, f"requests;dc={dc};host=w{host}", scale.steps[3][0]))
    return series


def events(rng):
    """A few things that happened, some of them in the same second."""
    whens = [NOW - rng.randrange(10, 7200) for _ in range(8)]
    # Each tag is there: one that is on no event at all graphite-web leaves out of the question.
    kinds = [["deploy"], ["deploy", "eu"], ["outage"], []] * 3
    return [{"what": "something", "when": when, "tags": kinds.pop()} for when in whens + whens[:2]]
