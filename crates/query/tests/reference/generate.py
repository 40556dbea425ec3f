#!/usr/bin/env python3
"""Asks graphite-web what random targets over random series are, and writes down its answers.

    generate.py --seed 7 --cases 1000 --out FOLDER

It needs graphite-web 1.1.10 with Django 3.0, pyparsing 3.0.9 and Python 3.11 or older; `cargo xtask graphite` has them.
FOLDER then holds what `cargo run -p query --example corpus -- FOLDER` compares: `datasets/data.json` and
`cases/random.jsonl`. The same seed makes the same series and targets.
"""

import argparse
import json
import os
import random
import sys
import tempfile
from pathlib import Path

import accidents
import pytz
import reference
from targets import CALLS, Targets
from datetime import datetime

from world import NOW, events, moment, scale, world

ZONES = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Lord_Howe", "Europe/Dublin", "Nowhere/None"]


def written(value):
    """JSON in which infinity is 1e9999, as graphite-web prints it."""
    return json.dumps(value).replace("Infinity", "1e9999").replace("NaN", "null")


def instant(rng, at, zone):
    """An instant, as it may be written where clocks show the time of the zone."""
    roll = rng.random()
    before = NOW - at
    if roll < 0.7 or before < 1:
        return str(at)
    if roll < 0.8:
        return f"-{before}s"
    if roll < 0.9 and before >= 60:
        unit, seconds = rng.choice([("min", 60), ("minutes", 60), ("h", 3600), ("d", 86400), ("hours", 3600)])
        return f"-{max(1, before // seconds)}{unit}"
    shown = pytz.timezone(zone) if zone in pytz.all_timezones_set else pytz.utc
    return datetime.fromtimestamp(at, shown).strftime(rng.choice(["%H:%M_%Y%m%d", "%H:%M%Y%m%d", "%H:%M_%m/%d/%y"]))


def request(rng, targets, spans):
    """The parameters of a request, and its target: several in some."""
    wanted = [targets.series(3)]
    while rng.random() < 0.08 and len(wanted) < 4:
        wanted.append(targets.series(2))
    from_ = NOW - rng.choice(spans)
    until = NOW - rng.choice([0, 0, 60, 77, 300])
    if abs(until - from_) < 2 and any(accidents.LINE.search(target) for target in wanted):
        from_ -= 60
    zone = rng.choice(ZONES) if rng.random() < 0.15 else None
    parameters = [("target", target) for target in wanted]
    parameters += [("from", instant(rng, from_, zone)), ("until", instant(rng, until, zone))]
    parameters += [("now", str(NOW)), ("format", "json"), ("noCache", "1")]
    if rng.random() < 0.2:
        parameters.append(("maxDataPoints", rng.choice(["1", "2", "7", "30", "100", "9999"])))
    if rng.random() < 0.1:
        parameters.append(("xFilesFactor", rng.choice(["0.5", "1", "0.1"])))
    if rng.random() < 0.05:
        parameters.append(("noNullPoints", "1"))
    if zone:
        parameters.append(("tz", zone))
    return parameters, wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--short", action="store_true", help="short windows, for cases that are kept")
    parser.add_argument("--targets", type=Path, help="also ask these, one in a line, about the hour before the end")
    arguments = parser.parse_args()
    # Texts are hashed in another order each time otherwise, and some answers show it.
    if os.environ.get("PYTHONHASHSEED") != "0":
        os.environ["PYTHONHASHSEED"] = "0"
        # What is kept in the repository is all of one moment.
        if not arguments.short:
            os.environ["REFERENCE_NOW"] = str(moment(arguments.seed))
        os.execv(sys.executable, [sys.executable, *sys.argv])
    rng = random.Random(arguments.seed)
    own_scale = scale(arguments.seed, arguments.short)
    series = world(rng, own_scale)
    happened = events(rng)
    for folder in ["datasets", "cases"]:
        (arguments.out / folder).mkdir(parents=True, exist_ok=True)
    data = {"dataset": "data", "series": series, "events": happened}
    (arguments.out / "datasets/data.json").write_text(json.dumps(data, separators=(",", ":")) + "\n")
    with tempfile.TemporaryDirectory() as folder:
        client = reference.client(series, happened, Path(folder))
        parameters_of = reference.parameters()
        unknown = set(parameters_of) - set(CALLS) - accidents.NOT_ASKED
        if unknown:
            sys.exit(f"no target has {sorted(unknown)}")
        targets = Targets(rng, [own["name"] for own in series], parameters_of, own_scale.spans)

        def ask(kind, number, parameters, wanted):
            expect = reference.ask(client, parameters)
            given = dict(parameters)
            zone, is_reduced = given.get("tz", "UTC"), "maxDataPoints" in given
            if expect is None or accidents.is_one(wanted, zone, is_reduced, expect, targets.is_odd):
                return False
            case = {
                "id": f"{arguments.seed}-{number}",
                "kind": kind,
                "now": NOW,
                "request": {"path": "/render", "params": parameters},
                "expect": expect,
                # It takes many a wrong argument that it then does not look at; whoever refuses it is not wrong.
                "compare": "error" if expect["status"] != 200 else "lenient" if targets.is_odd else "json",
                "functions": sorted({name for name in CALLS if name + "(" in " ".join(wanted)}),
            }
            out.write(written(case) + "\n")
            return True

        with open(arguments.out / "cases/random.jsonl", "w") as out:
            number = 0
            while number < arguments.cases:
                targets.odd = rng.choice([0, 0, 0.1])
                targets.is_odd = False
                number += ask("random", number, *request(rng, targets, own_scale.windows))
        if arguments.targets:
            targets.is_odd = False
            lines = [line for line in arguments.targets.read_text().splitlines() if line and not line.startswith("#")]
            with open(arguments.out / "cases/kept.jsonl", "w") as out:
                for number, target in enumerate(lines):
                    times = [("from", str(NOW - 1200)), ("until", str(NOW)), ("now", str(NOW)), ("format", "json")]
                    if not ask("kept", f"k{number}", [("target", target), *times], [target]):
                        sys.exit(f"{target} is an accident")


if __name__ == "__main__":
    main()
