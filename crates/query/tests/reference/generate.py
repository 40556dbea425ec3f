#!/usr/bin/env python3
"""Asks graphite-web what random targets over random series are, and writes down its answers.

    generate.py --seed 7 --cases 1000 --out FOLDER

It needs graphite-web 1.1.10 with Django 3.0, pyparsing 3.0.9 and Python 3.11 or older. FOLDER then holds what
`cargo run -p query --example corpus -- FOLDER` compares: `datasets/data.json` and `cases/random.jsonl`. The same seed
makes the same series and targets.
"""

import argparse
import inspect
import json
import math
import os
import random
import sys
import tempfile
from pathlib import Path
from unittest import mock

# No pictures are drawn here.
sys.modules["cairo"] = mock.MagicMock()

# Gone in Python 3.11; graphite-web asks for it when it lists its functions.
if not hasattr(inspect, "getargspec"):
    inspect.getargspec = inspect.getfullargspec

NOW = 1700010000


# Series


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


# Targets


class Targets:
    """Random targets over the names of a world."""

    def __init__(self, rng, names):
        self.rng = rng
        self.names = [name for name in names if ";" not in name]

    def path(self):
        rng = self.rng
        elements = rng.choice(self.names).split(".")
        for place in range(len(elements)):
            roll = rng.random()
            if roll < 0.25:
                elements[place] = "*"
            elif roll < 0.3 and len(elements[place]) > 1:
                elements[place] = elements[place][0] + "*"
            elif roll < 0.35:
                elements[place] = "{" + elements[place] + "," + rng.choice(["nope", "h0", "load"]) + "}"
            elif roll < 0.38 and elements[place][-1].isdigit():
                elements[place] = elements[place][:-1] + "[0-2]"
        if rng.random() < 0.03:
            return "no.such.path"
        return ".".join(elements)

    def series(self, depth):
        rng = self.rng
        if depth <= 0 or rng.random() < 0.25:
            if rng.random() < 0.08:
                return rng.choice(
                    [
                        'seriesByTag("name=requests")',
                        'seriesByTag("name=requests","dc=eu")',
                        'seriesByTag("dc=~e|u","host!=w0")',
                    ]
                )
            return self.path()
        name = rng.choice(list(CALLS))
        return CALLS[name](self, depth - 1)

    # What arguments are drawn from.

    def number(self):
        return self.rng.choice(["0", "1", "2", "-1", "0.5", "100", "-3.5", "1e3", "7", "3.14159", "10"])

    def count(self):
        return self.rng.choice(["1", "2", "3", "5", "10"])

    def span(self):
        return self.rng.choice(["'1min'", "'5min'", "'10min'", "'90s'", "'1h'", "'2min'"])

    def window(self):
        return self.rng.choice([self.count(), self.span()])

    def node(self):
        return self.rng.choice(["0", "1", "2", "-1", "-2", "5"])

    def aggregation(self):
        return "'" + self.rng.choice(AGGREGATIONS) + "'"

    def share(self):
        return self.rng.choice(["0", "0.3", "0.5", "1"])


AGGREGATIONS = [
    "average", "avg", "avg_zero", "median", "sum", "total", "min", "max", "diff", "stddev", "count", "range", "rangeOf",
    "multiply", "last", "current",
]


def call(name, *arguments):
    """A maker of calls; what is callable makes an argument, and an optional one is left out, with all behind it, at times."""

    def make(targets, depth):
        made = []
        for argument in arguments:
            if isinstance(argument, optional):
                if targets.rng.random() < 0.4:
                    break
                argument = argument.argument
            made.append(argument(targets, depth) if callable(argument) else argument)
        if made and targets.rng.random() < 0.1 and made[0] == made[0].strip():
            return f"{made[0]}|{name}({','.join(made[1:])})"
        return f"{name}({','.join(made)})"

    return make


class optional:
    def __init__(self, argument):
        self.argument = argument


