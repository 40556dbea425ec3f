//! Which times are asked for: from the end backwards, a window after the other. Graphite answers a whole window with the step that
//! it has for its beginning, so a window that reaches back further than the finest step would lose points: one whose step is
//! coarser than that of the window before is asked for again in halves, until it is short.

use std::collections::HashMap;
use wire::render::json::ReadRow;

/// The first window, in seconds.
const FIRST_SECONDS: i64 = 6 * 3600;
/// A window is not halved below this.
const SHORT_SECONDS: i64 = 15 * 60;
/// The longest window.
const LONG_SECONDS: i64 = 400 * 86_400;
/// With fewer points the next window is longer.
const FEW_POINTS: usize = 2500;
/// With more points the next window is shorter.
const MANY_POINTS: usize = 10_000;

/// A window: both bounds are inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimeWindow {
    pub(super) from: i64,
    pub(super) until: i64,
}

/// The windows of some series.
#[derive(Debug)]
pub(super) struct Windows {
    earliest: i64,
    /// The times not asked for yet end here.
    until: i64,
    length: i64,
    /// The step of each series in the last window that had values of it.
    steps: HashMap<String, i64>,
    /// The coarser steps of windows that were asked for again.
    coarser: HashMap<String, i64>,
}

impl Windows {
    /// From one second to another.
    pub(super) fn new(earliest: i64, until: i64) -> Self {
        Self {
            earliest,
            until,
            length: FIRST_SECONDS,
            steps: HashMap::new(),
            coarser: HashMap::new(),
        }
    }

    /// The window to ask for; the same again until it was answered.
    pub(super) fn next(&self) -> Option<TimeWindow> {
        let from = (self.until - self.length + 1).max(self.earliest);
        (from <= self.until).then_some(TimeWindow {
            from,
            until: self.until,
        })
    }

    /// The answer was too large; `false` where the window is as short as it can be.
    pub(super) fn too_large(&mut self) -> bool {
        let is_long = self.length > SHORT_SECONDS;
        self.length = (self.length / 2).max(SHORT_SECONDS);
        is_long
    }

    /// The answer has come; `false` where it is to be asked for again in a shorter window.
    pub(super) fn answered(&mut self, rows: &[ReadRow]) -> bool {
        let mut steps = HashMap::new();
        for row in rows {
            if row.datapoints.iter().all(|(value, _)| value.is_none()) {
                continue;
            }
            let step = match row.datapoints.as_slice() {
                [(_, one), (_, next), ..] => Some(next.secs() - one.secs()),
                // In so short a window there may be one point: then it is the step that longer ones had.
                _ => self.coarser.get(&row.target).copied(),
            };
            if let Some(step) = step {
                steps.insert(row.target.clone(), step);
            }
        }
        let is_coarser =
            |(name, step): (&String, &i64)| self.steps.get(name).is_some_and(|known| known < step);
        if self.length > SHORT_SECONDS && steps.iter().any(is_coarser) {
            self.length = (self.length / 2).max(SHORT_SECONDS);
            self.coarser.extend(steps);
            return false;
        }
        self.steps.extend(steps);
        let points = rows.iter().map(|row| row.datapoints.len()).max();
        self.until -= self.length;
        self.length = match points.unwrap_or(0) {
            0..FEW_POINTS => (self.length * 4).min(LONG_SECONDS),
            MANY_POINTS.. => (self.length / 2).max(SHORT_SECONDS),
            _ => self.length,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::Millis;
    use std::collections::BTreeMap;

    /// A server that keeps seconds back with steps, as Graphite answers.
    fn answer(archives: &[(i64, i64)], now: i64, ask: TimeWindow) -> Vec<ReadRow> {
        let reaching = archives.iter().find(|(_, back)| now - ask.from <= *back);
        let (step, back) = *reaching.or(archives.last()).unwrap();
        let first = ask.from.max(now - back).div_euclid(step) * step + step;
        let times = (0..).map(|at| first + at * step);
        let points = times.take_while(|at| *at <= ask.until);
        vec![ReadRow {
            target: "a".to_owned(),
            datapoints: points
                .map(|at| (Some(step as f64), Millis::from_secs(at)))
                .collect(),
        }]
    }

    #[test]
    fn every_window_has_the_finest_step_available() {
        const DAY: i64 = 86_400;
        let now = 1_800_000_000;
        let archives = [(10, DAY), (60, 30 * DAY), (900, 5 * 366 * DAY)];
        let mut windows = Windows::new(now - 10 * 366 * DAY, now);
        let (mut read, mut asked) = (BTreeMap::new(), 0);
        while let Some(ask) = windows.next() {
            asked += 1;
            let rows = answer(&archives, now, ask);
            if !windows.answered(&rows) {
                continue;
            }
            for (value, at) in &rows[0].datapoints {
                let is_new = read.insert(at.secs(), value.unwrap()).is_none();
                assert!(is_new, "{at:?} twice");
            }
        }
        assert!(asked < 150, "{asked} requests");
        let mut nearest = 0;
        for (at, step) in read.iter().rev() {
            let age = now - at;
            // What the finest archive has, but for the quarter of an hour at its end.
            let finest = archives.iter().find(|(_, back)| age < back - SHORT_SECONDS);
            if let Some((finest, _)) = finest {
                assert!(*step as i64 <= *finest, "{age} s ago: {step}");
                assert!(age - nearest <= 2 * finest, "a gap {age} s ago");
            }
            nearest = age;
        }
        assert!(nearest > 5 * 365 * DAY);
    }

    #[test]
    fn too_large_answers_halve_the_window() {
        let mut windows = Windows::new(0, 1_000_000);
        let mut times = 0;
        while windows.too_large() {
            times += 1;
        }
        assert_eq!(times, 5);
        let ask = windows.next().unwrap();
        assert_eq!(ask.until - ask.from + 1, SHORT_SECONDS);
    }
}
