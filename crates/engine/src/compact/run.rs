//! Which segments of a crowded day to merge.

/// How much larger than all newer ones together a segment may be and still be merged with them. A day that is flushed
/// into n times is so rewritten about log n times; merging all of it whenever it is crowded would rewrite it n times.
const GROWTH: u64 = 2;

/// The position from which on to merge segments of these sizes, oldest first; at least two.
pub(super) fn start(sizes: &[u64]) -> usize {
    let mut start = sizes.len().saturating_sub(2);
    let mut sum: u64 = sizes.iter().skip(start).sum();
    while let Some(older) = start.checked_sub(1).and_then(|at| sizes.get(at)) {
        if *older > sum.saturating_mul(GROWTH) {
            break;
        }
        sum = sum.saturating_add(*older);
        start -= 1;
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_ones_are_merged_and_large_ones_left_alone() {
        assert_eq!(start(&[]), 0);
        assert_eq!(start(&[5]), 0);
        assert_eq!(start(&[100, 1]), 0, "two at least");
        assert_eq!(start(&[1, 1, 1, 1]), 0);
        assert_eq!(start(&[100, 1, 1, 1]), 1);
        assert_eq!(start(&[100, 20, 9, 1, 1]), 3);
    }

    #[test]
    fn a_day_is_rewritten_a_logarithm_of_times() {
        let (mut sizes, mut rewritten, mut most) = (Vec::new(), 0, 0);
        for _ in 0..4096 {
            sizes.push(1_u64);
            if sizes.len() > 8 {
                let merged = sizes.drain(start(&sizes)..).sum();
                rewritten += merged;
                sizes.push(merged);
            }
            most = most.max(sizes.len());
        }
        assert!(rewritten < 4096 * 12, "{rewritten}");
        assert!(most <= 9, "{most}");
    }
}
