//! Gzip: answers of the server, files, and standard input.

use crate::fixture::gzip;
use crate::terminal::Terminal;
use serde_json::json;
use std::io::Write as _;
use std::process::Stdio;

#[test]
fn a_packed_answer_is_asked_for_and_read() {
    let mut terminal = Terminal::logged_in();
    let sent = "vigie metrics send a.b=1@1519862400 a.b=2@1519862460";
    assert_eq!(terminal.run(sent).code, 0);
    let plain = terminal.run("vigie metrics get a.b --format csv");
    terminal
        .server
        .configure(|behavior| behavior.packed = Some(0));
    let packed = terminal.run("vigie metrics get a.b --format csv");
    assert_eq!(packed.stdout, plain.stdout);
    assert!(packed.stdout.contains("a.b,1519862460,2"));
    let asked = terminal.server.requests("GET", "/v1/metrics");
    assert_eq!(asked[0].header("accept-encoding"), "gzip");
    // Half of it is not taken for the whole.
    terminal
        .server
        .configure(|behavior| behavior.packed = Some(3));
    let broken = terminal.run("vigie metrics get a.b --format csv");
    assert_eq!((broken.code, broken.stdout.as_str()), (1, ""));
    let expected = "is packed by gzip, which ends early or is damaged";
    assert!(broken.stderr.contains(expected), "{broken:?}");
}

#[test]
fn files_packed_by_gzip_are_sent() {
    let mut terminal = Terminal::logged_in();
    let csv = "name,timestamp,value\na.csv,1519862400,1\n";
    let lines = "a.line 1 1519862400\na.line 2 1519862460\n";
    let json = r#"[{"name":"a.json","value":1,"timestamp":1519862400}]"#;
    for (name, text) in [("x.csv.gz", csv), ("lines.gz", lines), ("packed", json)] {
        std::fs::write(terminal.path(name), gzip(text, 0)).unwrap();
        let ran = terminal.run(&format!("vigie metrics send --file {name}"));
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(store.samples["a.csv"][&1_519_862_400_000], json!(1));
    assert_eq!(store.samples["a.line"][&1_519_862_460_000], json!(2));
    assert_eq!(store.samples["a.json"][&1_519_862_400_000], json!(1));
}

#[test]
fn standard_input_is_unpacked_whatever_its_format_is_said_to_be() {
    for arguments in ["-", "--file - --format graphite"] {
        let terminal = Terminal::logged_in();
        let mut child = terminal
            .command(&format!("vigie metrics send {arguments}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let text = "a.b 1 1519862400\na.b 2 1519862460\n";
        pipe.write_all(&gzip(text, 0)).unwrap();
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(terminal.server.store.lock().unwrap().len(), 2);
    }
}

#[test]
fn half_a_packed_file_says_so() {
    let mut terminal = Terminal::logged_in();
    let half = gzip("a.b 1 1519862400\n", 4);
    std::fs::write(terminal.path("half.gz"), &half).unwrap();
    let ran = terminal.run("vigie metrics send --file half.gz");
    assert_eq!(ran.code, 1, "{ran:?}");
    let expected = format!(
        "cannot read `half.gz`: its gzip ends early, after {} bytes",
        half.len()
    );
    assert!(ran.stderr.contains(&expected), "{ran:?}");
    assert!(ran.stderr.contains("`gzip -t`"), "{ran:?}");
}
