//! Pickles, as Python writes them.

use super::Listeners;
use crate::harness::{now, until};
use std::io::Write;

/// The bytes of `struct.pack("!L", len(own)) + own` with `own = pickle.dumps(samples, protocol=2)`.
pub(crate) fn frame(samples: &[(&str, i64, f64)]) -> Vec<u8> {
    let mut pickle = b"\x80\x02](".to_vec();
    for (path, at, value) in samples {
        pickle.push(b'X');
        pickle.extend_from_slice(&u32::try_from(path.len()).unwrap().to_le_bytes());
        pickle.extend_from_slice(path.as_bytes());
        pickle.push(b'J');
        pickle.extend_from_slice(&i32::try_from(*at).unwrap().to_le_bytes());
        pickle.push(b'G');
        pickle.extend_from_slice(&value.to_be_bytes());
        pickle.extend_from_slice(b"\x86\x86");
    }
    pickle.extend_from_slice(b"e.");
    framed(&pickle)
}

pub(crate) fn framed(pickle: &[u8]) -> Vec<u8> {
    let length = u32::try_from(pickle.len()).unwrap().to_be_bytes();
    [&length[..], pickle].concat()
}

/// In any pieces, one frame after the other; one that is none costs the others nothing.
#[test]
fn frames_are_stored_however_they_come() {
    let (listeners, _) = Listeners::with_source("127.0.0.1", &[]);
    let mut stream = listeners.pickle();
    let many: Vec<(String, i64, f64)> = (0..5000)
        .map(|at| (format!("many.p{at}"), now() - 60, 1.0))
        .collect();
    let many: Vec<(&str, i64, f64)> = many
        .iter()
        .map(|(path, at, value)| (path.as_str(), *at, *value))
        .collect();
    let all = [
        frame(&[("one.a", now() - 20, 1.0), ("one.b;dc=x", now() - 20, 2.0)]),
        framed(b"cos\nsystem\n(S'touch /tmp/x'\ntR."),
        frame(&many),
        frame(&[("last.a", now() - 20, 1.0)]),
    ]
    .concat();
    for piece in all.chunks(7919) {
        stream.write_all(piece).unwrap();
    }
    listeners.wait_for("last.a", 1);
    listeners.wait_for("one.a", 1);
    listeners.wait_for("one.b;dc=x", 1);
    let metrics = listeners.server.operations("/metrics").text();
    assert!(metrics.contains("reason=\"malformed\"} 1"), "{metrics}");
    let count = metrics.lines().find_map(|line| {
        line.strip_prefix("vigie_samples_stored_total{")?
            .split(' ')
            .nth(1)
    });
    assert_eq!(count, Some("5003"), "{metrics}");
    // The middle of one is counted.
    stream.write_all(&framed(b"\x80\x02]")[..5]).unwrap();
    drop(stream);
    until("it is counted", || {
        listeners.not_stored("pickle.listen", "cut_off") == 1
    });
}
