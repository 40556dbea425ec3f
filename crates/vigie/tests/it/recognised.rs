//! The format of an input is recognised by its first line, whether a file, a pipe or a slow writer gives it.

use crate::terminal::Terminal;
use std::io::Write as _;
use std::process::Stdio;

/// Writes the pieces one by one, each when the one before was read, and returns what was said.
pub(crate) fn piped(terminal: &Terminal, line: &str, pieces: &[&[u8]]) -> String {
    let mut child = terminal
        .command(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    for piece in pieces {
        pipe.write_all(piece).unwrap();
        while rustix::io::ioctl_fionread(&pipe).unwrap() > 0 {
            assert!(child.try_wait().unwrap().is_none(), "it has ended early");
            std::thread::yield_now();
        }
    }
    drop(pipe);
    let output = child.wait_with_output().unwrap();
    let bytes = [output.stdout, output.stderr].concat();
    String::from_utf8(bytes).unwrap()
}

/// The first piece that was looked at was one byte long, so that every CSV without the ending `.csv` was taken for lines.
#[test]
fn regression_7_a_table_is_known_by_its_first_line() {
    let cases: [(&str, &str, f64); 6] = [
        ("name,value,timestamp\na.b,21.5,1519862400\n", "a.b", 21.5),
        ("time;a.c\n2018-03-01 00:00:00;21,5\n", "a.c", 21.5),
        (
            "\u{feff}sep=;\r\nTime;a.d\r\n2018-03-01 00:00:00;21,5\r\n",
            "a.d",
            21.5,
        ),
        ("name\tvalue\ttimestamp\na.e\t4\t1519862400\n", "a.e", 4.0),
        (
            "\n[{\"name\":\"a.f\",\"value\":5,\"timestamp\":1519862400}]",
            "a.f",
            5.0,
        ),
        ("\na.g 6 1519862400\n", "a.g", 6.0),
    ];
    let mut terminal = Terminal::logged_in();
    for (at, (text, name, value)) in cases.into_iter().enumerate() {
        let whole = piped(&terminal, "vigie metrics send -", &[text.as_bytes()]);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        let in_bytes = piped(&terminal, "vigie metrics send -", &bytes);
        let file = format!("input{at}");
        std::fs::write(terminal.path(&file), text).unwrap();
        terminal.run(&format!("vigie metrics send --file {file}"));
        for printed in [whole, in_bytes] {
            assert!(printed.contains("Rejected:   0"), "{text:?}: {printed}");
        }
        let store = terminal.server.store.lock().unwrap();
        assert_eq!(
            store.samples[name][&1_519_862_400_000].as_f64().unwrap(),
            value,
            "{text:?}"
        );
        assert_eq!(store.len(), at + 1, "{text:?}");
    }
}

#[test]
fn regression_7_what_is_not_read_is_told_apart_in_a_pipe() {
    let terminal = Terminal::logged_in();
    let cases: [(&[u8], &str); 1] = [(b"\xfd7zXZ\0\0\x01\x02", "packed by xz")];
    for (text, expected) in cases {
        let printed = piped(&terminal, "vigie metrics send -", &[text]);
        assert!(printed.contains(expected), "{printed}");
    }
    assert_eq!(terminal.server.store.lock().unwrap().len(), 0);
}

/// Each field is a sample of its own; what is text is rejected and counted.
#[test]
fn lines_of_influxdb_are_known_by_their_form_and_sent() {
    let terminal = Terminal::logged_in();
    let text = b"cpu,host=a usage=1.5,idle=3i,state=\"up\" 1519862400000000000\nload value=2 1519862400000000000\n";
    let printed = piped(&terminal, "vigie metrics send -", &[text]);
    assert!(printed.contains("Rejected:   1"), "{printed}");
    assert!(printed.contains("text"), "{printed}");
    let forced = piped(
        &terminal,
        "vigie metrics send - --format influx",
        &[b"load value=3 1519862401000000000\n"],
    );
    assert!(forced.contains("Rejected:   0"), "{forced}");
    let store = terminal.server.store.lock().unwrap();
    let value = |name: &str, at: i64| store.samples[name][&at].as_f64();
    let at = 1_519_862_400_000;
    assert_eq!(value("cpu.usage;host=a", at), Some(1.5));
    assert_eq!(value("cpu.idle;host=a", at), Some(3.0));
    assert_eq!(value("load.value", at), Some(2.0));
    assert_eq!(value("load.value", at + 1000), Some(3.0));
    assert_eq!(store.len(), 4);
}

/// Graphite's `raw` format, which `metrics get` has too, is recognised by its first line.
#[test]
fn regression_7_graphites_raw_lines_are_known_by_their_form_and_sent() {
    let terminal = Terminal::logged_in();
    let text = b"a.b,1519862400,1519862580,60|1.5,None,3\na.c,1519862400,1519862460,60|x\n";
    let printed = piped(&terminal, "vigie metrics send -", &[text]);
    assert!(printed.contains("Stored:     2"), "{printed}");
    assert!(printed.contains("Rejected:   1"), "{printed}");
    let store = terminal.server.store.lock().unwrap();
    let at = 1_519_862_400_000;
    assert_eq!(store.samples["a.b"][&at].as_f64(), Some(1.5));
    assert_eq!(store.samples["a.b"][&(at + 120_000)].as_f64(), Some(3.0));
    assert_eq!(store.len(), 2);
}
