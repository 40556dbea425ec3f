//! Sending: from arguments, files and standard input, with an account of every sample.

use crate::fixture::SPACE;
use crate::store::busy;
use crate::terminal::Terminal;
use insta::assert_snapshot;
use serde_json::json;
use std::io::Write as _;
use std::process::Stdio;

fn write(terminal: &Terminal, name: &str, text: &str) {
    std::fs::write(terminal.path(name), text).unwrap();
}

#[test]
fn arguments_become_samples() {
    let mut terminal = Terminal::logged_in();
    terminal.run("vigie metrics send shop.orders=17@1519862400 shop.latency-ms=48.6@1519862400.25");
    terminal.run("vigie metrics send shop.orders=18@1519862460 --output json");
    terminal.run("vigie metrics send shop.orders=19@1519862520 --quiet");
    assert_snapshot!(terminal.transcript());
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(store.samples["shop.orders"][&1_519_862_400_000], json!(17));
    assert_eq!(
        store.samples["shop.latency-ms"][&1_519_862_400_250],
        json!(48.6)
    );
    drop(store);
    let asked = terminal.server.requests("POST", "/v1/metrics");
    assert_eq!(asked[0].header("x-auth-scope-id"), format!("s-{SPACE}"));
}

/// One command deletes what another showed and a third sent: a time is of one zone for all.
#[test]
fn a_time_behind_an_at_is_of_the_zone() {
    let mut terminal = Terminal::logged_in();
    terminal.set("TZ", "Europe/Paris");
    let sent = [
        ("a.tz=1@2018-03-01T01:00", ""),
        ("a.arg=1@2018-03-01T02:00", "--tz Europe/Kyiv"),
        ("a.own=1@2018-03-01T00:00Z", ""),
    ];
    for (sample, more) in sent {
        let ran = terminal.run(&format!("vigie metrics send {sample} {more}"));
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let store = terminal.server.store.lock().unwrap();
    for name in ["a.tz", "a.arg", "a.own"] {
        assert!(
            store.samples[name].contains_key(&1_519_862_400_000),
            "{name}"
        );
    }
    drop(store);
    let ran = terminal.run("vigie metrics send a=1@2018-03-01 --tz Mars/Olympus");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`Mars/Olympus` is no time zone"));
}

#[test]
fn files_of_every_format() {
    let mut terminal = Terminal::logged_in();
    write(
        &terminal,
        "nab.csv",
        "timestamp,value\n2014-02-14 14:30:00,0.132\n2014-02-14 14:35:00,0.134\n",
    );
    write(
        &terminal,
        "own.csv",
        "when,what,how\n1519862400,a.b,1\n1519862460,a.b,2\n",
    );
    write(
        &terminal,
        "some.json",
        r#"[{"name":"a.c","value":1,"timestamp":1519862400}]"#,
    );
    write(&terminal, "lines", "a.d 1 1519862400\na.d 2 1519862460\n");
    terminal.run("vigie metrics send --file nab.csv --name host.cpu");
    terminal.run(
        "vigie metrics send -f own.csv --time-column when --name-column what --value-column how",
    );
    terminal.run("vigie metrics send -f some.json");
    terminal.run("vigie metrics send -f lines");
    assert_snapshot!(terminal.transcript());
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(store.samples["host.cpu"][&1_392_388_200_000], json!(0.132));
    assert_eq!(store.len(), 7);
}

#[test]
fn standard_input_is_a_file_too() {
    for (at, line) in ["vigie metrics send --file -", "vigie metrics send -"]
        .into_iter()
        .enumerate()
    {
        let terminal = Terminal::logged_in();
        let mut child = terminal
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let sample = format!("a.b{at} 1 1519862400\n");
        let mut input = child.stdin.take().unwrap();
        input.write_all(sample.as_bytes()).unwrap();
        drop(input);
        assert!(child.wait().unwrap().success(), "{line}");
        assert_eq!(terminal.server.store.lock().unwrap().len(), 1, "{line}");
    }
}

#[test]
fn every_rejected_sample_has_its_line_and_reason() {
    let mut terminal = Terminal::logged_in();
    write(
        &terminal,
        "mixed",
        "a.ok 1 1519862400\na..b 1 1519862400\na.late 1 9519862400\n\na.nan x 1519862400\na.ok 2 1519862460\n",
    );
    terminal.run("vigie metrics send --file mixed");
    terminal.run("vigie metrics send --file mixed --reasons 1");
    terminal.run("vigie metrics send --file mixed --output json");
    terminal.run("vigie metrics send a.late=1@9519862400");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn a_dry_run_asks_nobody() {
    let mut terminal = Terminal::new();
    write(&terminal, "mixed", "a.ok 1 1519862400\na..b 1 1519862400\n");
    terminal.run("vigie metrics send --file mixed --dry-run");
    terminal.run("vigie metrics send a.b=1 --dry-run");
    assert_snapshot!(terminal.transcript());
    assert!(terminal.server.requests("POST", "/v1/metrics").is_empty());
}

/// A dry run counts as a request would.
#[test]
fn a_dry_run_counts_what_a_later_sample_replaces() {
    let mut terminal = Terminal::logged_in();
    write(
        &terminal,
        "same",
        "a.b 1 1519862400\na.b 2 1519862400\na.b 3 1519862400\n",
    );
    let ran = terminal.run("vigie metrics send --file same --dry-run --output json");
    let receipt: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    for (key, expected) in [("received", 3), ("stored", 1), ("overwritten", 2)] {
        assert_eq!(receipt[key], expected, "{receipt}");
    }
}

/// Reading `m` as minutes is told once, wherever a time is written.
#[test]
fn m_is_told_to_be_minutes_where_one_sends() {
    let mut terminal = Terminal::logged_in();
    write(&terminal, "lines", "a.b 1 10m\na.b 2 5m\n");
    write(
        &terminal,
        "rows.csv",
        "name,value,time\na.b,1,10m\na.b,2,5m\n",
    );
    let items = r#"[{"name":"a.b","value":1,"timestamp":"-10m"}]"#;
    write(&terminal, "items.json", items);
    for line in [
        "vigie metrics send a.b=1@10m a.b=2@5m",
        "vigie metrics send -f lines",
        "vigie metrics send -f rows.csv",
        "vigie metrics send -f items.json",
    ] {
        let ran = terminal.run(line);
        assert_eq!(ran.code, 0, "{line}: {ran:?}");
        let notes = ran.stderr.matches("`m` was read as minutes").count();
        assert_eq!(notes, 1, "{line}: {ran:?}");
    }
    let ran = terminal.run("vigie metrics send a.b=1@10min");
    assert!(!ran.stderr.contains("minutes"), "{ran:?}");
}

/// Samples without a time of their own are stored anew each time they are sent: nobody is told otherwise.
#[test]
fn what_was_stamped_here_is_not_said_to_be_safe_to_send_again() {
    let mut terminal = Terminal::logged_in();
    write(&terminal, "untimed", "a.b 1\na.b x\n");
    write(&terminal, "timed", "a.b 1 1519862400\na.b x 1519862400\n");
    for (file, expected) in [
        ("untimed", "would be stored a second time"),
        ("timed", "sending all of them again changes nothing"),
    ] {
        let ran = terminal.run(&format!("vigie metrics send -f {file}"));
        assert_eq!(ran.code, 7, "{ran:?}");
        assert!(ran.stderr.contains(expected), "{file}: {ran:?}");
    }
}

#[test]
fn an_input_without_a_sample_says_so() {
    let mut terminal = Terminal::logged_in();
    write(&terminal, "empty", "");
    write(&terminal, "comment", "# nothing\n");
    for file in ["empty", "comment"] {
        let ran = terminal.run(&format!("vigie metrics send -f {file}"));
        assert_eq!(ran.code, 0, "{ran:?}");
        assert!(ran.stderr.contains("there was nothing to send"), "{ran:?}");
    }
}

#[test]
fn a_long_input_goes_in_batches_and_outlives_its_token_and_a_busy_server() {
    let mut terminal = Terminal::logged_in();
    let lines: String = (0..12)
        .map(|at| format!("a.b {at} {}\n", 1_519_862_400 + at * 60))
        .collect();
    write(&terminal, "lines", &lines);
    {
        let mut store = terminal.server.store.lock().unwrap();
        store.serial_min = 2;
        store.instead.push_back(busy());
    }
    terminal.run("vigie metrics send --file lines --batch 5");
    assert_snapshot!(terminal.transcript());
    assert_eq!(terminal.server.store.lock().unwrap().len(), 12);
    // Refused as expired, refused as busy, then the three batches.
    assert_eq!(terminal.server.requests("POST", "/v1/metrics").len(), 5);
}

/// A script that sends several had no word of what became of those that can be read.
#[test]
fn of_arguments_with_one_that_is_no_sample_nothing_is_sent() {
    let mut terminal = Terminal::logged_in();
    let ran = terminal.run("vigie metrics send shop.ok=1 shop.bad=x --output json");
    assert_eq!((ran.code, &*ran.stdout), (2, ""), "{ran:?}");
    assert!(ran.stderr.contains("`shop.bad=x` is no sample"), "{ran:?}");
    assert!(ran.stderr.contains("; nothing is sent\""), "{ran:?}");
    assert!(terminal.server.requests("POST", "/v1/metrics").is_empty());
}

#[test]
fn what_cannot_be_sent_says_what_to_do() {
    let mut terminal = Terminal::logged_in();
    write(
        &terminal,
        "nab.csv",
        "timestamp,value\n2014-02-14 14:30:00,0.132\n",
    );
    write(&terminal, "broken.json", "[{\"name\":");
    terminal.run("vigie metrics send");
    terminal.run("vigie metrics send shop.orders");
    terminal.run("vigie metrics send shop..orders=1");
    terminal.run("vigie metrics send -f nowhere.csv");
    terminal.run("vigie metrics send -f nab.csv");
    terminal.run("vigie metrics send -f broken.json");
    terminal.run("vigie metrics send a.b=1 --scope here");
    terminal.server.store.lock().unwrap().instead.push_back((
        403,
        json!({"errors": [{"code": "BXNMSRI14E", "message": "you may not write here", "hint": "ask for the role Developer"}]}),
    ));
    terminal.run("vigie metrics send a.b=1");
    terminal.run("vigie logout");
    terminal.run("vigie metrics send a.b=1");
    assert_snapshot!(terminal.transcript());
}

#[test]
fn a_scope_can_be_chosen() {
    let mut terminal = Terminal::logged_in();
    for (scope, header) in [
        ("account", "a-0123456789abcdef0123456789abcdef"),
        ("org", "o-11111111-0000-4000-8000-000000000001"),
        (
            "s-77777777-0000-4000-8000-000000000007",
            "s-77777777-0000-4000-8000-000000000007",
        ),
    ] {
        terminal.run(&format!("vigie metrics send a.b=1 --scope {scope}"));
        let asked = terminal.server.requests("POST", "/v1/metrics");
        assert_eq!(asked.last().unwrap().header("x-auth-scope-id"), header);
    }
}

#[test]
fn a_million_lines_take_no_more_memory_than_a_few() {
    let terminal = Terminal::new();
    let mut child = terminal
        .command("vigie metrics send --file - --format graphite --dry-run --output json")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let mut bytes = 0;
    for round in 0..1000 {
        let at = 1_519_862_400 + round;
        let lines: String = (0..1000)
            .map(|host| format!("shop.eu-central-1.orders.host-{host}.latency-ms {host}.5 {at}\n"))
            .collect();
        pipe.write_all(lines.as_bytes()).unwrap();
        bytes += lines.len();
    }
    // The pipe holds the last of it; all before that was taken in.
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    drop(pipe);
    let peak: u64 = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())
        .unwrap()
        .parse()
        .unwrap();
    assert!(peak < 32 << 10, "{peak} KiB for {bytes} bytes");
    let output = child.wait_with_output().unwrap();
    let receipt: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(receipt["stored"], 1_000_000);
}

/// Nobody takes a wait for a hang: it is said what the server said, and when it is asked again.
#[test]
fn regression_7_a_wait_is_told_and_a_long_one_is_left_to_whoever_can_send_again() {
    let mut terminal = Terminal::logged_in();
    for _ in 0..3 {
        terminal
            .server
            .store
            .lock()
            .unwrap()
            .instead
            .push_back(busy());
    }
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let expected = "the server answers 503: the store is unavailable; trying again in 2 s";
    assert_eq!(ran.stderr.matches(expected).count(), 1, "{}", ran.stderr);
    // A server that asks for longer than is waited is not asked again.
    let before = terminal.server.requests("POST", "/v1/metrics").len();
    terminal
        .server
        .configure(|behavior| behavior.retry_after_s = Some(600));
    terminal
        .server
        .store
        .lock()
        .unwrap()
        .instead
        .push_back(busy());
    let ran = terminal.run("vigie metrics send a.b=1");
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the server asks to wait 600 s"),
        "{}",
        ran.stderr
    );
    let after = terminal.server.requests("POST", "/v1/metrics").len();
    assert_eq!(after, before + 1);
}

