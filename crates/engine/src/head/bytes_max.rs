//! How much memory a batch can take in a head, before it is written.

use super::block_list::PREPAID_MAX;
use super::series_appender::{self, LATE_BYTES, SERIES_BYTES};
use base::sample::Batch;
use base::time::Millis;
use std::collections::HashMap;

/// The most that a batch can take in memory: each run may be of a new series, and each with a second sample be the first that
/// is late there.
pub(crate) const fn bytes_max(batch: &Batch) -> u64 {
    bytes_max_of_runs(batch.len() as u64, batch.run_count() as u64)
}

/// The most that so many samples in so many runs can take.
pub(crate) const fn bytes_max_of_runs(samples: u64, runs: u64) -> u64 {
    let more = samples.saturating_sub(runs);
    let late = if more < runs { more } else { runs };
    runs * SERIES_BYTES as u64 + late * LATE_BYTES as u64 + samples * PREPAID_MAX as u64
}

/// The most that those samples of a batch can take whose time is accepted: each series once, however often its name comes.
/// It goes through all samples, so it is used only where the estimate of [`bytes_max`] is too large.
pub(crate) fn bytes_max_of(batch: &Batch, is_accepted: impl Fn(Millis) -> bool) -> u64 {
    // Hashed with keys of this process: nobody can choose names that make it slow.
    let mut series: HashMap<&str, u64> = HashMap::new();
    let mut last: Option<(&str, u64)> = None;
    for (name, at, _) in batch.texts() {
        if !is_accepted(at) {
            continue;
        }
        match &mut last {
            // Samples of one run share their name.
            Some((counted, samples)) if std::ptr::eq(*counted, name) => *samples += 1,
            _ => {
                if let Some((counted, samples)) = last.replace((name, 1)) {
                    *series.entry(counted).or_default() += samples;
                }
            }
        }
    }
    if let Some((counted, samples)) = last {
        *series.entry(counted).or_default() += samples;
    }
    let counts = series.values();
    counts.map(|count| series_appender::bytes_max(*count)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Head;
    use crate::head::append_counts::AppendCounts;
    use crate::head::batches::Stamp;
    use crate::head::shard_writer::ShardWriter;
    use crate::series_ref::SeriesRef;
    use base::id::TenantId;
    use proptest::prelude::*;
    use std::sync::Arc;

    type Samples = Vec<(SeriesRef, i64, f64)>;

    /// Runs of samples of neighbours, which are all in one shard.
    fn runs(longest: usize) -> impl Strategy<Value = Vec<(u32, Vec<i64>)>> {
        let times = prop::collection::vec(0_i64..2000, 1..longest);
        prop::collection::vec((0_u32..20, times), 0..20)
    }

    fn samples(runs: &[(u32, Vec<i64>)]) -> Samples {
        let of_run = |(series, times): &(u32, Vec<i64>)| {
            let series = SeriesRef(*series);
            let samples = times.iter().map(move |at| (series, *at, 1.0));
            samples.collect::<Samples>()
        };
        runs.iter().flat_map(of_run).collect()
    }

    proptest! {
        /// Whatever was there before, and in whatever order its samples are.
        #[test]
        fn no_batch_takes_more_than_its_runs_can(before in runs(600), batch in runs(400)) {
            let mut writer = ShardWriter::new(Arc::new(Head::default()));
            let mut append = |runs: &[(u32, Vec<i64>)]| {
                let mut sum = AppendCounts::default();
                let terms = (TenantId(1), Stamp::before_all());
                writer.append(terms, &samples(runs), &mut sum, |_, _| {});
                (sum.samples, sum.bytes)
            };
            append(&before);
            let (count, taken) = append(&batch);
            let most = bytes_max_of_runs(count, batch.len() as u64);
            prop_assert!(taken <= most, "{taken} of {most}");
        }
    }
}
