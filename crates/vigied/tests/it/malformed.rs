//! Ten thousand malformed requests from a seeded generator: never a 5xx, never a panic, always a reason. Of Graphite's routes also
//! what is huge, nested or made to be slow, in time.

mod expensive;

use crate::harness::Server;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

const REQUESTS: usize = 10_000;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}

/// Good inputs to spoil.
const BODIES: [&str; 6] = [
    r#"[{"name":"a.b","value":1.5,"timestamp":1519862400}]"#,
    r#"[{"name":"a.b;host=x","value":-2e3},{"name":"c","value":0}]"#,
    r#"{"name":"a.b","value":7}"#,
    r#"[[[[{"name":"a"}]]]]"#,
    r#"[{"name":"\u00e9.\ud83d\ude00","value":1e308,"timestamp":1519862400.25}]"#,
    "[]",
];
const QUERIES: [&str; 12] = [
    "target=a.*&from=-1h&until=now",
    "target=sumSeries(a.*)&from=02:00_20170701",
    "target=a.{b,c}.[0-9]?&maxDataPoints=10",
    "query=a.*&from=monday&tz=Europe/Berlin",
    "query=*&format=nodes",
    "query=a.[!b]&dry_run=true",
    "target=%61.b&until=20171101&from=-1d12h",
    "query=a{b,{c,d}}.*&until=teatime+1d",
    "target=alias(movingAverage(a.*,'5min'),\"x\")&format=json&noNullPoints=1",
    "target=template(sumSeries($x.*),x='a')&template[x]=b&format=csv&xFilesFactor=0.5",
    "target=seriesByTag('name=a','host=~b.*')|scale(1e3)&format=raw",
    "query=a.**&format=completer&expr=host=~b&tag=name&jsonp=f",
];
/// Fragments that break them.
const SHARDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "true",
    "1e999",
    "-",
    "%",
    "%zz",
    "%ff",
    "&&",
    "=",
    "*",
    "..",
    "\u{0}",
    "\n",
    "é",
    "9999999999999999999",
    "{{{{",
    "target=",
];

fn spoil(random: &mut Random, good: &str) -> Vec<u8> {
    let mut bytes = good.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(5) {
            0 if at < bytes.len() => {
                bytes.remove(at);
            }
            1 if at < bytes.len() => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            2 => bytes.truncate(at),
            3 => {
                let tail = bytes[at..].to_vec();
                bytes.extend(tail);
            }
            _ => {
                let shard = random.pick(&SHARDS);
                bytes.splice(at..at, shard.bytes());
            }
        }
    }
    bytes
}

/// A connection that writes bytes no HTTP library would.
struct Raw {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Raw {
    fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(std::time::Duration::from_secs(300)))
            .unwrap();
        Self {
            stream: BufReader::new(stream),
            address: address.to_owned(),
        }
    }

    /// Sends a request; the status and body of the answer.
    fn ask(&mut self, head: &[u8], body: &[u8]) -> (u16, Vec<u8>) {
        let mut bytes = head.to_vec();
        bytes.extend(format!("\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len()).bytes());
        bytes.extend(body);
        self.stream.get_mut().write_all(&bytes).unwrap();
        let mut status = 0;
        let (mut length, mut close, mut is_in_pieces) = (0_usize, false, false);
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line).unwrap();
            assert!(
                read > 0,
                "the server hung up on {:?}",
                String::from_utf8_lossy(&bytes)
            );
            let line = line.trim_end().to_ascii_lowercase();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("http/1.1 ") {
                status = rest[..3].parse().unwrap();
            } else if let Some(value) = line.strip_prefix("content-length: ") {
                length = value.parse().unwrap();
            } else if line == "connection: close" {
                close = true;
            } else if line == "transfer-encoding: chunked" {
                is_in_pieces = true;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).unwrap();
        while is_in_pieces {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            let length = usize::from_str_radix(line.trim_end(), 16).unwrap();
            let before = answer.len();
            answer.resize(before + length + 2, 0);
            self.stream.read_exact(&mut answer[before..]).unwrap();
            answer.truncate(before + length);
            is_in_pieces = length > 0;
        }
        if close {
            *self = Self::open(&self.address);
        }
        (status, answer)
    }
}

/// Bytes that a request line can carry: what HTTP itself forbids never reaches a handler.
fn printable(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .copied()
        .filter(|byte| (0x21..0x7f).contains(byte) && !b"#\"<>".contains(byte))
        .collect()
}

#[test]
fn ten_thousand_malformed_requests_each_get_a_reason() {
    let server = Server::start();
    let token = server.token();
    let credential = format!(
        "X-Auth-User-Token: iam {token}\r\nX-Auth-Scope-Id: s-{}",
        server.owner.space
    );
    let mut raw = Raw::open(&server.serving.address);
    let mut random = Random(0x00c0_ffee_0000_0001);
    let (mut refused, mut taken) = (0, 0);
    for at in 0..REQUESTS {
        let (head, body): (Vec<u8>, Vec<u8>) = match at % 5 {
            0 | 1 => {
                let good = random.pick(&BODIES);
                (
                    format!("POST /v1/metrics HTTP/1.1\r\n{credential}").into_bytes(),
                    spoil(&mut random, good),
                )
            }
            2 | 3 => {
                let good = random.pick(&QUERIES);
                let query = printable(&spoil(&mut random, good));
                let start = random.pick(&[
                    "GET /v1/metrics?",
                    "GET /v1/metrics/list?",
                    "DELETE /v1/metrics/list?dry_run=true&",
                    "GET /render?format=json&maxDataPoints=100&",
                    "GET /metrics/find?",
                    "GET /tags/findSeries?",
                    "GET /tags/autoComplete/values?",
                ]);
                let mut head = start.as_bytes().to_vec();
                head.extend(query);
                head.extend(format!(" HTTP/1.1\r\n{credential}").bytes());
                (head, Vec::new())
            }
            _ => {
                let form = "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=vgk_x&response_type=cloud_iam";
                let path = random.pick(&[
                    "/identity/token",
                    "/oauth/token",
                    "/identity/introspect",
                    "/identity/passcode",
                ]);
                let head = format!(
                    "POST {path} HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded"
                );
                (head.into_bytes(), spoil(&mut random, form))
            }
        };
        let (status, answer) = raw.ask(&head, &body);
        let what = || {
            format!(
                "{}\n{}",
                String::from_utf8_lossy(&head),
                String::from_utf8_lossy(&body)
            )
        };
        assert!(
            (200..500).contains(&status),
            "{status} for\n{}\n{}",
            what(),
            String::from_utf8_lossy(&answer)
        );
        if status < 400 {
            taken += 1;
            continue;
        }
        refused += 1;
        assert_has_reason(status, &answer, &what());
    }
    assert!(
        refused > REQUESTS / 2,
        "only {refused} were refused and {taken} taken: the generator spoils too little"
    );
    assert!(
        !server.serving.log().contains("panicked"),
        "{}",
        server.serving.log()
    );
}

/// A refusal says why.
fn assert_has_reason(status: u16, answer: &[u8], what: &str) {
    let value: Value = serde_json::from_slice(answer).unwrap_or_else(|_| {
        let answer = String::from_utf8_lossy(answer);
        panic!("no reason with {status} for\n{what}\n{answer}")
    });
    let reason = [
        &value["errors"][0]["message"],
        &value["errorMessage"],
        &value["error_description"],
    ]
    .into_iter()
    .find_map(Value::as_str)
    .unwrap_or_default();
    assert!(reason.len() > 5, "no reason in {value} for\n{what}");
}
