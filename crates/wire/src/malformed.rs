//! Ten thousand malformed inputs from a seeded generator: never a panic, always a reason, and nothing uncounted.
//!
//! Good inputs are broken by a few random edits, so that most of what is tried is almost right, which is where parsers
//! fail.

use crate::{credential, iam, ingest, query, scope_id, target};
use base::time::Millis;
use base::time_expr;
use jiff::tz::TimeZone;
use std::fmt::Display;

const NOW: Millis = Millis(1_700_000_000_000);
const ROUNDS: u64 = 10_000;

const BODIES: [&str; 4] = [
    "[{\"name\":\"shop.eu.latency\",\"value\":48.6,\"timestamp\":1519862400},{\"name\":\"b\",\"value\":-1e-3}]",
    "{\"name\":\"a;host=x\",\"value\":0,\"timestamp\":null,\"more\":{\"deep\":[[[]]]}}",
    "[{\"name\":\"\\u00e9\\ud83d\\ude00\",\"value\":1e308},7,null,\"text\"]",
    "\u{feff}[ ]",
];
const LINES: [&str; 3] = [
    "shop.eu.latency 48.6 1519862400\nb 2 -1\nc.d 3 N\n",
    "# comment\r\na;host=x\t1\t1519862400.25\r\n",
    "a.b 1e308 1519862400123",
];
const TABLES: [&str; 2] = [
    "name,value,timestamp\na,1,1519862400\n\"b, c\",2,2018-03-01T00:00:00Z\n",
    "timestamp,name,value\r\n2018-03-01 00:00:00,\"a\",\"1\"\"\"\r\n",
];
const QUERIES: [&str; 3] = [
    "target=shop.*.%7Ba%2Cb%7D&from=-1d12h&until=now&maxDataPoints=100",
    "target[]=sumSeries(a.*)&from=02:00_20170701&tz=Europe/Berlin",
    "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=vgk_x&response_type=cloud_iam",
];
const TIMES: [&str; 5] = [
    "-1d12h",
    "noon yesterday",
    "22:50_20231114+1h",
    "11/14/2023",
    "monday-2w",
];
const TARGETS: [&str; 3] = [
    "shop.*.{a,b}[0-9]?",
    "alias(sumSeries(a.*), 'x')",
    "a.b;host=x",
];
const HEADERS: [&str; 4] = [
    "iam Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    "apikey \"vgk_x\\n\"",
    "s-01234567-89ab-cdef-0123-456789abcdef",
    "Basic Yng6Yng=",
];

/// A small generator whose every run is the same: xorshift64*.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % sides.max(1)
    }

    fn pick<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.roll(texts.len())]
    }

    /// Deletes, doubles, swaps, inserts and cuts bytes.
    fn broken(&mut self, text: &str) -> Vec<u8> {
        const SPICE: &[u8] =
            b"\"\\{}[](),.;:=%&+- \t\r\n\0\xff\xc3\xed\xa00123456789eEnNaAuz*?/_#'";
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=self.roll(4) {
            let at = self.roll(bytes.len() + 1);
            match self.roll(6) {
                0 => bytes.truncate(at),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 if at < bytes.len() => bytes[at] = SPICE[self.roll(SPICE.len())],
                3 => {
                    let copy = bytes[at..].to_vec();
                    bytes.extend(copy);
                }
                4 => {
                    let spice = SPICE[self.roll(SPICE.len())];
                    let times = 1 + self.roll(64);
                    bytes.splice(at..at, std::iter::repeat_n(spice, times));
                }
                _ => bytes.insert(at, SPICE[self.roll(SPICE.len())]),
            }
        }
        bytes
    }
}

fn reason<T, E: Display>(result: Result<T, E>) -> Option<T> {
    result
        .map_err(|error| assert!(!error.to_string().is_empty()))
        .ok()
}

#[test]
fn ten_thousand_bodies_lines_and_query_strings() {
    let mut dice = Dice(0x7669_6769_6521);
    let mut refused = [0_u32; 4];
    for _ in 0..ROUNDS {
        let body = dice.pick(&BODIES);
        match reason(ingest::json::decode(&dice.broken(body), NOW)) {
            Some(decoded) => {
                assert_eq!(
                    decoded.received,
                    decoded.batch.len() + decoded.rejects.len()
                );
                assert_eq!(decoded.positions.len(), decoded.batch.len());
                assert!(
                    decoded
                        .rejects
                        .iter()
                        .all(|reject| !reject.reason.to_string().is_empty())
                );
                refused[0] += u32::from(!decoded.rejects.is_empty());
            }
            None => refused[0] += 1,
        }

        let mut lines = ingest::plaintext::Decoder::default();
        let text = dice.pick(&LINES);
        lines.feed(&dice.broken(text), NOW);
        lines.finish(NOW);
        refused[1] += u32::from(accounted(&lines.take()));

        let mut rows = ingest::csv::Decoder::new(ingest::csv::Columns::default());
        let text = dice.pick(&TABLES);
        let fed = rows
            .feed(&dice.broken(text), NOW)
            .and_then(|()| rows.finish(NOW));
        let header_refused = reason(fed).is_none();
        refused[2] += u32::from(accounted(&rows.take()) || header_refused);

        let text = dice.pick(&QUERIES);
        let raw = dice.broken(text);
        refused[3] += u32::from(reason(query::Query::parse_bytes(&raw)).is_none());
        reason(iam::form::Form::parse(&raw));
    }
    // Most of what is tried is wrong somewhere, and some of everything gets through.
    for (what, count) in ["bodies", "lines", "tables", "queries"].iter().zip(refused) {
        assert!((100..9_900).contains(&count), "{what}: {count}");
    }
}

fn accounted(lines: &ingest::Lines) -> bool {
    assert_eq!(
        lines.received,
        (lines.batch.len() + lines.rejects.len()) as u64
    );
    assert_eq!(lines.lines.len(), lines.batch.len());
    assert!(
        lines
            .rejects
            .iter()
            .all(|reject| !reject.reason.to_string().is_empty())
    );
    !lines.rejects.is_empty()
}

#[test]
fn ten_thousand_times_targets_and_headers() {
    let mut dice = Dice(0x0bad_5eed);
    for _ in 0..ROUNDS {
        let text = dice.pick(&TIMES);
        let time = String::from_utf8_lossy(&dice.broken(text)).into_owned();
        reason(time_expr::parse(&time, NOW, &TimeZone::UTC));
        reason(time_expr::range(Some(&time), None, NOW, &TimeZone::UTC));

        let text = dice.pick(&TARGETS);
        reason(target::Target::parse(&String::from_utf8_lossy(
            &dice.broken(text),
        )));

        let text = dice.pick(&HEADERS);
        let header = dice.broken(text);
        reason(credential::user_token(&header));
        reason(credential::authorization(&header));
        reason(credential::basic(&header));
        reason(crate::password::read(&header));
        reason(scope_id::parse(&header));
        reason(iam::key_file::read(&header));
    }
}
