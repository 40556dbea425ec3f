//! The series of several segments as one ascending list, a piece at a time: their number takes no memory.

use crate::series_ref::SeriesRef;
use base::id::TenantId;
use base::store::StoreError;

/// A series, in the order of segments.
pub(super) type Key = (TenantId, SeriesRef);

/// Every series of some sources, each of which ascends; each series once.
#[derive(Debug)]
pub(super) struct SeriesUnion<I> {
    /// With the next series of each.
    sources: Vec<(I, Option<Key>)>,
}

impl<I: Iterator<Item = Result<Key, StoreError>>> SeriesUnion<I> {
    pub(super) fn of(sources: impl Iterator<Item = I>) -> Result<Self, StoreError> {
        let sources = sources.map(|mut source| {
            let first = source.next().transpose()?;
            Ok((source, first))
        });
        Ok(Self {
            sources: sources.collect::<Result<_, StoreError>>()?,
        })
    }

    fn next(&mut self) -> Result<Option<Key>, StoreError> {
        let Some(least) = self.sources.iter().filter_map(|(_, next)| *next).min() else {
            return Ok(None);
        };
        for (source, next) in &mut self.sources {
            if *next == Some(least) {
                *next = source.next().transpose()?;
            }
        }
        Ok(Some(least))
    }

    /// The next series, at most `count` of them; none at the end.
    pub(super) fn next_piece(&mut self, count: usize) -> Result<Vec<Key>, StoreError> {
        let mut piece = Vec::new();
        while piece.len() < count
            && let Some(next) = self.next()?
        {
            piece.push(next);
        }
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn source(keys: &BTreeSet<(u32, u32)>) -> Vec<Result<Key, StoreError>> {
        let key = |(tenant, series): &(u32, u32)| Ok((TenantId(*tenant), SeriesRef(*series)));
        keys.iter().map(key).collect()
    }

    proptest! {
        #[test]
        fn it_is_the_union_in_order_whatever_the_pieces(
            sources in prop::collection::vec(prop::collection::btree_set((0_u32..3, 0_u32..20), 0..20), 0..5),
            count in 1_usize..9,
        ) {
            let keys = sources.iter().map(|keys| source(keys).into_iter());
            let mut union = SeriesUnion::of(keys).unwrap();
            let mut found = Vec::new();
            loop {
                let piece = union.next_piece(count).unwrap();
                if piece.is_empty() {
                    break;
                }
                prop_assert!(piece.len() <= count);
                found.extend(piece.into_iter().map(|(tenant, series)| (tenant.0, series.0)));
            }
            let expected: BTreeSet<_> = sources.into_iter().flatten().collect();
            prop_assert_eq!(found, Vec::from_iter(expected));
        }
    }

    #[test]
    fn damage_of_one_source_ends_it() {
        let whole = source(&BTreeSet::from([(1, 1), (1, 5)]));
        let mut damaged = source(&BTreeSet::from([(1, 2)]));
        damaged.push(Err(StoreError::Unsupported("be read")));
        let mut union =
            SeriesUnion::of([whole.into_iter(), damaged.into_iter()].into_iter()).unwrap();
        assert!(union.next_piece(9).is_err());
    }
}
