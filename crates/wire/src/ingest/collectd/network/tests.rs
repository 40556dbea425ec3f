use super::writer::{TypedValue, Writer};
use super::*;
use crate::ingest::Names;
use crate::ingest::collectd::types::Types;
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::{digest, hmac, iv::FixedLength};
use base::secret::Secret;
use base::time::Millis;
use proptest::prelude::*;

mod captured;
mod hostile;
mod protected;

const NOW: Millis = Millis(1_700_000_000_123);
const SECONDS: u64 = 1_519_862_400;

/// A library of cryptography, and one user: `web` with the password `geheim`.
#[derive(Debug)]
pub(super) struct Known;

impl Cryptography for Known {
    fn password(&self, user: &str) -> Option<Secret<String>> {
        (user == "web").then(|| Secret::new("geheim".to_owned()))
    }

    fn sha1(&self, text: &[u8]) -> [u8; 20] {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text);
        hash.as_ref().try_into().unwrap()
    }

    fn sha256(&self, text: &[u8]) -> [u8; 32] {
        digest::digest(&digest::SHA256, text)
            .as_ref()
            .try_into()
            .unwrap()
    }

    fn hmac_sha256(&self, key: &[u8], text: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::sign(&key, text).as_ref().try_into().unwrap()
    }

    fn aes256_ofb(&self, key: &[u8; 32], vector: [u8; 16], text: &mut [u8]) -> bool {
        let key = UnboundCipherKey::new(&AES_256, key).and_then(DecryptingKey::ofb);
        let vector = DecryptionContext::Iv128(FixedLength::from(vector));
        key.and_then(|key| key.decrypt(text, vector).map(drop))
            .is_ok()
    }
}

fn read(packet: &Writer) -> Packet {
    read_with(packet, &Types::default(), Protections::None).unwrap()
}

fn read_with(packet: &Writer, types: &Types, least: Protections) -> Result<Packet, Refused> {
    let rules = Rules {
        types,
        names: Names::default(),
        least,
    };
    let read = decode(&packet.0, rules, &Known, NOW)?;
    assert_eq!(read.received, read.batch.len() + read.rejects.len());
    assert_eq!(read.positions.len(), read.batch.len());
    Ok(read)
}

fn samples(packet: &Packet) -> Vec<(String, i64, f64)> {
    let batch = packet.batch.iter();
    batch
        .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
        .collect()
}

fn rejects(packet: &Packet) -> Vec<String> {
    packet
        .rejects
        .iter()
        .map(|reject| format!("{}: {}", reject.index, reject.reason))
        .collect()
}

