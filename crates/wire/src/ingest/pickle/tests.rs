use super::*;
use base::time::Millis;
use proptest::prelude::*;

const NOW: Millis = Millis(1_700_000_000_123);

/// As `pickle.dumps([("a.b", (1519862400, 1.5)), ("a.c;x=y", (-1, 7))], protocol=2)` of Python.
const PROTOCOL_2: &[u8] = b"\x80\x02]q\x00(X\x03\x00\x00\x00a.bq\x01J\x80\x42\x97\x5aG?\xf8\x00\x00\x00\x00\x00\x00\x86q\x02\x86q\x03X\x07\x00\x00\x00a.c;x=yq\x04J\xff\xff\xff\xffK\x07\x86q\x05\x86q\x06e.";

fn samples(frame: &[u8]) -> Vec<(String, i64, f64)> {
    let lines = decode(frame, NOW).unwrap();
    assert_eq!(
        lines.received,
        (lines.batch.len() + lines.rejects.len()) as u64
    );
    let samples = lines.batch.iter();
    samples
        .map(|sample| (sample.name().into_owned(), sample.at.0, sample.value))
        .collect()
}

fn reasons(frame: &[u8]) -> Vec<(u64, &'static str)> {
    let lines = decode(frame, NOW).unwrap();
    let rejects = lines.rejects.iter();
    rejects
        .map(|reject| (reject.line, reject.reason.code()))
        .collect()
}

/// A pickle as Python 2's: `MARK … LIST`, short strings, remembered from 1.
fn text(value: &str) -> Vec<u8> {
    let mut bytes = vec![b'U', u8::try_from(value.len()).unwrap()];
    bytes.extend_from_slice(value.as_bytes());
    bytes
}

fn float(value: f64) -> Vec<u8> {
    let mut bytes = vec![b'G'];
    bytes.extend_from_slice(&value.to_be_bytes());
    bytes
}

fn item(path: &str, at: f64, value: f64) -> Vec<u8> {
    [text(path), float(at), float(value), b"\x86\x86".to_vec()].concat()
}

fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"\x80\x02](".as_slice(), &items.concat(), b"e."].concat()
}

#[test]
fn what_python_writes_is_read() {
    let expected = [
        ("a.b".to_owned(), 1_519_862_400_000, 1.5),
        ("a.c;x=y".to_owned(), NOW.0, 7.0),
    ];
    assert_eq!(samples(PROTOCOL_2), expected);
    // Protocol 4: a frame's length, short texts, remembered without a number.
    let four = b"\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00]\x94\x8c\x03a.b\x94J\x80\x42\x97\x5aG?\xf8\x00\x00\x00\x00\x00\x00\x86\x94\x86\x94a.";
    assert_eq!(samples(four), expected[..1]);
    assert_eq!(length([0, 0, 1, 2]), 258);
}

#[test]
fn numbers_come_in_every_form() {
    let of = |number: &[u8]| [&text("a")[..], number, number, b"\x86\x86"].concat();
    for (number, value) in [
        (&b"K\x07"[..], 7.0),
        (b"M\x00\x01", 256.0),
        (b"J\x00\x00\x01\x00", 65_536.0),
        (b"\x8a\x02\x00\x01", 256.0),
        (b"\x8b\x01\x00\x00\x00\x05", 5.0),
        (b"U\x0212", 12.0),
        (b"\x8a\x00", 0.0),
    ] {
        let expected = [("a".to_owned(), (value * 1000.0) as i64, value)];
        assert_eq!(samples(&list(&[of(number)])), expected, "{number:?}");
    }
    let negative = [&text("a")[..], b"K\x01\x8a\x01\xff\x86\x86"].concat();
    assert_eq!(samples(&list(&[negative])), [("a".to_owned(), 1000, -1.0)]);
}

#[test]
fn an_item_that_is_no_sample_costs_its_neighbours_nothing() {
    let frame = list(&[
        item("a", 1.0, 1.0),
        item("a..b", 1.0, 1.0),
        item("a", 1.0, f64::NAN),
        item("a", -5.0, 1.0),
        b"K\x01".to_vec(),
        [b"K\x01K\x01\x86".as_slice(), b"K\x01\x86"].concat(),
        [&text("a")[..], b"K\x01N\x86\x86"].concat(),
        [&text("a")[..], b"NK\x01\x86\x86"].concat(),
        [&text("\u{0}"), &b"K\x01K\x01\x86\x86"[..]].concat(),
        b"U\x01\xffK\x01K\x01\x86\x86".to_vec(),
        item("b", 2.0, 2.0),
    ]);
    assert_eq!(
        samples(&frame),
        [("a".to_owned(), 1000, 1.0), ("b".to_owned(), 2000, 2.0)]
    );
    let expected = [
        (2, "name"),
        (3, "value"),
        (4, "timestamp"),
        (5, "malformed"),
        (6, "malformed"),
        (7, "value"),
        (8, "timestamp"),
        (9, "name"),
        (10, "malformed"),
    ];
    assert_eq!(reasons(&frame), expected);
}

