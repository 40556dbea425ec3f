//! Statistics of a timer's values: the sums of etsy's statsd, in the order in which it adds them up, so that no digit
//! differs.

use super::Settings;
use super::namespace::{Affixes, Namespace};

/// The sums of timers, and their names.
#[derive(Debug)]
pub(super) struct Summaries {
    percentiles: Vec<Percentile>,
    histograms: Vec<(String, Vec<(f64, Affixes)>)>,
    overall: Overall,
    interval_seconds: f64,
}

#[derive(Debug)]
struct Percentile {
    percent: f64,
    count: Affixes,
    mean: Affixes,
    bound: Affixes,
    sum: Affixes,
    sum_squares: Affixes,
}

#[derive(Debug)]
struct Overall {
    std: Affixes,
    upper: Affixes,
    lower: Affixes,
    count: Affixes,
    count_ps: Affixes,
    sum: Affixes,
    sum_squares: Affixes,
    mean: Affixes,
    median: Affixes,
}

impl Summaries {
    pub(super) fn new(settings: &Settings, names: &Namespace) -> Self {
        let percentile = |percent: f64| {
            // As etsy's writes the number: 99.9 is `99_9`, and -10 is `top10`.
            let text = percent.to_string().replace('.', "_").replace('-', "top");
            let affixes = |sum: &str| names.timer(&format!("{sum}_{text}"));
            Percentile {
                percent,
                count: affixes("count"),
                mean: affixes("mean"),
                bound: affixes(if percent > 0.0 { "upper" } else { "lower" }),
                sum: affixes("sum"),
                sum_squares: affixes("sum_squares"),
            }
        };
        let bin = |bin: f64| {
            let text = bin.to_string().replace('.', "_");
            (bin, names.timer(&format!("histogram.bin_{text}")))
        };
        #[expect(clippy::cast_precision_loss, reason = "an interval is short")]
        let interval_seconds = settings.flush_interval_ms as f64 / 1000.0;
        Self {
            percentiles: settings
                .percentiles
                .iter()
                .copied()
                .map(percentile)
                .collect(),
            histograms: settings
                .histograms
                .iter()
                .map(|histogram| {
                    (
                        histogram.metric.clone(),
                        histogram.bins.iter().copied().map(bin).collect(),
                    )
                })
                .collect(),
            overall: Overall {
                std: names.timer("std"),
                upper: names.timer("upper"),
                lower: names.timer("lower"),
                count: names.timer("count"),
                count_ps: names.timer("count_ps"),
                sum: names.timer("sum"),
                sum_squares: names.timer("sum_squares"),
                mean: names.timer("mean"),
                median: names.timer("median"),
            },
            interval_seconds,
        }
    }

    /// Every place that a timer of this name can have.
    pub(super) fn places(&self, name: &str) -> impl Iterator<Item = &Affixes> {
        let bins = self.histogram(name).iter().map(|(_, affixes)| affixes);
        let percentiles = self.percentiles.iter().flat_map(|percentile| {
            [
                &percentile.count,
                &percentile.mean,
                &percentile.bound,
                &percentile.sum,
                &percentile.sum_squares,
            ]
        });
        let sums = &self.overall;
        let overall = [
            &sums.std,
            &sums.upper,
            &sums.lower,
            &sums.count,
            &sums.count_ps,
            &sums.sum,
            &sums.sum_squares,
            &sums.mean,
            &sums.median,
        ];
        bins.chain(percentiles).chain(overall)
    }

    fn histogram(&self, name: &str) -> &[(f64, Affixes)] {
        let path = name.split(';').next().unwrap_or_default();
        let found = self
            .histograms
            .iter()
            .find(|(metric, _)| path.contains(metric.as_str()));
        found.map_or(&[], |(_, bins)| bins)
    }

