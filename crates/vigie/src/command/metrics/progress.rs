//! A progress line on a terminal, for large inputs. Nothing is drawn elsewhere.

use crate::figures::in_words;
use crate::output::{Output, to_stderr};
use crate::printable_text::shown;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

/// No progress is shown before this time.
const DELAY: Duration = Duration::from_millis(700);
/// The time between two updates.
const REDRAW_INTERVAL: Duration = Duration::from_millis(100);
const BAR_COLUMNS: u64 = 24;

/// The progress line.
#[derive(Debug)]
pub(crate) struct Progress {
    is_drawn: bool,
    wanted: bool,
    begun: Instant,
    next: Instant,
}

impl Progress {
    /// Drawn only if standard error is a terminal.
    pub(crate) fn new(output: &Output) -> Self {
        Self {
            is_drawn: false,
            wanted: io::stderr().is_terminal() && !output.is_quiet(),
            begun: Instant::now(),
            next: Instant::now() + DELAY,
        }
    }

    /// Redraws it if it is time.
    pub(crate) fn update(&mut self, read: u64, size: Option<u64>, samples: u64) {
        let now = Instant::now();
        if self.wanted && now >= self.next {
            self.next = now + REDRAW_INTERVAL;
            self.is_drawn = true;
            to_stderr(&shown!(
                "\r{}\u{1b}[K",
                line(read, size, samples, self.begun.elapsed())
            ));
        }
    }

    /// Clears it, so that the next output starts on an empty line.
    pub(crate) fn clear(&mut self) {
        if self.is_drawn {
            self.is_drawn = false;
            to_stderr(&"\r\u{1b}[K".into());
        }
    }
}

fn line(read: u64, size: Option<u64>, samples: u64, elapsed: Duration) -> String {
    let per_second = (u128::from(samples) * 1000) / elapsed.as_millis().max(1);
    let sent = format!("{samples} samples sent, {per_second} a second");
    let Some(size) = size.filter(|size| *size > 0) else {
        return sent;
    };
    let read = read.min(size);
    let filled = (u128::from(read) * u128::from(BAR_COLUMNS) / u128::from(size)) as usize;
    let percent = u128::from(read) * 100 / u128::from(size);
    let empty = BAR_COLUMNS as usize - filled;
    let left = match read {
        0 => String::new(),
        read => {
            let left = elapsed.as_secs_f64() * (size - read) as f64 / read as f64;
            format!(", {} left", in_words(left.round() as u64))
        }
    };
    format!(
        "[{}{}] {percent:>3} %  {sent}{left}",
        "#".repeat(filled),
        "-".repeat(empty)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_where_the_end_is_known() {
        let second = Duration::from_secs(1);
        assert_eq!(
            line(0, Some(100), 0, second),
            "[------------------------]   0 %  0 samples sent, 0 a second"
        );
        assert_eq!(
            line(50, Some(100), 7, second),
            "[############------------]  50 %  7 samples sent, 7 a second, 1 s left"
        );
        assert_eq!(
            line(200, Some(100), 9, second * 2),
            "[########################] 100 %  9 samples sent, 4 a second, 0 s left"
        );
        assert!(line(1, Some(100), 9, second * 60).ends_with(", 1 h 39 min left"));
        let sent = "9 samples sent, 9 a second";
        assert_eq!(line(5, None, 9, second), sent);
        assert_eq!(line(5, Some(0), 9, second), sent);
        assert_eq!(
            line(5, None, 0, Duration::ZERO),
            "0 samples sent, 0 a second"
        );
    }
}