S = lambda targets, depth: targets.series(depth)
P = lambda targets, depth: targets.path()
NUMBER = lambda targets, depth: targets.number()
COUNT = lambda targets, depth: targets.count()
SPAN = lambda targets, depth: targets.span()
WINDOW = lambda targets, depth: targets.window()
NODE = lambda targets, depth: targets.node()
AGGREGATION = lambda targets, depth: targets.aggregation()
SHARE = lambda targets, depth: targets.share()
BOOLEAN = lambda targets, depth: targets.rng.choice(["true", "false"])
PERCENT = lambda targets, depth: targets.rng.choice(["1", "10", "50", "90", "95", "99.9"])


def one_of(*texts):
    return lambda targets, depth: targets.rng.choice(texts)


CALLS = {}
for name in (
    "sumSeries sum averageSeries avg minSeries maxSeries rangeOfSeries stddevSeries diffSeries multiplySeries countSeries group "
    "unique"
).split():
    CALLS[name] = call(name, S, optional(S))
for name in (
    "absolute invert derivative integral offsetToZero squareRoot isNonNull changed exp logit sigmoid cumulative aliasByMetric upper "
    "lower sortByName sortByTotal sortByMaxima sortByMinima stacked compressPeriodicGaps"
).split():
    CALLS[name] = call(name, S)
for name in "scale offset add".split():
    CALLS[name] = call(name, S, NUMBER)
for name in "movingAverage movingSum movingMin movingMax movingMedian".split():
    CALLS[name] = call(name, S, WINDOW, optional(SHARE))
for name in (
    "averageAbove averageBelow maximumAbove maximumBelow minimumAbove minimumBelow currentAbove currentBelow removeAboveValue "
    "removeBelowValue"
).split():
    CALLS[name] = call(name, S, NUMBER)
for name in "highestCurrent highestMax lowestCurrent highestAverage lowestAverage limit mostDeviant".split():
    CALLS[name] = call(name, S, COUNT)
