//! Reads a line from the terminal without echo.
//!
//! Echo is turned off before the question is printed, and input typed earlier is kept, so fast typing, a paste or a script that
//! waits for the question is neither shown nor lost. The terminal's settings are restored in every case, also after Ctrl-C.

use crate::error::Failure;
use crate::output::to_stderr;
use crate::printable_text::PrintableText;
use base::secret::Secret;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use std::io;
use zeroize::Zeroizing;

/// Capacity for any password, so that the buffer is not reallocated and copied in memory.
const CAPACITY: usize = 1024;

const CTRL_C: u8 = 0x03;
const CTRL_D: u8 = 0x04;
const CTRL_U: u8 = 0x15;
const BACKSPACE: [u8; 2] = [0x08, 0x7f];

/// Asks on the terminal that is standard input.
pub(super) fn line(prompt: &PrintableText) -> Result<Secret<String>, Failure> {
    let no_echo = NoEcho::new().map_err(|error| read_error(&error))?;
    to_stderr(prompt);
    let typed = read();
    drop(no_echo);
    to_stderr(&"\n".into());
    typed
}

fn read() -> Result<Secret<String>, Failure> {
    let mut line = Line::default();
    loop {
        let mut byte = [0_u8];
        let read = match rustix::io::read(io::stdin(), &mut byte) {
            Err(rustix::io::Errno::INTR) => continue,
            read => read.map_err(|error| read_error(&error.into()))?,
        };
        if read == 0 {
            return Err(Failure::failed("the input ended before an answer"));
        }
        match line.take(byte) {
            KeyAction::More => {}
            KeyAction::End => return line.text(),
            KeyAction::Cancel => return Err(Failure::failed("interrupted")),
        }
    }
}

fn read_error(error: &io::Error) -> Failure {
    Failure::failed(format!("no answer could be read: {error}"))
}

/// The effect of a key.
#[derive(Debug, PartialEq, Eq)]
enum KeyAction {
    More,
    End,
    Cancel,
}

/// The line so far.
#[derive(Debug)]
struct Line {
    bytes: Zeroizing<Vec<u8>>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(CAPACITY)),
        }
    }
}

impl Line {
    fn take(&mut self, [byte]: [u8; 1]) -> KeyAction {
        match byte {
            b'\n' | b'\r' => return KeyAction::End,
            CTRL_C => return KeyAction::Cancel,
            CTRL_D if self.bytes.is_empty() => return KeyAction::Cancel,
            CTRL_U => self.bytes.clear(),
            byte if BACKSPACE.contains(&byte) => {
                // Continuation bytes of UTF-8 begin with the bits 10.
                while self.bytes.pop().is_some_and(|gone| gone & 0xc0 == 0x80) {}
            }
            byte if byte.is_ascii_control() && byte != b'\t' => {}
            byte => self.bytes.push(byte),
        }
        KeyAction::More
    }

    fn text(mut self) -> Result<Secret<String>, Failure> {
        String::from_utf8(std::mem::take(&mut *self.bytes))
            .map(Secret::new)
            .map_err(|_| Failure::failed("what was typed is no text"))
    }
}

/// Turns off echo and line editing of the terminal, and restores its settings when dropped.
struct NoEcho {
    before: Termios,
}

impl NoEcho {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut no_echo = before.clone();
        no_echo.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        no_echo.special_codes[SpecialCodeIndex::VMIN] = 1;
        no_echo.special_codes[SpecialCodeIndex::VTIME] = 0;
        // `Now` keeps input that was typed earlier.
        tcsetattr(io::stdin(), OptionalActions::Now, &no_echo)?;
        Ok(Self { before })
    }
}

impl Drop for NoEcho {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> (KeyAction, String) {
        let mut line = Line::default();
        let last = keys
            .iter()
            .map(|key| line.take([*key]))
            .find(|typed| *typed != KeyAction::More)
            .unwrap_or(KeyAction::More);
        (last, line.text().unwrap().expose().clone())
    }

    #[test]
    fn keys_edit_the_line() {
        assert_eq!(typed(b"s3cret\n"), (KeyAction::End, "s3cret".to_owned()));
        assert_eq!(typed(b"ab\x7fc\r"), (KeyAction::End, "ac".to_owned()));
        assert_eq!(
            typed("aé€\u{8}\u{8}b\n".as_bytes()),
            (KeyAction::End, "ab".to_owned())
        );
        assert_eq!(
            typed(b"wrong\x15right\n"),
            (KeyAction::End, "right".to_owned())
        );
        assert_eq!(typed(b"\x7f\n"), (KeyAction::End, String::new()));
        assert_eq!(typed(b"a\x1b\x04b\n"), (KeyAction::End, "ab".to_owned()));
        assert_eq!(typed(b"abc\x03").0, KeyAction::Cancel);
        assert_eq!(typed(b"\x04").0, KeyAction::Cancel);
    }
}