#[test]
fn nothing_runs_code_and_what_breaks_off_is_refused() {
    let error = |frame: &[u8]| decode(frame, NOW).unwrap_err();
    let system = b"cos\nsystem\n(S'true'\ntR.";
    assert_eq!(
        error(system),
        FrameError::Code {
            opcode: b'c',
            offset: 0
        }
    );
    let built = b"\x80\x02]\x8c\x02os\x8c\x06system\x93";
    assert!(matches!(
        error(built),
        FrameError::Code { opcode: 0x93, .. }
    ));
    let zero = b"(lp0\n.";
    assert!(
        error(zero).to_string().contains("protocol=2"),
        "{}",
        error(zero)
    );
    for end in 0..PROTOCOL_2.len() {
        assert!(decode(&PROTOCOL_2[..end], NOW).is_err(), "{end}");
    }
    assert_eq!(error(b"\x80\x02K\x01."), FrameError::NoList);
    for wrong in [
        &b"a."[..],
        b"]h\x05",
        b"]e",
        b"\x86",
        b"(]t\x86.",
        b"X\xff\xff\xff\xff",
        b"]r\xff\xff\xff\xff",
    ] {
        assert!(decode(wrong, NOW).is_err(), "{wrong:?}");
    }
}

/// A list in itself, ten thousand lists in each other, one pair a hundred thousand times, nothing as often, and one long name.
#[test]
fn bombs_cost_what_they_weigh() {
    let itself = b"]q\x00h\x00a.";
    assert_eq!(reasons(itself), [(1, "malformed")]);
    let deep = [vec![b']'; 10_000], vec![b'a'; 9_999], b".".to_vec()].concat();
    assert_eq!(reasons(&deep), [(1, "malformed")]);
    let name = "n".repeat(200);
    let begin = [b"](".to_vec(), item(&name, 1.0, 1.0), b"q\x00".to_vec()].concat();
    let many = [begin, b"h\x00".repeat(100_000), b"e.".to_vec()].concat();
    assert_eq!(decode(&many, NOW).unwrap_err(), FrameError::Dense);
    let nothing = [b"](".to_vec(), vec![b'N'; 1 << 20], b"e.".to_vec()].concat();
    assert_eq!(decode(&nothing, NOW).unwrap_err(), FrameError::Dense);
    let remembered = [b"]".to_vec(), vec![0x94; 1 << 20], b".".to_vec()].concat();
    assert_eq!(decode(&remembered, NOW).unwrap_err(), FrameError::Dense);
    // As short as a sample can be written.
    let begin = [b"](".to_vec(), text(&name), b"q\x000".to_vec()].concat();
    let short = b"h\x00J\xff\xff\xff\xffK\x01\x86\x86".repeat(100_000);
    let many = [begin, short, b"e.".to_vec()].concat();
    let lines = decode(&many, NOW).unwrap();
    assert_eq!(lines.received, 100_000);
    let names = lines.batch.len() * name.len();
    let rejected: usize = lines
        .rejects
        .iter()
        .filter_map(|reject| reject.name.as_ref())
        .map(String::len)
        .sum();
    assert!(
        names + rejected <= many.len() * NAMES_PER_FRAME,
        "{names} {rejected}"
    );
    assert!(!lines.rejects.is_empty());
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>) {
        let _ = decode(&bytes, NOW);
    }

    /// Instructions in any order, which random bytes seldom are.
    #[test]
    fn no_program_panics(steps in prop::collection::vec(prop::sample::select(vec![
        &b"("[..], b"]", b"a", b"e", b"t", b"l", b"\x86", b")", b"0", b"1", b"q\x00", b"h\x00", b"\x94", b"K\x01", b"U\x01a", b"N", b".",
    ]), 0..60)) {
        if let Ok(lines) = decode(&steps.concat(), NOW) {
            prop_assert_eq!(lines.received, (lines.batch.len() + lines.rejects.len()) as u64);
        }
    }

    #[test]
    fn what_is_written_is_read(points in prop::collection::vec(("[a-z]{1,8}(\\.[a-z]{1,8}){0,3}", 0_u32..2_000_000_000, -1e9_f64..1e9), 0..20)) {
        let items: Vec<_> = points.iter().map(|(path, at, value)| item(path, f64::from(*at), *value)).collect();
        let expected: Vec<_> = points.iter().map(|(path, at, value)| (path.clone(), i64::from(*at) * 1000, *value)).collect();
        prop_assert_eq!(samples(&list(&items)), expected);
    }
}