CALLS.update(
    {
        "aggregate": call("aggregate", S, AGGREGATION, optional(SHARE)),
        "aggregateWithWildcards": call("aggregateWithWildcards", S, AGGREGATION, NODE),
        "sumSeriesWithWildcards": call("sumSeriesWithWildcards", S, NODE, optional(NODE)),
        "averageSeriesWithWildcards": call("averageSeriesWithWildcards", S, NODE),
        "multiplySeriesWithWildcards": call("multiplySeriesWithWildcards", S, NODE),
        "groupByNode": call("groupByNode", S, NODE, optional(AGGREGATION)),
        "groupByNodes": call("groupByNodes", S, AGGREGATION, NODE, optional(NODE)),
        "groupByTags": call("groupByTags", one_of('seriesByTag("name=requests")'), AGGREGATION, one_of("'dc'", "'host'", "'name'")),
        "percentileOfSeries": call("percentileOfSeries", S, PERCENT, optional(BOOLEAN)),
        "nPercentile": call("nPercentile", S, PERCENT),
        "asPercent": call("asPercent", S, optional(one_of("100", "none", "50")), optional(NODE)),
        "divideSeries": call("divideSeries", S, P),
        "weightedAverage": call("weightedAverage", P, P, NODE),
        "alias": call("alias", S, one_of("'a name'", "'x'")),
        "aliasByNode": call("aliasByNode", S, NODE, optional(NODE)),
        "aliasSub": call("aliasSub", S, one_of("'h(\\d)'", "'\\.'", "'^([^.]+)'"), one_of("'<\\1>'", "'-'")),
        "substr": call("substr", S, optional(NODE), optional(NODE)),
        "legendValue": call("legendValue", S, one_of("'last'", "'max'", "'avg'", "'total'"), optional(one_of("'si'", "'binary'"))),
        "cactiStyle": call("cactiStyle", S, optional(one_of("'si'", "'binary'"))),
        "grep": call("grep", S, one_of("'h[01]'", "'load'", "'x$'")),
        "exclude": call("exclude", S, one_of("'h[01]'", "'load'", "'x$'")),
        "filterSeries": call("filterSeries", S, AGGREGATION, one_of("'>'", "'<='", "'='", "'!='", "'<'", "'>='"), NUMBER),
        "highest": call("highest", S, optional(COUNT), optional(AGGREGATION)),
        "lowest": call("lowest", S, optional(COUNT), optional(AGGREGATION)),
        "sortBy": call("sortBy", S, optional(AGGREGATION), optional(BOOLEAN)),
        "removeEmptySeries": call("removeEmptySeries", S, optional(SHARE)),
        "averageOutsidePercentile": call("averageOutsidePercentile", P, PERCENT),
        "removeAbovePercentile": call("removeAbovePercentile", S, PERCENT),
        "removeBelowPercentile": call("removeBelowPercentile", S, PERCENT),
        "fallbackSeries": call("fallbackSeries", S, P),
        "useSeriesAbove": call("useSeriesAbove", P, NUMBER, one_of("'load'", "'h0'"), one_of("'n'", "'h1'")),
        "log": call("log", S, optional(one_of("2", "10", "3"))),
        "pow": call("pow", S, one_of("2", "0.5", "-1", "3")),
        "round": call("round", S, optional(one_of("0", "1", "-1", "3"))),
        "scaleToSeconds": call("scaleToSeconds", S, one_of("1", "60", "3600", "0.5")),
        "nonNegativeDerivative": call("nonNegativeDerivative", P, optional(one_of("100", "1000"))),
        "perSecond": call("perSecond", S),
        "delay": call("delay", S, one_of("0", "1", "3", "-2")),
        "integralByInterval": call("integralByInterval", S, SPAN),
        "keepLastValue": call("keepLastValue", S, optional(one_of("1", "2", "5", "inf"))),
        "interpolate": call("interpolate", S, optional(one_of("1", "2", "5", "inf"))),
        "transformNull": call("transformNull", S, optional(NUMBER)),
        "minMax": call("minMax", S),
        "consolidateBy": call("consolidateBy", S, one_of("'sum'", "'min'", "'max'", "'average'", "'first'", "'last'", "'avg_zero'")),
        "xFilesFactor": call("xFilesFactor", S, SHARE),
        "hitcount": call("hitcount", S, SPAN, optional(BOOLEAN)),
        "summarize": call("summarize", S, SPAN, optional(AGGREGATION), optional(BOOLEAN)),
        "smartSummarize": call("smartSummarize", S, SPAN, optional(AGGREGATION)),
        "timeShift": call("timeShift", S, SPAN, optional(BOOLEAN)),
        "timeStack": call("timeStack", S, one_of("'10min'", "'1h'"), one_of("0", "1"), one_of("1", "2", "3")),
        # Relative times would count from the clock there, whatever `now` is.
        "timeSlice": call("timeSlice", S, one_of(f"'{NOW - 2400}'", f"'{NOW - 600}'"), one_of(f"'{NOW - 300}'", f"'{NOW}'")),
        "movingWindow": call("movingWindow", S, WINDOW, optional(AGGREGATION), optional(SHARE)),
        "exponentialMovingAverage": call("exponentialMovingAverage", S, WINDOW),
        "stdev": call("stdev", S, COUNT, optional(SHARE)),
        "linearRegression": call("linearRegression", S),
        "holtWintersForecast": call("holtWintersForecast", P, one_of("'10min'", "'30min'"), one_of("'5min'", "'20min'")),
        "holtWintersAberration": call("holtWintersAberration", P, one_of("3", "2"), one_of("'10min'"), one_of("'5min'")),
        "holtWintersConfidenceBands": call("holtWintersConfidenceBands", P, one_of("3", "2"), one_of("'10min'"), one_of("'5min'")),
        "constantLine": call("constantLine", NUMBER),
        "threshold": call("threshold", NUMBER, optional(one_of("'a line'")), optional(one_of("'red'"))),
        "aggregateLine": call("aggregateLine", S, optional(AGGREGATION), optional(BOOLEAN)),
        "verticalLine": call("verticalLine", one_of(f"'{NOW - 300}'", f"'{NOW - 1200}'"), optional(one_of("'event'"))),
        "time": call("timeFunction", one_of("'clock'"), one_of("60", "300")),
        "sin": call("sinFunction", one_of("'wave'"), one_of("1", "5"), one_of("60", "300")),
        "identity": call("identity", one_of("'id'")),
        "areaBetween": call("areaBetween", one_of("group(web.h0.load,web.h1.load)", "sortByName(web.*.n)")),
        "color": call("color", S, one_of("'red'", "'00ff00'")),
        "alpha": call("alpha", S, one_of("0.5")),
        "dashed": call("dashed", S, optional(one_of("2.5", "5"))),
        "lineWidth": call("lineWidth", S, one_of("2")),
        "secondYAxis": call("secondYAxis", S),
        "drawAsInfinite": call("drawAsInfinite", S),
        "sumSeriesLists": call("sumSeriesLists", one_of("web.h0.*"), one_of("web.h1.*", "web.h0.*")),
        "diffSeriesLists": call("diffSeriesLists", one_of("web.h0.*"), one_of("web.h0.*")),
        "divideSeriesLists": call("divideSeriesLists", one_of("web.h0.*"), one_of("web.h0.*")),
        "aggregateSeriesLists": call("aggregateSeriesLists", one_of("db.h0.*"), one_of("db.h0.*"), AGGREGATION),
        "powSeries": call("powSeries", one_of("web.h0.load"), one_of("web.h1.load", "db.h0.n")),
        "applyByNode": call("applyByNode", P, one_of("0", "1"), one_of("'sumSeries(%.*.*)'", "'%.load'"), optional(one_of("'% sum'"))),
        "reduceSeries": call("reduceSeries", one_of("mapSeries(web.*.{load,n},1)"), one_of("'asPercent'", "'divideSeries'"), one_of("2"), one_of("'load'"), one_of("'n'")),
        "aliasByTags": call("aliasByTags", one_of('seriesByTag("name=requests")'), one_of("'dc'", "'name'"), optional(one_of("'host'", "0"))),
        "template": call("template", one_of("scale($1.h0.load,$2)", "$1.h0.*"), one_of("'web'", "'db'"), one_of("3")),
    }
)


