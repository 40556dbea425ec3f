//! An agent whose disk takes nothing, and one that is told to end: nothing is lost that anybody takes, and what is lost is counted.

use crate::agent::{host, journals, signal};
use crate::fixture::SPACE;
use crate::metrics_watch::ended;
use crate::store::busy;
use crate::terminal::Terminal;
use crate::unwritable::{limited, run_limited};
use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A limit for every wait, generous for slow machines.
const PATIENCE: Duration = Duration::from_secs(300);

/// With a key of the environment: a login would be written to disk.
fn ready() -> Terminal {
    let mut terminal = Terminal::new();
    host(&terminal);
    terminal.set("VIGIE_API_KEY", "vgk_good");
    let address = format!("http://{}", terminal.server.address);
    terminal.set("VIGIE_API", &address);
    terminal
}

/// A running agent, and what it says.
struct Agent {
    child: Option<Child>,
    lines: Receiver<String>,
    log: String,
}

impl Drop for Agent {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
        }
    }
}

impl Agent {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        Self {
            child: Some(child),
            lines: receiver,
            log: String::new(),
        }
    }

    /// Waits until it says this, and gives what follows on that line.
    fn wait_for_line(&mut self, what: &str) -> String {
        loop {
            if let Some((_, rest)) = self.log.split_once(what) {
                return rest.lines().next().unwrap_or_default().to_owned();
            }
            let line = self.lines.recv_timeout(PATIENCE);
            assert!(line.is_ok(), "it never said `{what}`: {}", self.log);
            self.log += &format!("{}\n", line.unwrap());
        }
    }

    /// Where it takes lines.
    fn address(&mut self) -> String {
        let rest = self.wait_for_line("graphite is taken at ");
        rest.split(' ').next().unwrap().to_owned()
    }

    /// Tells it to end, and waits until it has; its exit code, and all that it has said.
    fn end(mut self) -> (Option<i32>, String) {
        let child = self.child.take().unwrap();
        signal(&child, "TERM");
        let code = ended(child);
        // Until its end is read as well.
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.log += &format!("{line}\n");
        }
        (code, std::mem::take(&mut self.log))
    }
}

/// Sends a line and closes its side.
fn send(address: &str, line: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream
}

/// The answer at the end.
fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn until(what: &str, done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "{what} never happened");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const LISTENERS: &str =
    "--listen-graphite 127.0.0.1:0 --listen-statsd 127.0.0.1:0 --statsd-flush 1s";

#[test]
fn on_a_full_disk_a_reading_goes_to_the_server_without_it() {
    let terminal = ready();
    let line = "vigie agent --once --proc proc --host h --buffer buffer";
    let ran = run_limited(&terminal, 0, line);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stderr
            .contains("samples are sent without the buffer, and wait in memory"),
        "{ran:?}"
    );
    assert!(!ran.stderr.contains("lost"), "{ran:?}");
    let store = terminal.server.store.lock().unwrap();
    assert!(store.samples.contains_key("h.load.load.shortterm"));
    drop(store);
    // Nothing is left there by what was tried.
    assert_eq!(journals(&terminal.path("buffer")), 0);
    // Without the server they are lost, which is told.
    let busy = std::iter::repeat_with(busy).take(1000);
    terminal.server.store.lock().unwrap().instead.extend(busy);
    let ran = run_limited(&terminal, 0, line);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.stderr
            .contains("samples were lost: neither the disk nor the server took them"),
        "{ran:?}"
    );
    assert_eq!(journals(&terminal.path("buffer")), 0);
}

#[test]
fn lines_of_a_sender_go_past_a_full_disk_too() {
    let terminal = ready();
    let line = format!("vigie agent --no-host-metrics --proc proc --host h --buffer b {LISTENERS}");
    let mut agent = Agent::start(limited(&terminal, 0, &line));
    let address = agent.address();
    for round in 0..3 {
        let sent = send(&address, &format!("by.hand {round} 170000000{round}\n"));
        assert_eq!(answer(sent), "", "the server has it");
        let store = terminal.server.store.lock().unwrap();
        assert_eq!(store.samples["by.hand"].len(), round + 1);
    }
    let (code, log) = agent.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("lost"), "{log}");
}

#[test]
fn what_neither_the_disk_nor_the_server_takes_keeps_no_end_waiting() {
    let terminal = ready();
    let busy = std::iter::repeat_with(busy).take(1000);
    terminal.server.store.lock().unwrap().instead.extend(busy);
    let line = format!("vigie agent --no-host-metrics --proc proc --host h --buffer b {LISTENERS}");
    let mut agent = Agent::start(limited(&terminal, 0, &line));
    let address = agent.address();
    let sent = send(&address, "by.hand 1 1700000000\n");
    agent.wait_for_line("samples are sent without the buffer");
    let (code, log) = agent.end();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(
        answer(sent),
        "ERR the lines could not be written to disk\n",
        "{log}"
    );
    assert!(log.contains("agent: stopped after 0 samples; "), "{log}");
    assert!(log.contains(" were lost"), "{log}");
}

/// The next reading would be an hour later.
#[test]
fn an_agent_that_ends_sends_its_own_figures_once_more() {
    let terminal = ready();
    let line = format!(
        "vigie agent --interval 1h --no-host-metrics --proc proc --host h --buffer b {LISTENERS}"
    );
    let mut agent = Agent::start(terminal.command(&line));
    let address = agent.address();
    let received = || {
        let store = terminal.server.store.lock().unwrap();
        let series = store.samples.get("h.vigie-agent.graphite.received")?;
        series.values().next_back()?.as_f64()
    };
    until("a first reading", || received().is_some());
    assert_eq!(answer(send(&address, "by.hand 1 1700000000\n")), "");
    let (code, log) = agent.end();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(received(), Some(1.0), "{log}");
}

/// It takes connections, and nothing more: each request would last a minute.
#[test]
fn a_server_that_never_answers_keeps_no_end_waiting() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    silent.set_nonblocking(true).unwrap();
    let mut terminal = ready();
    let address = format!("http://{}", silent.local_addr().unwrap());
    terminal.set("VIGIE_API", &address);
    let line = format!("vigie agent --proc proc --host h --buffer b --scope s-{SPACE}");
    let agent = Agent::start(terminal.command(&line));
    let held = RefCell::new(Vec::new());
    until("a request", || {
        held.borrow_mut().extend(silent.accept());
        !held.borrow().is_empty()
    });
    let (code, log) = agent.end();
    assert_eq!(code, None, "by the signal: {log}");
    let expected =
        "did not answer within 20 s; what is in the buffer waits there for the next start";
    assert!(log.contains(expected), "{log}");
    assert_eq!(journals(&terminal.path("b")), 1);
}
