//! Data that moving functions need from before the window. It is read together with the window, so that names are looked up
//! once and nothing has to be joined; the window is a part of it.
//!
//! Only what is sure to be asked for is read so: a path that stands in a moving function, or in several, with a window that is
//! written down.

use super::{Evaluation, memory_size};
use crate::error::Error;
use crate::functions::support::interval;
use crate::source::{Fetched, Path, Range};
use crate::target::{Call, Expression, Kind};
use std::collections::{BTreeMap, BTreeSet};

/// Functions whose second argument is a window before each value of the first.
const MOVING: [&str; 7] = [
    "movingAverage",
    "movingMedian",
    "movingSum",
    "movingMin",
    "movingMax",
    "movingWindow",
    "exponentialMovingAverage",
];

/// Moving functions inside one another that are taken into account.
const DEPTH_MAX: usize = 3;

/// By how many seconds earlier than asked for each path is read, in each way in which it will be.
type Spans = BTreeMap<String, BTreeSet<i64>>;

impl Evaluation<'_> {
    /// Reads what moving functions in the expressions will look at, where the source says how far apart values stand.
    pub(super) fn read_lookback<'x>(
        &mut self,
        expressions: impl IntoIterator<Item = &'x Expression>,
        range: Range,
    ) -> Result<(), Error> {
        let Some(step) = self.source.uniform_step(range) else {
            return Ok(());
        };
        let mut spans = Spans::new();
        for expression in expressions {
            collect(expression, step, &mut spans);
        }
        // What is read is at most twice the time that is asked for.
        let longest = range.until.saturating_sub(range.from);
        let mut together: BTreeMap<i64, Vec<(Path, BTreeSet<i64>)>> = BTreeMap::new();
        for (path, lengths) in spans {
            if let Some(most) = lengths.last().copied().filter(|most| *most <= longest) {
                let path = Path::Glob(path);
                together.entry(most).or_default().push((path, lengths));
            }
        }
        for (most, paths) in together {
            let Some(from) = range.from.checked_sub(most) else {
                continue;
            };
            self.read_with_parts(paths, Range { from, ..range }, range.from)?;
        }
        Ok(())
    }

    /// Reads paths, and takes the parts that begin so many seconds before `from` for read as well.
    fn read_with_parts(
        &mut self,
        paths: Vec<(Path, BTreeSet<i64>)>,
        whole: Range,
        from: i64,
    ) -> Result<(), Error> {
        let asked: Vec<Path> = paths.iter().map(|(path, _)| path.clone()).collect();
        let found = self.source.fetch(&asked, whole)?;
        for ((path, spans), found) in paths.into_iter().zip(found) {
            for span in spans {
                let part = Range {
                    from: from.saturating_sub(span),
                    ..whole
                };
                let parts = (part != whole).then(|| {
                    found
                        .iter()
                        .map(|series| cut(series, part))
                        .collect::<Option<_>>()
                });
                // Where it is no part of the whole it is read when it is asked for.
                if let Some(Some(parts)) = parts {
                    let parts: Vec<Fetched> = parts;
                    self.reserve(memory_size::fetched_beside_values(&parts))?;
                    self.read.insert((path.clone(), part), parts.into());
                }
            }
            self.keep(path, whole, found)?;
        }
        Ok(())
    }
}

/// A series from a later instant on.
fn cut(whole: &Fetched, part: Range) -> Option<Fetched> {
    let step = whole.step;
    let start = part
        .from
        .div_euclid(step)
        .checked_add(1)?
        .checked_mul(step)?;
    let ahead = start.checked_sub(whole.start)?;
    let lost = usize::try_from(ahead / step).ok()?;
    if ahead % step != 0 || ahead < 0 || lost >= whole.values.len() {
        return None;
    }
    Some(Fetched {
        start,
        values: whole.values.slice(lost..whole.values.len()),
        ..whole.clone()
    })
}

/// Finds the paths that moving functions look at.
fn collect(expression: &Expression, step: i64, spans: &mut Spans) {
    let Kind::Call(call) = &expression.kind else {
        return;
    };
    if let Some((path, windows)) = moving(call, step) {
        let lengths = spans.entry(path.to_owned()).or_default();
        // The functions ask for the time without each window as well, from the innermost on.
        let mut sums = vec![0_i64];
        for window in windows {
            let more: Vec<i64> = sums.iter().map(|sum| sum.saturating_add(window)).collect();
            sums.extend(more);
        }
        lengths.extend(sums);
        return;
    }
    for argument in &call.arguments {
        collect(argument, step, spans);
    }
}

/// The path of a moving function, or of several inside one another, and their windows in seconds.
fn moving(call: &Call, step: i64) -> Option<(&str, Vec<i64>)> {
    let mut windows = Vec::new();
    let mut call = call;
    loop {
        let [series, window, ..] = call.arguments.as_slice() else {
            return None;
        };
        if !MOVING.contains(&call.name.as_str()) || windows.len() == DEPTH_MAX {
            return None;
        }
        let seconds = match &window.kind {
            Kind::Integer(points) => points.checked_mul(step)?,
            Kind::Text(text) => interval(text).ok()?.abs(),
            _ => return None,
        };
        windows.push(Some(seconds).filter(|seconds| *seconds > 0)?);
        match &series.kind {
            Kind::Path(path) => return Some((path, windows)),
            Kind::Call(inner) => call = inner,
            _ => return None,
        }
    }
}
