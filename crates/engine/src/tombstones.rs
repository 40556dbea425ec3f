//! All pending deletions of ranges, by tenant: a reader checks those of its own tenant only, however many others have.

use crate::index::tree::Tree;
use crate::tombstone::Tombstone;
use base::id::TenantId;
use std::sync::Arc;

/// Among how many of its last tombstones a tenant's next piece finds the one of its deletion: as many deletions may run at a time.
const JOINED_AMONG: usize = 16;

/// The tombstones of each tenant, ascending by sequence. A copy costs nothing, and stays as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tombstones {
    by_tenant: Tree<TenantId, Arc<Vec<Tombstone>>>,
    count: usize,
    last_sequence: u64,
}

impl Tombstones {
    /// These, of which those of a tenant ascend.
    pub(crate) fn of_all(all: impl IntoIterator<Item = Tombstone>) -> Self {
        let mut tombstones = Self::default();
        for tombstone in all {
            tombstones.add(tombstone, |_| false);
        }
        tombstones
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.count
    }

    /// How many tenants have any.
    pub(crate) const fn tenants(&self) -> usize {
        self.by_tenant.len()
    }

    /// The last record that was ever added: all up to it are among these, or have nothing left to hide.
    pub(crate) const fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Those of one tenant, ascending by sequence.
    pub(crate) fn of_tenant(&self, tenant: TenantId) -> &[Tombstone] {
        let tombstones = self.by_tenant.get(&tenant);
        tombstones
            .map(|tombstones| tombstones.as_slice())
            .unwrap_or_default()
    }

    /// Hands out each tenant with its tombstones.
    pub(crate) fn each_tenant(&self, mut take: impl FnMut(TenantId, &[Tombstone])) {
        self.by_tenant
            .each(|tenant, tombstones| take(*tenant, tombstones));
    }

    /// Adds a tombstone that is later than all others of its tenant. Where `is_same` accepts one of the last of these, the two become one:
    /// several deletions take turns, a piece of each.
    pub(crate) fn add(&mut self, new: Tombstone, is_same: impl Fn(&Tombstone) -> bool) {
        self.last_sequence = self.last_sequence.max(new.sequence);
        let Some(tombstones) = self.by_tenant.get_mut(&new.tenant) else {
            self.by_tenant.insert(new.tenant, Arc::new(vec![new]));
            self.count += 1;
            return;
        };
        let tombstones = Arc::make_mut(tombstones);
        let before = tombstones.len().saturating_sub(JOINED_AMONG);
        let same = (before..tombstones.len())
            .rev()
            .find(|at| tombstones.get(*at).is_some_and(&is_same));
        if let Some(at) = same {
            let mut same = tombstones.remove(at);
            same.sequence = new.sequence;
            *Arc::make_mut(&mut same.series) |= new.series.as_ref();
            tombstones.push(same);
            return;
        }
        tombstones.push(new);
        self.count += 1;
    }

    /// A deletion up to this record has nothing left to hide.
    pub(crate) fn skip(&mut self, sequence: u64) {
        self.last_sequence = self.last_sequence.max(sequence);
    }

    /// These without those that `is_gone`.
    pub(crate) fn without(&self, is_gone: impl Fn(&Tombstone) -> bool) -> Self {
        let mut remaining = Self {
            last_sequence: self.last_sequence,
            ..Self::default()
        };
        let mut tenants = Vec::new();
        self.by_tenant.each(|tenant, tombstones| {
            if !tombstones.iter().any(&is_gone) {
                remaining.count += tombstones.len();
                tenants.push((*tenant, Arc::clone(tombstones)));
                return;
            }
            let kept = tombstones.iter().filter(|tombstone| !is_gone(tombstone));
            let kept: Vec<Tombstone> = kept.cloned().collect();
            if !kept.is_empty() {
                remaining.count += kept.len();
                tenants.push((*tenant, Arc::new(kept)));
            }
        });
        remaining.by_tenant = Tree::of_sorted(tenants);
        remaining
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::time::TimeRange;

    fn tombstone(tenant: u32, sequence: u64, series: u32) -> Tombstone {
        Tombstone {
            tenant: TenantId(tenant),
            sequence,
            range: TimeRange::ALL,
            series: Arc::new([series].into()),
        }
    }

    fn sequences(of: &[Tombstone]) -> Vec<u64> {
        of.iter().map(|tombstone| tombstone.sequence).collect()
    }

    #[test]
    fn a_tenant_has_its_own_and_what_is_taken_out_leaves_copies_as_they_were() {
        let mut all = Tombstones::of_all([tombstone(1, 3, 7), tombstone(2, 4, 8)]);
        all.add(tombstone(1, 5, 9), |_| false);
        all.add(tombstone(1, 6, 10), |last| last.sequence == 5);
        assert_eq!((all.len(), all.last_sequence()), (3, 6));
        let first = all.of_tenant(TenantId(1));
        assert_eq!(sequences(first), [3, 6]);
        assert!(first[1].series.contains(9) && first[1].series.contains(10));
        assert_eq!(sequences(all.of_tenant(TenantId(2))), [4]);
        assert!(all.of_tenant(TenantId(3)).is_empty());
        let remaining = all.without(|tombstone| tombstone.sequence != 3);
        assert_eq!((remaining.len(), remaining.last_sequence()), (1, 6));
        assert_eq!(sequences(remaining.of_tenant(TenantId(1))), [3]);
        // A piece of an earlier deletion, after one of another.
        all.add(tombstone(1, 7, 11), |earlier| earlier.sequence == 3);
        assert_eq!((all.len(), all.last_sequence()), (3, 7));
        let joined = all.of_tenant(TenantId(1));
        assert_eq!(sequences(joined), [6, 7]);
        assert!(joined[1].series.contains(7) && joined[1].series.contains(11));
        let mut tenants = Vec::new();
        remaining.each_tenant(|tenant, tombstones| tenants.push((tenant, tombstones.len())));
        assert_eq!(tenants, [(TenantId(1), 1)]);
        assert_eq!(all.len(), 3);
    }
}
