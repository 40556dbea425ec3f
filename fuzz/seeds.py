#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets: texts that are read, from which a fuzzer goes on.

    python3 fuzz/seeds.py

Targets come from the grammar of `cargo xtask graphite`. What else stands here was written for these targets. Texts and numbers
are packed as the crate `arbitrary` takes them apart: numbers first, least byte first; then the texts; the length of each but the
last at the very end, that of the first text last.
"""

import random
import struct
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "crates/query/tests/reference"))

from targets import CALLS, Targets  # noqa: E402
from world import USUAL  # noqa: E402

NAMES = ["web.h0.load", "web.h1.n", "db.h0.mem.used", "odd.a-b_c.p99%"]

TARGETS = [
    "a.b.c",
    "shop.*.{a,b{c,d}}[0-9]?",
    "a.b|scale(2)|movingAverage('1h')",
    'seriesByTag("name=requests","dc=~e|u")',
    "template(scale($1.h0.load,$2),'web',3)",
    "alias(a.b,'x, \\'y')",
    "summarize(a,'1d','sum',alignToFrom=true)",
]

TIMES = [
    ("-24h", "now"),
    ("20170701", "noon_yesterday"),
    ("00:00_20231029", "03:30_20231029"),
    ("6pm today", "midnight+1d"),
    ("monday", "-5min"),
    ("1700000000", "1700003600"),
    ("january 8", "12/31/99"),
    ("2023-10-29T02:30:00+01:00", "2023-10-29T02:30:00Z"),
    ("yesterday_5:32PM", "tomorrow-3weeks"),
]

EXPRESSIONS = [
    ("name=requests\nhost!=w1", "w1"),
    ("host=~^web[0-9]+$", "web12"),
    ("dc!=~e|u\nname=cpu.load", "eu"),
    ("a=\nb!=", ""),
    ("name=~(a|b)*c", "abac"),
]

RULES = [
    (
        "# usual\n[shop]\npattern = ^shop\\.\nretentions = 10s:6h,1m:30d,15m:1y\n[all]\npattern = .*\nretentions = 60:1440\n",
        "[orders]\npattern = \\.orders$\nxFilesFactor = 0\naggregationMethod = sum\n",
        "shop.eu.orders",
    ),
    ("[a]\nPATTERN: a\nRetentions: 1s:1d\npriority = 5\n", "", "a"),
    ("[t]\npattern = ;dc=eu(;|$)\nretentions = 7s:1w\n", "[m]\npattern = .\naggregationMethod = max\n", "cpu;dc=eu"),
]

OUTPUTS = [
    (1700000000, 59, 1, [1.5, float("nan"), -2e300], "web.h0.load\nweb.h1.n", "format=svg&width=300&height=200&areaMode=stacked"),
    (0, 0, 2, [], "a b,\"c\"", "format=png&graphType=pie&width=120&height=90"),
    (-5, 9, 0, [0.0] * 7 + [float("inf")], "a;b=c\na.b\na.b", "format=pdf&template=light&yMin=0&title=x"),
]


def packed(numbers, *texts):
    """Numbers and texts as `arbitrary` reads them."""
    texts = [text.encode() for text in texts]
    lengths = b""
    behind = len(texts[-1])
    for text in reversed(texts[:-1]):
        behind += len(text)
        # One byte tells the length where what is left has at most 256 bytes with it, else two.
        size = ">B" if behind + len(lengths) + 1 <= 256 else ">H"
        lengths += struct.pack(size, len(text))
    return numbers + b"".join(texts) + lengths


def packed_series(start, step, per_point, values, names, query):
    """A series as the target of outputs reads it: each value has a byte before it that says that there is one, and 0 ends them."""
    bits = b"".join(b"\1" + struct.pack("<d", value) for value in values) + b"\0"
    return packed(struct.pack("<iHB", start, step, per_point) + bits, names, query)


def main():
    rng = random.Random(1)
    targets = Targets(rng, NAMES, {}, USUAL.spans)
    # Every function is in one of them.
    calls = [CALLS[name](targets, 1) for name in CALLS]
    made = TARGETS + [f"group({','.join(calls[at : at + 5])})" for at in range(0, len(calls), 5)]
    zones = range(4)
    moments = [1698546600, 1700010000, 0, 2**32 - 1]
    seeds = {
        "target_parser": [text.encode() for text in made],
        "time_parser": [
            packed(struct.pack("<BI", rng.choice(zones), rng.choice(moments)), *pair) for pair in TIMES
        ],
        "tag_expressions": [packed(b"", *pair) for pair in EXPRESSIONS],
        "rules": [packed(b"", *three) for three in RULES],
        "outputs": [packed_series(*own) for own in OUTPUTS],
        "evaluation": [
            packed(struct.pack("<QIH", rng.getrandbits(64), 1700000000, rng.choice([60, 3600, 40000])), text) for text in made
        ],
    }
    for name, texts in seeds.items():
        folder = HERE / "seeds" / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for number, text in enumerate(texts):
            (folder / f"{number:03}").write_bytes(text)


if __name__ == "__main__":
    main()
