//! How fast what other programs send is read: statsd's lines (and their sums), collectd's packets, and lumberjack's frames.
//!
//! `cargo bench -p benches --bench sender_protocols`

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::{digest, hmac, iv::FixedLength};
use base::limit::SERIES_PER_TENANT;
use base::secret::Secret;
use base::time::Millis;
use std::hint::black_box;
use std::time::{Duration, Instant};
use wire::ingest::Names;
use wire::ingest::collectd::network::{Cryptography, Protections, Rules, decode};
use wire::ingest::collectd::types::Types;
use wire::ingest::lumberjack::{Conversation, Event};
use wire::ingest::statsd::{Aggregator, AggregatorLimit, AggregatorLimits, Settings, packet};

const TIMES: usize = 5;
const LINES: usize = 100_000;
const SERIES: usize = 1000;
const NOW: Millis = Millis(1_795_392_000_000);

fn main() {
    println!("| what | ns each |\n|---|---|");
    statsd();
    collectd();
    lumberjack();
}

/// The least time of a few, by item.
fn measure(what: &str, items: usize, mut run: impl FnMut()) {
    let times = (0..TIMES).map(|_| {
        let begun = Instant::now();
        run();
        begun.elapsed()
    });
    let least = times.min().unwrap_or(Duration::ZERO);
    println!(
        "| {what} | {:.0} |",
        least.as_secs_f64() * 1e9 / items as f64
    );
}

/// Makes a line.
type Line = fn(usize) -> String;

fn statsd() {
    let kinds: [(&str, Line); 4] = [
        ("a counter", |at| {
            format!("web{}.requests.hits:1|c\n", at % SERIES)
        }),
        ("a gauge", |at| {
            format!("web{}.memory.used:{at}|g\n", at % SERIES)
        }),
        ("a timer", |at| {
            format!("web{}.requests.time:{}|ms|@0.1\n", at % SERIES, at % 317)
        }),
        ("a counter with tags", |at| {
            format!("requests.hits:1|c|#host:web{},zone:a\n", at % SERIES)
        }),
    ];
    for (what, line) in kinds {
        let text: String = (0..LINES).map(line).collect();
        measure(&format!("statsd: read {what}, a line"), LINES, || {
            let reading = packet(text.as_bytes(), true, |metric| {
                black_box(metric);
                Ok(())
            });
            assert_eq!(reading.rejected(), 0);
        });
        let bound = |allowed| AggregatorLimit {
            limit: SERIES_PER_TENANT,
            allowed,
        };
        let bounds = AggregatorLimits {
            series: bound(1 << 20),
            bytes: bound(1 << 30),
        };
        let aggregator = Aggregator::new(Settings::default(), bounds);
        let Ok(mut aggregator) = aggregator else {
            return;
        };
        measure(
            &format!("statsd: read and sum up {what}, a line"),
            LINES,
            || {
                let reading = packet(text.as_bytes(), true, |metric| aggregator.add(metric));
                assert_eq!(reading.rejected(), 0);
                black_box(aggregator.flush(NOW));
            },
        );
    }
}

struct Web;

impl Cryptography for Web {
    fn password(&self, _: &str) -> Option<Secret<String>> {
        Some(Secret::new("geheim".to_owned()))
    }

    fn sha1(&self, text: &[u8]) -> [u8; 20] {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text);
        hash.as_ref().try_into().unwrap_or_default()
    }

    fn sha256(&self, text: &[u8]) -> [u8; 32] {
        let hash = digest::digest(&digest::SHA256, text);
        hash.as_ref().try_into().unwrap_or_default()
    }

    fn hmac_sha256(&self, key: &[u8], text: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, text)
            .as_ref()
            .try_into()
            .unwrap_or_default()
    }

    fn aes256_ofb(&self, key: &[u8; 32], vector: [u8; 16], text: &mut [u8]) -> bool {
        let key = UnboundCipherKey::new(&AES_256, key).and_then(DecryptingKey::ofb);
        let vector = DecryptionContext::Iv128(FixedLength::from(vector));
        key.and_then(|key| key.decrypt(text, vector).map(drop))
            .is_ok()
    }
}

/// As many lists of one value as fill a datagram of the size that collectd uses.
const LISTS: usize = 30;

fn part(kind: u16, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len() + 4).unwrap_or(u16::MAX);
    [kind.to_be_bytes().as_slice(), &length.to_be_bytes(), body].concat()
}

fn collectd() {
    let text = |kind, text: &str| part(kind, &[text.as_bytes(), &[0]].concat());
    let mut plain = text(0, "web1.example.com");
    plain.extend(part(1, &1_795_392_000_u64.to_be_bytes()));
    plain.extend(text(2, "cpu"));
    plain.extend(text(4, "cpu"));
    for at in 0..LISTS {
        plain.extend(text(5, &format!("state{at}")));
        let value = (at as u64).to_be_bytes();
        plain.extend(part(6, &[[0, 1, 2].as_slice(), &value].concat()));
    }
    let user = "web".as_bytes();
    let signature = Web.hmac_sha256(b"geheim", &[user, &plain].concat());
    let signed = [
        part(0x200, &[signature.as_slice(), user].concat()),
        plain.clone(),
    ]
    .concat();
    let mut hidden = [Web.sha1(&plain).as_slice(), &plain].concat();
    let vector = [7; 16];
    Web.aes256_ofb(&Web.sha256(b"geheim"), vector, &mut hidden);
    let encrypted = part(0x210, &[[0, 3].as_slice(), user, &vector, &hidden].concat());
    let types = Types::default();
    for (what, packet, least) in [
        ("plain", plain, Protections::None),
        ("signed", signed, Protections::Signed),
        ("encrypted", encrypted, Protections::Encrypted),
    ] {
        let rules = Rules {
            types: &types,
            names: Names::default(),
            least,
        };
        let packets = LINES / LISTS;
        let what = format!("collectd: read a value, {what}");
        measure(&what, packets * LISTS, || {
            for _ in 0..packets {
                let read = decode(&packet, rules, &Web, NOW);
                assert!(read.is_ok_and(|read| read.batch.len() == LISTS));
            }
        });
    }
}

fn lumberjack() {
    let mut bytes = b"2T\x04guid\x05token1W".to_vec();
    bytes.extend(1000_u32.to_be_bytes());
    for number in 1..=LINES {
        let line = format!("guid.web{}.load 0.5 1795392000\r\n", number % SERIES);
        bytes.extend(b"1M");
        bytes.extend(u32::try_from(number).unwrap_or(0).to_be_bytes());
        bytes.extend(u32::try_from(line.len()).unwrap_or(0).to_be_bytes());
        bytes.extend(line.as_bytes());
    }
    measure("lumberjack: read a frame", LINES, || {
        let (mut conversation, mut rest) = (Conversation::new(), bytes.as_slice());
        while let Ok(step) = conversation.read(rest) {
            let is_login = matches!(step.event, Some(Event::Login { .. }));
            if step.event.is_none() {
                break;
            }
            black_box(&step.event);
            rest = rest.get(step.consumed..).unwrap_or_default();
            if is_login {
                conversation.answer_login(true);
            }
        }
        assert_eq!(conversation.last() as usize, LINES);
    });
}
