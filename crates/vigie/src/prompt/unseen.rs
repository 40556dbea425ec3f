//! Reads a line from the terminal without echo.
//!
//! Echo is turned off before the question is printed, and input typed earlier is kept, so fast typing, a paste or a script that waits
//! for the question is neither shown nor lost. The terminal's settings are restored in every case, also after Ctrl-C.

use crate::error::Failure;
use crate::output::to_stderr;
use crate::shown::Shown;
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
pub(super) fn line(prompt: &Shown) -> Result<Secret<String>, Failure> {
    let quiet = Quiet::new().map_err(|error| unread(&error))?;
    to_stderr(prompt);
    let typed = read();
    drop(quiet);
    to_stderr(&"\n".into());
    typed
}

fn read() -> Result<Secret<String>, Failure> {
    let mut line = Line::default();
    loop {
        let mut byte = [0_u8];
        let read = match rustix::io::read(io::stdin(), &mut byte) {
            Err(rustix::io::Errno::INTR) => continue,
            read => read.map_err(|error| unread(&error.into()))?,
        };
        if read == 0 {
            return Err(Failure::failed("the input ended before an answer"));
        }
        match line.take(byte) {
            Typed::More => {}
            Typed::End => return line.text(),
            Typed::Away => return Err(Failure::failed("interrupted")),
        }
    }
}

fn unread(error: &io::Error) -> Failure {
    Failure::failed(format!("no answer could be read: {error}"))
}

/// The effect of a key.
#[derive(Debug, PartialEq, Eq)]
enum Typed {
    More,
    End,
    Away,
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
    fn take(&mut self, [byte]: [u8; 1]) -> Typed {
        match byte {
            b'\n' | b'\r' => return Typed::End,
            CTRL_C => return Typed::Away,
            CTRL_D if self.bytes.is_empty() => return Typed::Away,
            CTRL_U => self.bytes.clear(),
            byte if BACKSPACE.contains(&byte) => {
                // Continuation bytes of UTF-8 begin with the bits 10.
                while self.bytes.pop().is_some_and(|gone| gone & 0xc0 == 0x80) {}
            }
            byte if byte.is_ascii_control() && byte != b'\t' => {}
            byte => self.bytes.push(byte),
        }
        Typed::More
    }

    fn text(mut self) -> Result<Secret<String>, Failure> {
        String::from_utf8(std::mem::take(&mut *self.bytes))
            .map(Secret::new)
            .map_err(|_| Failure::failed("what was typed is no text"))
    }
}

/// Turns off echo and line editing of the terminal, and restores its settings when dropped.
struct Quiet {
    before: Termios,
}

impl Quiet {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        // `Now` keeps input that was typed earlier.
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet)?;
        Ok(Self { before })
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // If the terminal is gone, there is nothing to restore.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(keys: &[u8]) -> (Typed, String) {
        let mut line = Line::default();
        let last = keys
            .iter()
            .map(|key| line.take([*key]))
            .find(|typed| *typed != Typed::More)
            .unwrap_or(Typed::More);
        (last, line.text().unwrap().expose().clone())
    }

    #[test]
    fn keys_edit_the_line() {
        assert_eq!(typed(b"s3cret\n"), (Typed::End, "s3cret".to_owned()));
        assert_eq!(typed(b"ab\x7fc\r"), (Typed::End, "ac".to_owned()));
        assert_eq!(
            typed("aé€\u{8}\u{8}b\n".as_bytes()),
            (Typed::End, "ab".to_owned())
        );
        assert_eq!(typed(b"wrong\x15right\n"), (Typed::End, "right".to_owned()));
        assert_eq!(typed(b"\x7f\n"), (Typed::End, String::new()));
        assert_eq!(typed(b"a\x1b\x04b\n"), (Typed::End, "ab".to_owned()));
        assert_eq!(typed(b"abc\x03").0, Typed::Away);
        assert_eq!(typed(b"\x04").0, Typed::Away);
    }
}