/// Samples are given up on the strength of a receipt, which must account for them.
#[test]
fn regression_7_a_receipt_that_does_not_add_up_is_no_receipt() {
    let mut terminal = Terminal::logged_in();
    for receipt in [
        json!({"received": 2, "stored": 2, "rejected": 0}),
        json!({"received": 1, "stored": 0, "rejected": 0}),
        json!({"received": 1, "stored": 0, "rejected": 1}),
        json!({"received": u64::MAX, "stored": u64::MAX, "rejected": u64::MAX}),
    ] {
        let text = receipt.to_string();
        terminal
            .server
            .store
            .lock()
            .unwrap()
            .instead
            .push_back((200, receipt));
        let ran = terminal.run("vigie metrics send a.b=1");
        assert_eq!(ran.code, 1, "{text}: {}", ran.stderr);
        assert!(
            ran.stderr
                .contains("does not account for the 1 sample sent"),
            "{text}: {}",
            ran.stderr
        );
    }
}

/// Two arguments of one name were sent at one millisecond, and the second replaced the first.
#[test]
fn regression_7_two_arguments_of_one_name_are_two_samples() {
    let mut terminal = Terminal::logged_in();
    let ran = terminal.run("vigie metrics send a=1 a=2 b=3 a=4 --output json");
    assert_eq!(ran.code, 0, "{ran:?}");
    let store = terminal.server.store.lock().unwrap();
    let values: Vec<_> = store.samples["a"].values().cloned().collect();
    assert_eq!(values, [json!(1), json!(2), json!(4)]);
    // One that is said to be of one instant stays of it.
    drop(store);
    terminal.run("vigie metrics send c=1@1519862400 c=2@1519862400");
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(store.samples["c"].len(), 1);
}

