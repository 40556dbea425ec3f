//! Appends by a caller whose credential is limited to some series: what of a batch it may write.

use base::sample::{Appended, Batch, RejectReason};
use base::selector::NameFilter;
use base::store::StoreError;

/// Appends what the filter lets through, and rejects the rest.
pub(crate) fn append_filtered(
    filter: &NameFilter,
    batch: &Batch,
    append: impl FnOnce(&Batch) -> Result<Appended, StoreError>,
) -> Result<Appended, StoreError> {
    let (mut reached, mut places) = (Batch::default(), Vec::with_capacity(batch.len()));
    let mut rejected = Vec::new();
    let mut place = 0;
    for run in batch.runs() {
        let is_reached = filter.matches(&run.key);
        for (at, value) in run.timestamps.iter().zip(run.values) {
            if is_reached {
                reached.add(&run.key, *at, *value);
                places.push(place);
            } else {
                rejected.push((place, RejectReason::OutOfReach));
            }
            place += 1;
        }
    }
    let mut appended = append(&reached)?;
    let refused = std::mem::take(&mut appended.rejected).into_iter();
    let placed = refused.filter_map(|(at, reason)| Some((*places.get(at)?, reason)));
    rejected.extend(placed);
    rejected.sort_unstable_by_key(|(place, _)| *place);
    appended.rejected = rejected;
    Ok(appended)
}
