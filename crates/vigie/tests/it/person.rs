//! Someone at a real terminal: reads what the program shows, and types when a question stands there.

use crate::terminal::Terminal;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, Command};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Nothing a test waits for takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// The text shown so far, and whether the terminal has closed.
#[derive(Debug, Default)]
struct Screen {
    text: String,
    closed: bool,
}

/// The person, with the program before them.
#[derive(Debug)]
pub(crate) struct Person {
    keyboard: File,
    child: Child,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    /// How much of it was read already.
    read: usize,
}

impl Person {
    /// Starts a line at a terminal of 80 columns and 24 lines.
    pub(crate) fn at(terminal: &Terminal, line: &str) -> Self {
        Self::at_width(terminal, line, 80)
    }

    /// Starts a line at a terminal that wide.
    pub(crate) fn at_width(terminal: &Terminal, line: &str, columns: u16) -> Self {
        Self::with(terminal.command(line), columns)
    }

    /// Starts a command at a terminal that wide.
    pub(crate) fn with(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(slave.as_fd(), size).unwrap();
        let child = command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave)
            .spawn()
            .unwrap();
        let keyboard = File::from(master);
        let screen = Arc::new((Mutex::new(Screen::default()), Condvar::new()));
        let mut reader = keyboard.try_clone().unwrap();
        let sink = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut buffer = [0_u8; 4096];
            // The end of the program closes its side, and reading fails.
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..read]).replace('\r', "");
                sink.0.lock().unwrap().text.push_str(&text);
                sink.1.notify_all();
            }
            sink.0.lock().unwrap().closed = true;
            sink.1.notify_all();
        });
        Self {
            keyboard,
            child,
            screen,
            read: 0,
        }
    }

    /// Waits until `question` stands there and nothing after it, then types the answer and Enter.
    pub(crate) fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.press(&format!("{answer}\n"));
    }

    /// Waits until `question` stands there and nothing after it.
    pub(crate) fn wait_for(&mut self, question: &str) {
        let guard = self.screen.0.lock().unwrap();
        let read = self.read;
        let (held, waited) = self
            .screen
            .1
            .wait_timeout_while(guard, PATIENCE, |screen| {
                !screen.text[read..].ends_with(question) && !screen.closed
            })
            .unwrap();
        assert!(
            !waited.timed_out() && held.text[read..].ends_with(question),
            "`{question}` was not asked:\n{}",
            held.text
        );
        self.read = held.text.len();
        drop(held);
    }

    /// Waits until `text` is shown after what was read, whatever follows.
    pub(crate) fn wait_for_text(&mut self, text: &str) {
        let guard = self.screen.0.lock().unwrap();
        let read = self.read;
        let (held, _) = self
            .screen
            .1
            .wait_timeout_while(guard, PATIENCE, |screen| {
                !screen.text[read..].contains(text) && !screen.closed
            })
            .unwrap();
        let at = held.text[read..].find(text);
        assert!(at.is_some(), "`{text}` was not shown:\n{}", held.text);
        let at = at.unwrap_or_default();
        self.read = read + at + text.len();
        drop(held);
    }

    /// As Ctrl-C does: the terminal is not the program's own here.
    pub(crate) fn interrupt(&self) {
        let pid = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), Signal::INT).unwrap();
    }

    /// Presses keys, whatever stands there.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether the terminal shows what is typed.
    pub(crate) fn sees_keys(&self) -> bool {
        let modes = tcgetattr(self.keyboard.as_fd()).unwrap();
        modes
            .local_modes
            .contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    }

    /// Waits for the end; everything that was shown, and the exit code.
    pub(crate) fn leave(mut self) -> (String, i32) {
        let code = self.child.wait().unwrap().code().unwrap();
        assert!(self.sees_keys(), "the terminal is not as it was");
        let guard = self.screen.0.lock().unwrap();
        let (held, waited) = self
            .screen
            .1
            .wait_timeout_while(guard, PATIENCE, |screen| !screen.closed)
            .unwrap();
        assert!(!waited.timed_out(), "the terminal stays open");
        (held.text.clone(), code)
    }
}

/// The text shown, without the parts that differ from run to run.
pub(crate) fn without_port(terminal: &Terminal, screen: &str) -> String {
    screen
        .replace(&terminal.server.address.to_string(), "127.0.0.1:PORT")
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}
