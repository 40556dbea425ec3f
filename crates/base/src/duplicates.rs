//! Counts the samples of a write that a later sample of the same write replaces: of one series and instant, the last one
//! counts.

/// How many of them are not the last of their series and instant. Sorted, not hashed: what a sender sends is mostly in order
/// already, which costs one look at each, and nobody can choose what makes it slow.
pub fn count<P: Ord>(placed: &mut [P]) -> u64 {
    placed.sort_unstable();
    let same = placed.windows(2).filter(|pair| pair.first() == pair.last());
    same.count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        #[test]
        fn what_is_left_is_one_of_each(places in prop::collection::vec((0_u32..4, 0_i64..6), 0..40)) {
            let distinct: HashSet<_> = places.iter().copied().collect();
            prop_assert_eq!(count(&mut places.clone()), (places.len() - distinct.len()) as u64);
        }
    }
}
