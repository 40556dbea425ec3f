//! One line on a terminal that says how far a long sending has come. Elsewhere nothing is drawn.

use crate::output::{Output, to_stderr};
use crate::shown::shown;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

/// A short sending needs no progress.
const SILENT: Duration = Duration::from_millis(700);
/// Often enough to look alive.
const EVERY: Duration = Duration::from_millis(100);
const BAR_COLUMNS: u64 = 24;

/// The line.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    wanted: bool,
    next: Instant,
}

impl Progress {
    /// Drawn only where someone looks.
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            shown: false,
            wanted: io::stderr().is_terminal() && !output.is_quiet(),
            next: Instant::now() + SILENT,
        }
    }

    /// Draws it anew if it is time.
    pub(crate) fn update(&mut self, read: u64, size: Option<u64>, samples: u64) {
        let now = Instant::now();
        if self.wanted && now >= self.next {
            self.next = now + EVERY;
            self.shown = true;
            to_stderr(&shown!("\r{}\u{1b}[K", line(read, size, samples)));
        }
    }

    /// Takes it away, so that what follows stands on a line of its own.
    pub(crate) fn clear(&mut self) {
        if self.shown {
            self.shown = false;
            to_stderr(&"\r\u{1b}[K".into());
        }
    }
}

fn line(read: u64, size: Option<u64>, samples: u64) -> String {
    let Some(size) = size.filter(|size| *size > 0) else {
        return format!("{samples} samples sent");
    };
    let read = read.min(size);
    let filled = (u128::from(read) * u128::from(BAR_COLUMNS) / u128::from(size)) as usize;
    let percent = u128::from(read) * 100 / u128::from(size);
    let empty = BAR_COLUMNS as usize - filled;
    format!(
        "[{}{}] {percent:>3} %  {samples} samples sent",
        "#".repeat(filled),
        "-".repeat(empty)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_where_the_end_is_known() {
        assert_eq!(
            line(0, Some(100), 0),
            "[------------------------]   0 %  0 samples sent"
        );
        assert_eq!(
            line(50, Some(100), 7),
            "[############------------]  50 %  7 samples sent"
        );
        assert_eq!(
            line(200, Some(100), 9),
            "[########################] 100 %  9 samples sent"
        );
        assert_eq!(line(5, None, 9), "9 samples sent");
        assert_eq!(line(5, Some(0), 9), "9 samples sent");
    }
}
