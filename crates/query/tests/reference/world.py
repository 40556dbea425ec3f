"""Random series and events, the same for the same seed."""

NOW = 1700010000


def values(rng, length):
    """Values of one series; None is none."""
    kind = rng.choice(["gauge", "counter", "binary", "constant", "sparse", "tiny", "empty", "steps"])
    level = rng.uniform(-50, 200)
    out = []
    for _ in range(length):
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
        else:
            value = None
        out.append(value)
    if rng.random() < 0.4:
        for _ in range(rng.randrange(1, 5)):
            start = rng.randrange(length)
            for place in range(start, min(length, start + rng.randrange(1, 15))):
                out[place] = None
    return out


def world(rng):
    """Series in a small tree of names, each branch of it with a step of its own."""
    series = []
    for group, step in [("web", 10), ("db", 60), ("batch", 300), ("mail", 60)]:
        for host in range(rng.randrange(2, 5)):
            for metric in rng.sample(["load", "mem.used", "disk-a.free", "net_in.bytes", "n", "Errors.5xx"], 3):
                length = 7200 // step
                start = NOW - 7200
                name = f"{group}.h{host}.{metric}"
                series.append({"name": name, "start": start, "step": step, "values": values(rng, length)})
    for dc in ["eu", "us", "ap"][: rng.randrange(2, 4)]:
        for host in range(rng.randrange(1, 4)):
            name = f"requests;dc={dc};host=w{host}"
            series.append({"name": name, "start": NOW - 7200, "step": 60, "values": values(rng, 120)})
    return series


def events(rng):
    """A few things that happened, some of them in the same second."""
    whens = [NOW - rng.randrange(10, 7200) for _ in range(8)]
    # Each tag is there: one that is on no event at all graphite-web leaves out of the question.
    kinds = [["deploy"], ["deploy", "eu"], ["outage"], []] * 3
    return [{"what": "something", "when": when, "tags": kinds.pop()} for when in whens + whens[:2]]
