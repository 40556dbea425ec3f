"""What graphite-web does by accident, each with its reason: no case of these is asked."""

import re

# Functions that evaluate their argument once more. The calls behind a pipe are used up by then, so that they see another
# argument than the first time.
AGAIN = "moving exponentialMovingAverage holtWinters timeShift timeStack linearRegression hitcount smartSummarize".split()

# Functions that fail with 500 over values (none, or too great or infinite ones) for which their definition has a result.
FAILING = "exp( sigmoid( delay( drawAsInfinite( nonNegativeDerivative( perSecond( removeBetweenPercentile( averageOutsidePercentile(".split()

# Python's whole numbers have no end. The squares of seconds since 1970 are too great for a number of a computer, and their
# differences lost in it.
ENDLESS = re.compile(r"stdev.*(time|timeFunction|identity)\(")

# Its two lines share one set of tags, and so what the tag of the second says.
SHARED = re.compile(r"offsetToZero.*holtWintersConfidence(Bands|Area)\(")

# Where it knows no mean to begin with it begins at a whole 0, which is another text than the 0.0 of the values behind it. The
# least of them is the first.
BEGINNING = re.compile(r"offsetToZero.*exponentialMovingAverage\(")

# `none` for a span is a span of no time there, where it has a usual one.
NO_SPAN = re.compile(r"holtWinters.*none")

# A line has three points, which need two seconds: over less it is made all the same, with no distance between them, and fails
# where that is looked at.
LINE = re.compile(r"(constantLine|threshold|aggregateLine)\(")

# Whose values nobody can know.
RANDOM = re.compile("randomWalk")

# Functions that no target has at its head: what nobody can know, and what others have within.
NOT_ASKED = {"randomWalk", "randomWalkFunction", "map", "mapSeries", "seriesByTag"}


def is_one(targets, zone, is_reduced, answer, is_odd):
    """Whether an answer to a target is an accident. 500 for an odd argument tells nothing: the reference crashed on it."""
    status = answer["status"]
    target = " ".join(targets)
    # The line is drawn at what clocks on the wall show, taken for UTC: beside the window.
    if "verticalLine(" in target and zone != "UTC":
        return True
    # Its intervals begin at what clocks on the wall show at the beginning of the window, taken for UTC.
    if "integralByInterval(" in target and zone != "UTC":
        return True
    # An odd end is the time of the clock there, whatever `now` is.
    if "timeSlice(" in target and is_odd:
        return True
    # It stays in force in the targets behind it.
    if len(targets) > 1 and "xfilesfactor(" in target.lower():
        return True
    # Fewer values than `maxDataPoints` has it leave out of a series that begins elsewhere.
    if status == 500 and is_reduced:
        return True
    # `true` given for a name is no text there, but stays what it is.
    if any(not isinstance(own["target"], str) for own in answer["body"] or []) and is_odd:
        return True
    if "|" in target and any(name in target for name in AGAIN):
        return True
    if any(own.search(target) for own in (RANDOM, ENDLESS, SHARED, BEGINNING)):
        return True
    if NO_SPAN.search(target) and is_odd:
        return True
    # A line that nobody named has no name there, which most functions of names fail on.
    if status == 500 and "verticalLine(" in target:
        return True
    return status == 500 and (is_odd or any(name in target for name in FAILING))
