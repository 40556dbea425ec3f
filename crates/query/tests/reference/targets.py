"""Random targets: a grammar of all functions, with what may stand in their arguments."""

from world import NOW

class Targets:
    """Random targets over the names of a world."""

    def __init__(self, rng, names, parameters, spans):
        self.rng = rng
        # Texts of time for arguments.
        self.spans = spans
        # Names of the parameters of each function, as graphite-web tells them.
        self.parameters = parameters
        # How often an argument is one that hardly fits, and whether the target has such a one.
        self.odd = 0
        self.is_odd = False
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
        return self.rng.choice(["0", "1", "2", "-1", "0.5", "100", "-3.5", "1e3", "7", "3.14159", "10", "-0.001", "1000000", "2.5e-7"])

    def count(self):
        return self.rng.choice(["1", "2", "3", "5", "10"])

    def span(self):
        return self.rng.choice(self.spans)

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
        rng = targets.rng
        made = []
        for argument in arguments:
            if isinstance(argument, optional):
                if rng.random() < 0.4:
                    break
                argument = argument.argument
            if argument not in (S, P) and rng.random() < targets.odd:
                made.append(rng.choice(ODD))
                targets.is_odd = True
            else:
                made.append(argument(targets, depth) if callable(argument) else argument)
        parameters = targets.parameters.get(name, [])
        if 1 < len(made) <= len(parameters) and rng.random() < 0.15:
            for place in range(rng.randrange(1, len(made)), len(made)):
                made[place] = parameters[place] + "=" + made[place]
            # graphite-web takes what has arguments by name alone, as it would be behind a pipe, for no call.
            return f"{name}({','.join(made)})"
        # What is no series cannot be piped: graphite-web would take the function for a path and leave the rest unread.
        if made and rng.random() < 0.1 and arguments[0] in (S, P):
            return f"{made[0]}|{name}({','.join(made[1:])})"
        return f"{name}({','.join(made)})"

    return make


# What hardly any function takes.
ODD = ["'x'", "''", "-1", "0", "1.5", "true", "none", "1e5", "'1h'", "'-2min'", "inf", "'sum'"]


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
        "removeBetweenPercentile": call("removeBetweenPercentile", P, PERCENT),
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
        "timeFunction": call("timeFunction", one_of("'clock'"), one_of("60", "300")),
        "sinFunction": call("sinFunction", one_of("'wave'"), one_of("1", "5"), one_of("60", "300")),
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
        "time": call("time", one_of("'clock'"), optional(one_of("60", "90"))),
        "sin": call("sin", one_of("'wave'"), optional(one_of("2")), optional(one_of("45"))),
        "multiplySeriesLists": call("multiplySeriesLists", one_of("web.h0.*"), one_of("web.h1.*")),
        "pct": call("pct", S, optional(one_of("100", "none"))),
        "holtWintersConfidenceArea": call("holtWintersConfidenceArea", P, one_of("3"), one_of("'10min'"), one_of("'5min'")),
        "reduce": call("reduce", one_of("map(web.*.{load,n},1)"), one_of("'sumSeries'", "'diffSeries'"), one_of("2"), one_of("'load'"), one_of("'n'")),
        "setXFilesFactor": call("setXFilesFactor", S, SHARE),
        "aliasQuery": call("aliasQuery", P, one_of("'^.*$'"), one_of("'web.h0.load'", "'countSeries(web.*.*)'", "'sumSeries(db.*.*)'"), one_of("'%d now'", "'%.2f'", "'%s'", "'%g x'")),
        "events": call("events", one_of("'*'", "'deploy'", "'deploy','eu'", "'none'")),
        "powSeries": call("powSeries", one_of("web.h0.load"), one_of("web.h1.load", "db.h0.n")),
        "applyByNode": call("applyByNode", P, one_of("0", "1"), one_of("'sumSeries(%.*.*)'", "'%.load'"), optional(one_of("'% sum'"))),
        "reduceSeries": call("reduceSeries", one_of("mapSeries(web.*.{load,n},1)"), one_of("'asPercent'", "'divideSeries'"), one_of("2"), one_of("'load'"), one_of("'n'")),
        "aliasByTags": call("aliasByTags", one_of('seriesByTag("name=requests")'), one_of("'dc'", "'name'"), optional(one_of("'host'", "0"))),
        "template": call("template", one_of("scale($1.h0.load,$2)", "$1.h0.*"), one_of("'web'", "'db'"), one_of("3")),
    }
)