    /// Tells what there is to tell of values; `counted` is how many they stand for.
    pub(super) fn emit(
        &self,
        name: &str,
        values: &mut [f64],
        counted: f64,
        mut emit: impl FnMut(&Affixes, f64),
    ) {
        let overall = &self.overall;
        values.sort_by(f64::total_cmp);
        let (Some(lower), Some(upper)) = (values.first(), values.last()) else {
            emit(&overall.count, 0.0);
            emit(&overall.count_ps, 0.0);
            return;
        };
        let running = PrefixSums::of(values);
        for percentile in &self.percentiles {
            percentile.emit(values, &running, &mut emit);
        }
        let (sum, sum_squares) = running.all();
        let count = amount(values.len());
        let mean = sum / count;
        let squares = values
            .iter()
            .fold(0.0, |sum, value| sum + (value - mean) * (value - mean));
        emit(&overall.std, (squares / count).sqrt());
        emit(&overall.upper, *upper);
        emit(&overall.lower, *lower);
        emit(&overall.count, counted);
        emit(&overall.count_ps, counted / self.interval_seconds);
        emit(&overall.sum, sum);
        emit(&overall.sum_squares, sum_squares);
        emit(&overall.mean, mean);
        emit(&overall.median, median(values));
        let mut rest: &[f64] = values;
        for (bin, affixes) in self.histogram(name) {
            let (below, others) = rest.split_at(rest.partition_point(|value| value < bin));
            emit(affixes, amount(below.len()));
            rest = others;
        }
    }
}

impl Percentile {
    fn emit(&self, values: &[f64], running: &PrefixSums, emit: &mut impl FnMut(&Affixes, f64)) {
        let all = values.len();
        // One value is what every percentile is made of.
        let selected = if all > 1 {
            share(self.percent.abs(), all)
        } else {
            all
        };
        let bound = if self.percent > 0.0 {
            selected.checked_sub(1)
        } else {
            all.checked_sub(selected)
        };
        let Some(bound) = bound.and_then(|at| values.get(at)).filter(|_| selected > 0) else {
            return;
        };
        let (sum, sum_squares) = if self.percent > 0.0 {
            running.first(selected)
        } else {
            running.last(selected)
        };
        emit(&self.count, amount(selected));
        emit(&self.mean, sum / amount(selected));
        emit(&self.bound, *bound);
        emit(&self.sum, sum);
        emit(&self.sum_squares, sum_squares);
    }
}

/// The sums of the first values, of the first two, and so on.
struct PrefixSums {
    sums: Vec<f64>,
    squares: Vec<f64>,
}

impl PrefixSums {
    fn of(values: &[f64]) -> Self {
        let add = |sum: &mut f64, value: f64| {
            *sum += value;
            Some(*sum)
        };
        Self {
            sums: values.iter().copied().scan(0.0, add).collect(),
            squares: values
                .iter()
                .map(|value| value * value)
                .scan(0.0, add)
                .collect(),
        }
    }

    fn first(&self, count: usize) -> (f64, f64) {
        let at = |sums: &[f64]| count.checked_sub(1).and_then(|at| sums.get(at).copied());
        (
            at(&self.sums).unwrap_or(0.0),
            at(&self.squares).unwrap_or(0.0),
        )
    }

    fn all(&self) -> (f64, f64) {
        self.first(self.sums.len())
    }

    fn last(&self, count: usize) -> (f64, f64) {
        let (all, before) = (
            self.all(),
            self.first(self.sums.len().saturating_sub(count)),
        );
        (all.0 - before.0, all.1 - before.1)
    }
}

fn median(values: &[f64]) -> f64 {
    let middle = values.len() / 2;
    let at = |at: usize| values.get(at).copied().unwrap_or_default();
    if values.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    }
}

/// How many of so many values are this share, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share is at most the whole"
)]
fn share(percent: f64, all: usize) -> usize {
    (percent / 100.0 * amount(all)).round() as usize
}

#[expect(clippy::cast_precision_loss, reason = "far fewer values than 2^53")]
const fn amount(count: usize) -> f64 {
    count as f64
}