/// Its row, column and the reason are told, and all else is stored.
#[test]
fn regression_7_a_value_with_point_and_comma_is_refused_by_row_and_column() {
    let mut terminal = Terminal::logged_in();
    write(
        &terminal,
        "office.csv",
        "time;office.temp;office.hum\n1519862400;21,5;40\n1519862460;1.234,5;41\n",
    );
    let ran = terminal.run("vigie metrics send --file office.csv");
    assert_eq!(ran.code, 7, "{ran:?}");
    let output = format!("{}{}", ran.stdout, ran.stderr);
    let row = output
        .lines()
        .find(|line| line.contains("1.234,5"))
        .unwrap();
    assert!(
        row.starts_with("3 ") && row.contains("office.temp"),
        "{row}"
    );
    assert!(row.contains("in column 2 has a point and a comma"), "{row}");
    let store = terminal.server.store.lock().unwrap();
    assert_eq!(store.samples["office.hum"].len(), 2);
    assert_eq!(store.samples["office.temp"].len(), 1);
}

/// A German export: the sign that was said is that of decimals, and the other one parts thousands.
#[test]
fn regression_7_decimals_begin_as_was_said() {
    let mut terminal = Terminal::logged_in();
    let text = "time;office.power\n1519862400;21,5\n1519862460;1.234\n";
    write(&terminal, "office.csv", text);
    let ran = terminal.run("vigie metrics send --file office.csv");
    assert_eq!(ran.code, 7, "{ran:?}");
    let output = format!("{}{}", ran.stdout, ran.stderr);
    assert!(output.contains("`--decimals comma`"), "{output}");
    let ran = terminal.run("vigie metrics send --file office.csv --decimals comma");
    assert_eq!(ran.code, 0, "{ran:?}");
    let store = terminal.server.store.lock().unwrap();
    let values = store.samples["office.power"].values();
    let values: Vec<f64> = values.filter_map(serde_json::Value::as_f64).collect();
    assert_eq!(values, [21.5, 1234.0]);
}

