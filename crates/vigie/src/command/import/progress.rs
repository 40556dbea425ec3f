//! How far an import is: a line that changes on a terminal, a line each ten seconds elsewhere, nothing with `--quiet`.

use crate::figures::in_words;
use crate::output::{Output, to_stderr};
use crate::printable_text::escaped;
use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

/// No line is drawn on a terminal before this time.
const DELAY: Duration = Duration::from_millis(700);
/// The time between two changes of the line on a terminal.
const REDRAW_INTERVAL: Duration = Duration::from_millis(200);
/// The time between two lines elsewhere.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// How much of the source was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Extent {
    /// Files or series.
    pub(super) units: u64,
    /// The measure of the time left: bytes of files, where they are known, else units.
    pub(super) weight: u64,
}

impl std::ops::AddAssign for Extent {
    fn add_assign(&mut self, more: Self) {
        self.units += more.units;
        self.weight += more.weight;
    }
}

/// The progress of one import.
#[derive(Debug)]
pub(super) struct Progress<'a> {
    output: &'a Output,
    /// `files` or `series`.
    unit: &'static str,
    is_terminal: bool,
    is_drawn: bool,
    begun: Instant,
    next: Instant,
    pub(super) done: Extent,
    /// The part that an earlier run had done, which took no time in this one.
    pub(super) before: Extent,
    pub(super) all: Option<Extent>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(output: &'a Output, unit: &'static str, all: Option<Extent>) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let first = if is_terminal { DELAY } else { LINE_INTERVAL };
        Self {
            output,
            unit,
            is_terminal,
            is_drawn: false,
            begun: Instant::now(),
            next: Instant::now() + first,
            done: Extent::default(),
            before: Extent::default(),
            all,
        }
    }

    /// From here on the time left is counted, to the end of this whole.
    pub(super) fn begin(&mut self, all: Extent) {
        self.all = Some(all);
        self.begun = Instant::now();
    }

    /// Shows how far it is, if it is time; `samples` were sent.
    pub(super) fn update(&mut self, samples: u64) {
        let now = Instant::now();
        if now < self.next || self.output.is_quiet() {
            return;
        }
        let line = self.line(samples, self.begun.elapsed());
        if self.is_terminal {
            self.next = now + REDRAW_INTERVAL;
            self.is_drawn = true;
            to_stderr(&escaped!("\r{}\u{1b}[K", line));
        } else {
            self.next = now + LINE_INTERVAL;
            self.output.note(line);
        }
    }

    /// Takes the line away, so that what follows begins on an empty one.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            to_stderr(&"\r\u{1b}[K".into());
        }
    }

    fn line(&self, samples: u64, elapsed: Duration) -> String {
        let rate = u128::from(samples) * 1000 / elapsed.as_millis().max(1);
        let done = self.done.units + self.before.units;
        let of = self
            .all
            .map_or_else(String::new, |all| format!(" of {}", all.units));
        let mut line = format!(
            "{done}{of} {}, {samples} samples sent, {rate} a second",
            self.unit
        );
        if let Some(all) = self.all.filter(|_| self.done.weight > 0) {
            let rest = all
                .weight
                .saturating_sub(self.done.weight + self.before.weight);
            let left = elapsed.as_secs_f64() * rest as f64 / self.done.weight as f64;
            line.push_str(&format!(", {} left", in_words(left.round() as u64)));
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Name;
    use crate::env::Env;
    use crate::output::Format;

    #[test]
    fn the_line_has_counts_rate_and_time_left() {
        let output = Output::new(Name::Vigie, Format::Text, false, &Env::default(), None);
        let extent = |units, weight| Extent { units, weight };
        let mut progress = Progress::new(&output, "files", Some(extent(10, 1000)));
        let minute = Duration::from_secs(60);
        assert_eq!(
            progress.line(0, minute),
            "0 of 10 files, 0 samples sent, 0 a second"
        );
        progress.before = extent(5, 500);
        progress.done = extent(2, 250);
        assert_eq!(
            progress.line(6000, minute),
            "7 of 10 files, 6000 samples sent, 100 a second, 1 min left"
        );
        let mut progress = Progress::new(&output, "series", None);
        progress.done = extent(3, 3);
        assert_eq!(
            progress.line(60, minute),
            "3 series, 60 samples sent, 1 a second"
        );
    }
}
