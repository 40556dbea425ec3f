//! Chooses the segments of a run that are merged into one. Pure.
//!
//! It is a size-tiered strategy: of too many segments the newest that are of similar size are merged, and a much larger older one is
//! left alone until they have grown.

use crate::failed_merges::MergeGroup;

/// How much larger than all newer ones together a segment may be and still be merged with them. A day that is flushed
/// into n times is so rewritten about log n times; merging all of it whenever it has too many segments would rewrite it n times.
const GROWTH: u64 = 2;

/// Segments of many days are merged with each other as long as they have at most one in so many bytes of the store together. There is
/// one group of them, whatever days they are of: a merge of it would else grow without end, where that of a day has a day's bytes.
const MULTI_DAY_PART: u64 = 16;

/// Segments of many days, of at most so many bytes together, are merged with each other in a store of any size.
const MULTI_DAY_BYTES_MIN: u64 = 256 * 1024 * 1024;

/// The limits that decide when the newest segments of a run are merged, and how many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MergeLimits {
    /// The most segments of a run; at least one, or a single segment would be rewritten again and again.
    pub(super) segments: usize,
    /// The most bytes of the merged segments together. Older segments that have reached this size are left alone.
    pub(super) bytes: u64,
}

impl MergeLimits {
    /// The limits for a group whose runs may have so many segments, in a store of `stored` bytes.
    pub(super) fn of(group: MergeGroup, segments: usize, stored: u64) -> Self {
        let bytes = match group {
            MergeGroup::Day(_) => u64::MAX,
            MergeGroup::MultiDay => (stored / MULTI_DAY_PART).max(MULTI_DAY_BYTES_MIN),
        };
        Self {
            segments: segments.max(1),
            bytes,
        }
    }
}

/// The position from which on the segments of a run are merged into one. Their sizes are given, the oldest first. None where the run
/// does not have too many.
pub(super) fn choose_merge(sizes: &[u64], limits: MergeLimits) -> Option<usize> {
    let mut sum = 0_u64;
    let newest = sizes.iter().rev().take_while(|size| {
        sum = sum.saturating_add(**size);
        sum <= limits.bytes
    });
    let newest = newest.count();
    if newest <= limits.segments {
        return None;
    }
    let first = sizes.len() - newest;
    let newest = sizes.get(first..).unwrap_or_default();
    Some(first + similar_from(newest))
}

/// The position from which on segments of these sizes, the oldest first, are similar enough to be merged; the newest two always are.
fn similar_from(sizes: &[u64]) -> usize {
    let mut from = sizes.len().saturating_sub(2);
    let mut sum: u64 = sizes.iter().skip(from).sum();
    while let Some(older) = from.checked_sub(1).and_then(|at| sizes.get(at)) {
        if *older > sum.saturating_mul(GROWTH) {
            break;
        }
        sum = sum.saturating_add(*older);
        from -= 1;
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::Day;
    use proptest::prelude::*;

    const fn limits(segments: usize, bytes: u64) -> MergeLimits {
        MergeLimits { segments, bytes }
    }

    /// A run into which one byte is flushed at a time, and which is merged as chosen after each flush.
    #[derive(Debug, Default)]
    struct Flushed {
        sizes: Vec<u64>,
        rewritten: u64,
        largest_merge: u64,
        files_max: usize,
    }

    fn flush(times: usize, limits: MergeLimits) -> Flushed {
        let mut run = Flushed::default();
        for _ in 0..times {
            run.sizes.push(1);
            if let Some(from) = choose_merge(&run.sizes, limits) {
                let merged: u64 = run.sizes.drain(from..).sum();
                run.rewritten += merged;
                run.largest_merge = run.largest_merge.max(merged);
                run.sizes.push(merged);
            }
            run.files_max = run.files_max.max(run.sizes.len());
        }
        run
    }

    #[test]
    fn the_newest_of_similar_size_are_merged_where_they_are_too_many() {
        let cases: [(&[u64], Option<usize>, &str); 8] = [
            (&[], None, "nothing is there"),
            (&[1, 1], None, "as many as allowed"),
            (&[1, 1, 1], Some(0), "one too many"),
            (&[300, 100, 1], Some(1), "two at least"),
            (&[100, 1, 1, 1], Some(1), "a large one is left alone"),
            (&[6, 1, 2], Some(0), "twice as large as the newer"),
            (&[7, 1, 2], Some(1), "more than twice as large"),
            (&[100, 20, 9, 1, 1], Some(3), "each older one too large"),
        ];
        for (sizes, from, why) in cases {
            assert_eq!(choose_merge(sizes, limits(2, u64::MAX)), from, "{why}");
        }
    }

    #[test]
    fn no_more_bytes_are_merged_than_the_limit() {
        let cases: [(&[u64], Option<usize>, &str); 4] = [
            (&[1, 1, 1], Some(0), "all of them"),
            (&[1, 1, 1, 1], Some(1), "the oldest has reached its size"),
            (&[1, 2, 1], None, "only two go together"),
            (&[1, 1, 9], None, "the newest is too large"),
        ];
        for (sizes, from, why) in cases {
            assert_eq!(choose_merge(sizes, limits(2, 3)), from, "{why}");
        }
    }

    #[test]
    fn one_segment_is_never_too_many() {
        let limits = MergeLimits::of(MergeGroup::Day(Day(1)), 0, 0);
        assert_eq!(choose_merge(&[1], limits), None);
        assert_eq!(choose_merge(&[1, 1], limits), Some(0));
    }

    #[test]
    fn only_segments_of_many_days_have_a_limit_of_bytes() {
        let bytes = |group, stored| MergeLimits::of(group, 8, stored).bytes;
        assert_eq!(bytes(MergeGroup::Day(Day(1)), 0), u64::MAX);
        assert_eq!(bytes(MergeGroup::MultiDay, 0), MULTI_DAY_BYTES_MIN);
        assert_eq!(
            bytes(MergeGroup::MultiDay, 320 * MULTI_DAY_BYTES_MIN),
            20 * MULTI_DAY_BYTES_MIN
        );
    }

    #[test]
    fn a_day_is_rewritten_a_logarithm_of_times() {
        let day = flush(4096, limits(8, u64::MAX));
        assert!(day.rewritten < 4096 * 12, "{day:?}");
        assert!(day.files_max <= 9, "{day:?}");
    }

    #[test]
    fn segments_of_many_days_grow_up_to_their_limit() {
        let late = flush(4096, limits(8, 64));
        assert!((32..=64).contains(&late.largest_merge), "{late:?}");
        assert!(late.sizes.len() <= 9 + 2 * 4096 / 64, "{late:?}");
        assert!(late.rewritten < 4096 * 6, "{late:?}");
    }

    proptest! {
        #[test]
        fn merging_as_chosen_ends_within_the_limits(
            mut sizes in prop::collection::vec(0_u64..100, 0..40),
            segments in 1_usize..9,
            bytes in 0_u64..1000,
        ) {
            while let Some(from) = choose_merge(&sizes, limits(segments, bytes)) {
                let merged: Vec<u64> = sizes.drain(from..).collect();
                let sum: u64 = merged.iter().sum();
                prop_assert!(merged.len() >= 2, "it would be rewritten for nothing");
                prop_assert!(sum <= bytes);
                if let Some(older) = sizes.last() {
                    prop_assert!(older + sum > bytes || *older > sum * GROWTH, "{older} > {sum}");
                }
                sizes.push(sum);
            }
            let one_too_many: u64 = sizes.iter().rev().take(segments + 1).sum();
            prop_assert!(sizes.len() <= segments || one_too_many > bytes, "{sizes:?}");
        }
    }
}