#[test]
fn a_packet_is_value_lists_that_share_what_does_not_change() {
    let packet = Writer::default()
        .identity(["web1.example.com", "cpu", "0", "cpu", "user"])
        .number(1, SECONDS)
        .number(7, 10)
        .values(&[TypedValue::Derive(-5)])
        .text(5, "idle")
        .values(&[TypedValue::Derive(1 << 40)])
        .text(2, "interface")
        .text(3, "eth0")
        .text(4, "if_octets")
        .text(5, "")
        .number(8, (SECONDS << 30) + (1 << 29))
        .number(9, 10 << 30)
        .values(&[TypedValue::Counter(7), TypedValue::Absolute(8)])
        .text(2, "load")
        .text(3, "")
        .text(4, "load")
        .values(&[
            TypedValue::Gauge(0.5),
            TypedValue::Gauge(0.25),
            TypedValue::Gauge(-1e-3),
        ]);
    let read = read(&packet);
    let (at, later) = (1_519_862_400_000, 1_519_862_400_500);
    let expected = [
        ("web1_example_com.cpu-0.cpu-user", at, -5.0),
        ("web1_example_com.cpu-0.cpu-idle", at, (1_u64 << 40) as f64),
        ("web1_example_com.interface-eth0.if_octets.rx", later, 7.0),
        ("web1_example_com.interface-eth0.if_octets.tx", later, 8.0),
        ("web1_example_com.load.load.shortterm", later, 0.5),
        ("web1_example_com.load.load.midterm", later, 0.25),
        ("web1_example_com.load.load.longterm", later, -1e-3),
    ];
    let expected: Vec<_> = expected
        .map(|(name, at, value)| (name.to_owned(), at, value))
        .into();
    assert_eq!(samples(&read), expected);
    assert_eq!(read.positions, [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(read.protection, Protection::None);
}

#[test]
fn what_is_no_sample_is_counted_or_says_why() {
    let packet = Writer::default()
        .values(&[TypedValue::Gauge(1.0)])
        .identity(["h", "p", "", "load", ""])
        .values(&[TypedValue::Gauge(1.0)])
        .text(4, "own")
        .values(&[TypedValue::Gauge(1.0), TypedValue::Gauge(2.0)])
        .values(&[TypedValue::Gauge(f64::NAN)])
        .number(1, u64::MAX)
        .values(&[TypedValue::Gauge(3.0)])
        .number(1, 0)
        .values(&[TypedValue::Gauge(4.0)])
        .text(5, "a*b")
        .values(&[TypedValue::Gauge(5.0)])
        .text(5, "a;b=c")
        .values(&[TypedValue::Gauge(6.0)])
        .text(0x100, "it burns")
        .number(0x101, 1)
        .part(0x7777, b"later");
    let read = read(&packet);
    assert_eq!(
        rejects(&read),
        [
            "0: the list of values has no host",
            "1: the type `load` has 3 values by `types.db`, but 1 were sent",
            "2: the type `own` has 2 values that are in no `types.db`",
            "3: the type `own` has 2 values that are in no `types.db`",
            "4: the value `NaN` is not a finite number",
            "5: the timestamp lies beyond the year 9999",
            "7: the name holds '*', which is not allowed in a name",
        ]
    );
    assert_eq!(
        samples(&read),
        [("h.p.own", 4.0), ("h.p.own-a_b=c", 6.0)].map(|(name, value)| (
            name.to_owned(),
            NOW.0,
            value
        ))
    );
    assert_eq!(
        (read.positions.as_slice(), read.stamped, read.renamed),
        ([6, 8].as_slice(), 2, 1)
    );
    assert_eq!((read.notifications, read.unknown), (1, 1));
    assert_eq!(read.rejects[2].name.as_deref(), Some("h.p.own"));
    assert_eq!(read.rejects[3].name, None);
}

#[test]
fn a_types_db_of_its_own_names_more() {
    let mut types = Types::default();
    types
        .read("own a:GAUGE:0:U, b:GAUGE:0:U\nload value:GAUGE:0:U")
        .unwrap();
    let packet = Writer::default()
        .identity(["h", "p", "i", "own", "t"])
        .number(1, SECONDS)
        .values(&[TypedValue::Gauge(1.0), TypedValue::Gauge(2.0)])
        .text(4, "load")
        .values(&[TypedValue::Gauge(3.0)]);
    let read = read_with(&packet, &types, Protections::None).unwrap();
    let names: Vec<_> = samples(&read).into_iter().map(|sample| sample.0).collect();
    assert_eq!(names, ["h.p-i.own-t.a", "h.p-i.own-t.b", "h.p-i.load-t"]);
}

#[test]
fn a_packet_that_breaks_off_keeps_what_came_before() {
    let whole = Writer::default()
        .identity(["h", "p", "", "t", ""])
        .number(1, SECONDS)
        .values(&[TypedValue::Gauge(1.0)]);
    let broken = |kind: u16, body: &[u8]| read(&whole.clone().part(kind, body));
    let values = "the length of a list of values is not that of its values";
    for (read, reason) in [
        (
            read(&Writer([whole.0.as_slice(), &[0, 6, 0]].concat())),
            "the packet breaks off within a part",
        ),
        (
            read(&Writer([whole.0.as_slice(), &[0, 6, 0, 3]].concat())),
            "the packet breaks off within a part",
        ),
        (
            read(&Writer([whole.0.as_slice(), &[0, 6, 0, 9, 0]].concat())),
            "the packet breaks off within a part",
        ),
        (broken(6, &[0]), values),
        (broken(6, &[0, 0]), values),
        (broken(6, &[0xff, 0xff, 1, 2, 3]), values),
        (broken(6, &[0, 1, 1, 0, 0, 0, 0, 0, 0, 0]), values),
        (broken(6, &[0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]), values),
        (broken(0, b"h"), "a text does not end with a zero"),
        (broken(0, b""), "a text does not end with a zero"),
        (broken(0, b"h\0h\0"), "a text holds a zero"),
        (broken(0, b"\xff\0"), "a text is not UTF-8"),
        (
            broken(0, &[b"h".repeat(128), vec![0]].concat()),
            "a text is longer than collectd allows",
        ),
        (broken(1, b"1"), "a number has not 8 bytes"),
        (
            broken(0x200, b"1"),
            "the packet is signed or encrypted after its beginning",
        ),
    ] {
        assert_eq!(rejects(&read), [format!("1: {reason}")]);
        assert_eq!(read.batch.len(), 1, "{reason}");
    }
    assert_eq!(
        rejects(&broken(6, &[0, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0])),
        ["1: the value is of the unknown kind 9"]
    );
    assert_eq!(read(&Writer::default()).received, 0);
}
