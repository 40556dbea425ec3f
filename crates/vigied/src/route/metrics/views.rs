//! Series in the view of the domain's rules, as `/render` has them: for targets that call functions, and for paths where rules tell
//! series apart.

use super::targets::MetricsTarget;
use crate::http::problem::Refusal;
use crate::route::graphite::evaluation::TargetEvaluation;
use base::context::{Context, Reservation};
use base::store::StoreError;
use query::series::{Series, reduce};
use query::source::{Fetched, Path, Source as _};

/// The series of some targets, all in memory.
pub(super) struct RuleViews<'c> {
    /// Those of each target; none for one that was not asked for.
    pub(super) of_targets: Vec<Vec<Series>>,
    /// Their bytes, until the answer is written.
    reserved: Reservation<'c>,
}

impl<'c> RuleViews<'c> {
    /// Reads and evaluates. Without `with_paths` the targets that are paths are left out.
    pub(super) fn read(
        evaluating: &TargetEvaluation<'_>,
        context: &'c Context,
        targets: &[MetricsTarget<'_>],
        with_paths: bool,
    ) -> Result<Self, Refusal> {
        // An empty target is none, and the others keep their places.
        let calls: Vec<&str> = targets
            .iter()
            .map(|target| match target {
                MetricsTarget::Call(text) => *text,
                MetricsTarget::Path(_) => "",
            })
            .collect();
        let (of_targets, reserved) = evaluating.series(context, &calls)?;
        let mut views = Self {
            of_targets,
            reserved,
        };
        if with_paths {
            let paths = targets.iter().filter_map(MetricsTarget::path);
            let globs: Vec<Path> = paths
                .map(|target| Path::Glob(target.as_str().to_owned()))
                .collect();
            let found = evaluating
                .stored()
                .fetch(&globs, evaluating.window.range())?;
            let bytes = found.iter().flatten().map(bytes_of).sum();
            let grown = views.reserved.grow(bytes);
            grown.map_err(StoreError::Stopped)?;
            let places = views.of_targets.iter_mut().zip(targets);
            let places = places.filter(|(_, target)| target.path().is_some());
            for ((place, _), found) in places.zip(found) {
                let share = evaluating.x_files_factor;
                *place = found
                    .into_iter()
                    .map(|series| as_read(series, share))
                    .collect();
            }
        }
        // If no series has a slot for a value, none is shown, as in `/render`.
        let mut series = views.of_targets.iter().flatten();
        if series.all(|series| series.values.is_empty()) {
            views.of_targets.iter_mut().for_each(Vec::clear);
        }
        Ok(views)
    }

    /// Gives each series at most about so many points, in the buckets that all of them share.
    pub(super) fn reduce(&mut self, points_max: usize) {
        let counts: Vec<usize> = self.of_targets.iter().map(Vec::len).collect();
        let mut all: Vec<Series> = self.of_targets.drain(..).flatten().collect();
        reduce(&mut all, points_max as u64);
        let mut all = all.into_iter();
        self.of_targets = counts
            .into_iter()
            .map(|count| all.by_ref().take(count).collect())
            .collect();
    }
}

/// Bytes of a series beside its values and its name, which stands in it twice.
const SERIES_BYTES: u64 = 512;

fn bytes_of(fetched: &Fetched) -> u64 {
    let values = fetched.values.len() as u64 * 8;
    values + fetched.name.len() as u64 * 2 + SERIES_BYTES
}

fn as_read(fetched: Fetched, x_files_factor: f64) -> Series {
    let span = (fetched.start, fetched.end, fetched.step);
    let mut series = Series::new(fetched.name, span, Vec::new());
    series.values = fetched.values;
    series.x_files_factor = x_files_factor;
    series
}