#[test]
fn refused_characters_are_replaced_on_request_and_told() {
    let mut terminal = Terminal::logged_in();
    write(
        &terminal,
        "win.csv",
        "name,timestamp,value\nwin.Processor(_Total).% Time,1519862400,1\nwin.ok,1519862400,2\n",
    );
    write(
        &terminal,
        "ipmi.json",
        r#"[{"name":"ipmi.Fan [1]","value":1,"timestamp":1519862400}]"#,
    );
    write(&terminal, "lines", "a.O'Brien,x 1 1519862400\n");
    let ran = terminal.run("vigie metrics send --file win.csv");
    assert_eq!(ran.code, 7, "never by itself: {ran:?}");
    terminal.run("vigie metrics send --file win.csv --replace-refused");
    terminal.run("vigie metrics send --file ipmi.json --replace-refused=- --output json");
    terminal.run("vigie metrics send --file lines --replace-refused --dry-run");
    assert_snapshot!(terminal.transcript());
    let store = terminal.server.store.lock().unwrap();
    let names: Vec<&str> = store.samples.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        ["ipmi.Fan--1-", "win.Processor__Total_.%_Time", "win.ok"]
    );
    drop(store);
    for wrong in [".", ";", "__", "*", ""] {
        let line = format!("vigie metrics send a=1 --replace-refused={wrong}");
        let ran = terminal.run(&line);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
}

/// A receipt is the result of the command, whatever it says; the error beside it answers whether all went well.
#[test]
fn a_receipt_is_on_standard_output_also_where_samples_were_rejected() {
    let late = "a.late=1@9519862400";
    let mut terminal = Terminal::logged_in();
    for (samples, code, stored, word) in [
        (format!("a.ok=1 {late}"), 7, 1, "partial"),
        (late.to_owned(), 1, 0, "failed"),
    ] {
        let ran = terminal.run(&format!("vigie metrics send {samples} --output json"));
        assert_eq!(ran.code, code, "{ran:?}");
        let receipt: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert_eq!(receipt["stored"], stored, "{ran:?}");
        assert_eq!(receipt["rejected"], 1, "{ran:?}");
        let error = ran.stderr.lines().last().unwrap();
        let error: serde_json::Value = serde_json::from_str(error).unwrap();
        assert_eq!(error["error"]["code"], word, "{ran:?}");
    }
    // Where nothing was done there is no receipt.
    let ran = Terminal::new().run("vigie metrics send a.b=1 --output json");
    assert_eq!((ran.code, ran.stdout.as_str()), (3, ""), "{ran:?}");
}