# Functions that evaluate their argument once more. graphite-web has used up the calls behind a pipe by then.
AGAIN = "moving exponentialMovingAverage holtWinters timeShift timeStack linearRegression hitcount smartSummarize".split()

# Functions that fail there with 500 over values for which others have a result.
FAILING = "exp( nonNegativeDerivative( perSecond( removeBetweenPercentile( averageOutsidePercentile(".split()


def is_beside_the_point(target, status):
    """Whether an answer is an accident of the reference."""
    if "|" in target and any(name in target for name in AGAIN):
        return True
    return status == 500 and any(name in target for name in FAILING)


# graphite-web


def reference(series, folder):
    """graphite-web's own views over these series, which are read from memory."""
    os.environ["GRAPHITE_ROOT"] = str(folder)
    tree = folder / "whisper"
    by_name = {}
    for own in series:
        by_name[own["name"]] = own
        if ";" in own["name"]:
            continue
        file = tree / (own["name"].replace(".", "/") + ".wsp")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    settings = folder / "local_settings.py"
    settings.write_text(
        f"""
SECRET_KEY = 'not a secret'
GRAPHITE_ROOT = {str(folder)!r}
CONF_DIR = STORAGE_DIR = LOG_DIR = {str(folder)!r}
WHISPER_DIR = {str(tree)!r}
STANDARD_DIRS = [WHISPER_DIR]
DATABASES = {{'default': {{'ENGINE': 'django.db.backends.sqlite3', 'NAME': {str(folder / "graphite.db")!r}}}}}
ALLOWED_HOSTS = ['*']
TIME_ZONE = 'UTC'
LOG_ROTATION = False
CARBONLINK_HOSTS = []
"""
    )
    sys.path.insert(0, str(folder))
    os.environ["DJANGO_SETTINGS_MODULE"] = "graphite.settings"
    os.environ["GRAPHITE_SETTINGS_MODULE"] = "local_settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0, run_syncdb=True)
    from graphite.intervals import Interval, IntervalSet
    from graphite.readers import whisper as whisper_reader
    from graphite.storage import STORE

    class Reader(whisper_reader.WhisperReader):
        supported = True

        def get_intervals(self):
            return IntervalSet([Interval(0, 2**31)])

        def fetch(self, start, end, now=None, requestContext=None):
            own = by_name.get(self.real_metric_path)
            return own and fetched(own, start, end, now)

    from graphite.finders import standard

    standard.WhisperReader = Reader
    tagged = [own["name"] for own in series if ";" in own["name"]]
    for name in tagged:
        file = Path(tree) / (encoded(name) + ".wsp")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        STORE.tagdb.tag_series(name)
    from django.test import Client

    return Client(raise_request_exception=False)


