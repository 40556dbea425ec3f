//! A list with gaps: places up to billions, of which only those that are used take memory, with their neighbours. A new place
//! copies nothing.

/// Entries of a node.
const FAN: usize = 128;

#[derive(Debug)]
struct Node<T> {
    used: usize,
    entries: [Option<Box<T>>; FAN],
}

impl<T> Node<T> {
    fn new() -> Self {
        Self {
            used: 0,
            entries: std::array::from_fn(|_| None),
        }
    }

    fn get(&self, at: usize) -> Option<&T> {
        self.entries.get(at)?.as_deref()
    }

    fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.entries.get_mut(at)?.as_deref_mut()
    }

    fn get_or_insert_with(&mut self, at: usize, make: impl FnOnce() -> T) -> Option<&mut T> {
        let entry = self.entries.get_mut(at)?;
        self.used += usize::from(entry.is_none());
        Some(entry.get_or_insert_with(|| Box::new(make())))
    }

    fn take(&mut self, at: usize) -> Option<Box<T>> {
        let value = self.entries.get_mut(at)?.take()?;
        self.used -= 1;
        Some(value)
    }
}

/// Values by place.
#[derive(Debug)]
pub(crate) struct Sparse<T> {
    /// One entry for each 16384 places.
    root: Vec<Option<Box<Node<Node<T>>>>>,
    bytes: usize,
}

impl<T> Default for Sparse<T> {
    fn default() -> Self {
        Self::new()
    }
}

const fn path(place: usize) -> (usize, usize, usize) {
    (place / FAN / FAN, place / FAN % FAN, place % FAN)
}

impl<T> Sparse<T> {
    pub(crate) const fn new() -> Self {
        Self {
            root: Vec::new(),
            bytes: 0,
        }
    }

    /// Bytes of the values and of what leads to them, but not of what the values point to.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes + self.root.capacity() * size_of::<usize>()
    }

    pub(crate) fn get(&self, place: usize) -> Option<&T> {
        let (top, middle, low) = path(place);
        self.root.get(top)?.as_ref()?.get(middle)?.get(low)
    }

    pub(crate) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let (top, middle, low) = path(place);
        let node = self.root.get_mut(top)?.as_mut()?;
        node.get_mut(middle)?.get_mut(low)
    }

    /// The value of a place, which is made where there is none.
    pub(crate) fn get_or_insert_with(
        &mut self,
        place: usize,
        make: impl FnOnce() -> T,
    ) -> Option<&mut T> {
        let (top, middle, low) = path(place);
        if self.root.len() <= top {
            self.root.resize_with(top + 1, || None);
        }
        let bytes = &mut self.bytes;
        let inner = self.root.get_mut(top)?.get_or_insert_with(|| {
            *bytes += size_of::<Node<Node<T>>>();
            Box::new(Node::new())
        });
        let leaf = inner.get_or_insert_with(middle, || {
            *bytes += size_of::<Node<T>>();
            Node::new()
        })?;
        leaf.get_or_insert_with(low, || {
            *bytes += size_of::<T>();
            make()
        })
    }

    /// Takes out a value, and frees what led to it alone.
    pub(crate) fn remove(&mut self, place: usize) -> Option<Box<T>> {
        let (top, middle, low) = path(place);
        let entry = self.root.get_mut(top)?;
        let inner = entry.as_mut()?;
        let leaf = inner.get_mut(middle)?;
        let value = leaf.take(low)?;
        self.bytes -= size_of::<T>();
        if leaf.used == 0 {
            inner.take(middle);
            self.bytes -= size_of::<Node<T>>();
        }
        if inner.used == 0 {
            *entry = None;
            self.bytes -= size_of::<Node<Node<T>>>();
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn it_is_a_map_whatever_the_places(
            operations in prop::collection::vec(
                (any::<bool>(), prop_oneof![0_usize..300, 67_000_000_usize..67_108_864], any::<u32>()),
                0..500,
            ),
        ) {
            let mut sparse = Sparse::new();
            let mut model = BTreeMap::new();
            for (inserts, place, value) in operations {
                if inserts {
                    let is = sparse.get_or_insert_with(place, || value).copied();
                    prop_assert_eq!(is, Some(*model.entry(place).or_insert(value)));
                } else {
                    prop_assert_eq!(sparse.remove(place).map(|value| *value), model.remove(&place));
                }
                prop_assert_eq!(sparse.get(place), model.get(&place));
                prop_assert_eq!(sparse.get_mut(place), model.get_mut(&place));
            }
            for (place, value) in &model {
                prop_assert_eq!(sparse.get(*place), Some(value));
            }
            for place in model.into_keys() {
                prop_assert!(sparse.remove(place).is_some());
            }
            prop_assert_eq!(sparse.bytes, 0);
        }
    }

    #[test]
    fn a_place_behind_a_large_gap_takes_little_memory() {
        let mut sparse = Sparse::new();
        sparse.get_or_insert_with((u32::MAX / 64) as usize, || 1_u64);
        assert!(sparse.bytes() < 40 << 10, "{}", sparse.bytes());
    }
}
