//! Sending from a pipe that a slow writer fills: what the writer wrote has its own time, waits for nothing, and is not lost when
//! somebody ends it.

use crate::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Child, ChildStdin, Output, Stdio};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(300);

struct Piped {
    terminal: Terminal,
    child: Child,
    pipe: ChildStdin,
}

impl Piped {
    fn start(line: &str) -> Self {
        let terminal = Terminal::logged_in();
        let mut child = terminal
            .command(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let pipe = child.stdin.take().unwrap();
        Self {
            terminal,
            child,
            pipe,
        }
    }

    fn write(&mut self, text: &str) {
        self.pipe.write_all(text.as_bytes()).unwrap();
    }

    /// The stored samples of a series, once there are so many.
    fn stored(&self, name: &str, count: usize) -> Vec<(i64, Value)> {
        let begun = Instant::now();
        loop {
            let store = self.terminal.server.store.lock().unwrap();
            let samples = store.samples.get(name).cloned().unwrap_or_default();
            drop(store);
            if samples.len() >= count {
                return samples.into_iter().collect();
            }
            assert!(
                begun.elapsed() < LIMIT,
                "{} of {count} samples",
                samples.len()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the other side has read all that was written.
    fn read(&self) {
        let begun = Instant::now();
        while rustix::io::ioctl_fionread(&self.pipe).unwrap() > 0 {
            assert!(begun.elapsed() < LIMIT, "nobody reads");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    fn ended(self) -> (Output, Terminal) {
        drop(self.pipe);
        (self.child.wait_with_output().unwrap(), self.terminal)
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Each line has the time at which it was read, and is sent though no other follows.
#[test]
fn regression_7_a_line_has_its_own_time_and_waits_for_no_other() {
    let mut piped = Piped::start("vigie metrics send - --output json");
    let mut before = 0;
    for count in 1..=3 {
        piped.write(&format!("x.a {count}\n"));
        let stored = piped.stored("x.a", count);
        let (at, value) = stored.last().unwrap();
        assert_eq!(*value, json!(count));
        assert!(*at > before, "{stored:?}");
        before = *at;
    }
    let (output, _) = piped.ended();
    let receipt: Value = serde_json::from_slice(&output.stdout).unwrap();
    for (key, expected) in [("received", 3), ("stored", 3), ("overwritten", 0)] {
        assert_eq!(receipt[key], expected, "{receipt}");
    }
}

/// Lines of one name that were written at once stay as many as they are, in CSV as well.
#[test]
fn regression_7_lines_that_were_read_at_once_stay_as_many() {
    for (line, input) in [
        (
            "vigie metrics send - --format graphite",
            "x.a 1\nx.a 2\nx.a 3\n",
        ),
        (
            "vigie metrics send - --format csv",
            "name,value\nx.a,1\nx.a,2\nx.a,3\n",
        ),
    ] {
        let mut piped = Piped::start(line);
        piped.write(input);
        let stored = piped.stored("x.a", 3);
        let values: Vec<&Value> = stored.iter().map(|(_, value)| value).collect();
        assert_eq!(values, [&json!(1), &json!(2), &json!(3)], "{line}");
        let (output, _) = piped.ended();
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}

/// Lines that were read are sent when somebody ends the sending, and half a line is told of.
#[test]
fn regression_7_a_signal_loses_nothing_that_was_read() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut piped = Piped::start("vigie metrics send -");
        piped.write("x.a 1\n");
        piped.stored("x.a", 1);
        piped.write("x.b 2\nx.b 3\nx.c 12");
        piped.read();
        piped.signal(signal);
        let status = piped.child.wait().unwrap();
        assert_eq!(status.code(), Some(7));
        let (output, terminal) = piped.ended();
        let (printed, errors) = (text(&output.stdout), text(&output.stderr));
        assert!(errors.contains("stopped by SIG"), "{errors}");
        for expected in [
            "Received:   4",
            "Stored:     3",
            "the last line had not ended when SIG",
        ] {
            assert!(printed.contains(expected), "no `{expected}` in {printed}");
        }
        assert!(
            !terminal
                .server
                .store
                .lock()
                .unwrap()
                .samples
                .contains_key("x.c")
        );
    }
}

/// A machine whose clock is hours off stamps by the server's, and says so; where no time is left to it, it is not asked.
#[test]
fn regression_7_times_are_set_by_the_servers_clock() {
    for (ahead, expected) in [
        (7200, "behind the server's"),
        (-7200, "ahead of the server's"),
        (0, ""),
    ] {
        let mut terminal = Terminal::logged_in();
        terminal
            .server
            .configure(|behavior| behavior.ahead_s = Some(ahead));
        std::fs::write(terminal.path("lines"), "x.a 1\n").unwrap();
        std::fs::write(terminal.path("items.json"), r#"[{"name":"x.b","value":1}]"#).unwrap();
        for (line, name, before) in [
            ("vigie metrics send -f lines", "x.a", 0),
            ("vigie metrics send -f items.json", "x.b", 0),
            ("vigie metrics send x.c=1", "x.c", 0),
            ("vigie metrics send x.d=1@-1h", "x.d", 3600),
        ] {
            let ran = terminal.run(line);
            assert_eq!(
                ran.stderr.contains("clock is"),
                ahead != 0,
                "{}",
                ran.stderr
            );
            assert!(ran.stderr.contains(expected), "{}", ran.stderr);
            let store = terminal.server.store.lock().unwrap();
            let (at, _) = store.samples[name].last_key_value().unwrap();
            let here = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
            let off = at / 1000 - (here + ahead - before);
            assert!(off.abs() < 120, "{line}: {off} s off");
        }
        let asked = terminal.server.requests("GET", "/health/live").len();
        terminal.run("vigie metrics send x.e=1@1519862400");
        terminal.run("vigie metrics send x.e=1@2018-03-01");
        assert_eq!(terminal.server.requests("GET", "/health/live").len(), asked);
    }
}

/// The server's clock is asked for, and told of, only where a time depends on it.
#[test]
fn a_clock_that_no_time_depends_on_is_not_asked_for() {
    let mut terminal = Terminal::logged_in();
    terminal
        .server
        .configure(|behavior| behavior.ahead_s = Some(7200));
    let asked = |terminal: &Terminal| terminal.server.requests("GET", "/health/live").len();
    let at = "2018-03-01T00:00:00Z";
    for (file, timed, untimed) in [
        ("lines", format!("x.a 1 {at}\n"), "x.a 1\n"),
        (
            "rows.csv",
            format!("name,value,time\nx.a,1,{at}\n"),
            "name,value,time\nx.a,1,\n",
        ),
        (
            "items.json",
            format!(r#"[{{"name":"x.a","value":1,"timestamp":"{at}"}}]"#),
            r#"[{"name":"x.a","value":1,"timestamp":"-5min"}]"#,
        ),
    ] {
        let before = asked(&terminal);
        std::fs::write(terminal.path(file), timed).unwrap();
        let ran = terminal.run(&format!("vigie metrics send -f {file}"));
        assert_eq!(
            (ran.code, ran.stderr.contains("clock is")),
            (0, false),
            "{ran:?}"
        );
        assert_eq!(asked(&terminal), before, "{file}");
        std::fs::write(terminal.path(file), untimed).unwrap();
        let ran = terminal.run(&format!("vigie metrics send -f {file}"));
        assert_eq!(
            (ran.code, ran.stderr.contains("clock is")),
            (0, true),
            "{ran:?}"
        );
        assert_eq!(asked(&terminal), before + 1, "{file}");
    }
}

/// Waiting for a busy server does not make deaf: a signal ends the waiting, and what was not sent is told.
#[test]
fn a_signal_ends_the_waiting_for_a_busy_server() {
    let mut piped = Piped::start("vigie metrics send -");
    piped.write("x.a 1\n");
    piped.stored("x.a", 1);
    let wait = json!({"errors": [{"code": "BXNMSQU01E", "message": "busy"}]});
    let store = &piped.terminal.server.store;
    store
        .lock()
        .unwrap()
        .instead
        .extend(std::iter::repeat_n((503, wait), 20));
    piped.write("x.b 2\nx.b 3\n");
    let begun = Instant::now();
    while piped.terminal.server.requests("POST", "/v1/metrics").len() < 2 {
        assert!(begun.elapsed() < LIMIT, "nothing was sent");
        std::thread::sleep(Duration::from_millis(5));
    }
    piped.signal(Signal::INT);
    let asked = piped.terminal.server.requests("POST", "/v1/metrics").len();
    let status = piped.child.wait().unwrap();
    let (output, terminal) = piped.ended();
    let errors = text(&output.stderr);
    assert_eq!(status.code(), Some(7), "{errors}");
    for expected in [
        "stopped by SIGINT",
        "2 samples of what was read",
        "1 sample was stored before that; send only the rest again",
    ] {
        assert!(errors.contains(expected), "no `{expected}` in {errors}");
    }
    // No more than was asked when the signal came, or was on its way.
    assert!(terminal.server.requests("POST", "/v1/metrics").len() <= asked + 1);
}

/// A `Date` is anybody's word: samples are not stamped years off for it.
#[test]
fn regression_7_a_clock_that_is_a_day_off_is_not_followed() {
    for ahead in [30 * 3600, -30 * 3600, 20 * 365 * 86_400] {
        let mut terminal = Terminal::logged_in();
        terminal
            .server
            .configure(|behavior| behavior.ahead_s = Some(ahead));
        let ran = terminal.run("vigie metrics send x.a=1");
        assert_eq!(ran.code, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("clock says"), "{}", ran.stderr);
        assert!(
            ran.stderr.contains("give each sample a time"),
            "{}",
            ran.stderr
        );
        assert!(terminal.server.requests("POST", "/v1/metrics").is_empty());
        let ran = terminal.run("vigie metrics send x.a=1@2018-03-01");
        assert_eq!(ran.code, 0, "{}", ran.stderr);
    }
}

#[test]
fn regression_7_a_line_with_something_left_out_is_refused() {
    let mut terminal = Terminal::logged_in();
    let lines = "x.e  1700000000\n1700000000\t0.5\nx.f 1 -1.0\nx.g;host=a; 1 1519862400\n";
    std::fs::write(terminal.path("lines"), lines).unwrap();
    let ran = terminal.run("vigie metrics send -f lines");
    assert_eq!(ran.code, 7, "{}", ran.stdout);
    for expected in ["looks like a time", "is a number", "Stored:     2"] {
        assert!(
            ran.stdout.contains(expected),
            "no `{expected}` in {}",
            ran.stdout
        );
    }
    let ran = terminal.run("vigie metrics send 1700000000=0.5");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("the name `1700000000` is a number"),
        "{}",
        ran.stderr
    );
}