def encoded(name):
    from graphite.tags.utils import TaggedSeries

    return TaggedSeries.encode(name, sep=os.sep, hash_only=True)


def fetched(own, start, end, now):
    """The window rule of whisper: points in (start, end]."""
    step = own["step"]
    if now is None:
        now = NOW
    if start > now:
        return None
    end = min(end, now)
    first = int(start - start % step + step)
    last = int(end - end % step + step)
    if first == last:
        last += step
    values = []
    for at in range(first, last, step):
        place = (at - own["start"]) // step
        is_there = 0 <= place < len(own["values"]) and at >= own["start"]
        values.append(own["values"][place] if is_there else None)
    return (first, last, step), values


def ask(client, parameters):
    response = client.get("/render", parameters)
    text = response.content.decode("utf-8")
    body = None
    if response.status_code == 200:
        body = json.loads(text)
    return {
        "status": response.status_code,
        "content_type": response.get("Content-Type", "").split(";")[0],
        "body": body,
    }


def written(value):
    """JSON in which infinity is 1e9999, as graphite-web prints it."""
    return json.dumps(value).replace("Infinity", "1e9999").replace("NaN", "null")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    series = world(rng)
    for folder in ["datasets", "cases"]:
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    (arguments.out / "datasets/data.json").write_text(json.dumps({"dataset": "data", "series": series}))
    targets = Targets(rng, [own["name"] for own in series])
    with tempfile.TemporaryDirectory() as folder, open(arguments.out / "cases/random.jsonl", "w") as out:
        client = reference(series, Path(folder))
        number = 0
        while number < arguments.cases:
            target = targets.series(3)
            from_ = NOW - rng.choice([600, 1800, 3600, 7000, 3333])
            until = NOW - rng.choice([0, 0, 60, 77, 300])
            parameters = [("target", target), ("from", str(from_)), ("until", str(until)), ("now", str(NOW)), ("format", "json"), ("noCache", "1")]
            if rng.random() < 0.2:
                parameters.append(("maxDataPoints", rng.choice(["1", "7", "30"])))
            if rng.random() < 0.1:
                parameters.append(("xFilesFactor", rng.choice(["0.5", "1"])))
            expect = ask(client, dict(parameters))
            if is_beside_the_point(target, expect["status"]):
                continue
            number += 1
            names = sorted({name for name in CALLS if name + "(" in target})
            case = {
                "id": f"{arguments.seed}-{number}",
                "kind": "random",
                "now": NOW,
                "request": {"path": "/render", "params": parameters},
                "expect": expect,
                "compare": "json" if expect["status"] == 200 else "error",
                "functions": names,
            }
            out.write(written(case) + "\n")


if __name__ == "__main__":
    main()
