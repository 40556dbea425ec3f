//! The values of a series. Copies, and parts of them, share the values until one changes them.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

/// Values one after another.
#[derive(Clone, Default)]
pub struct Values {
    shared: Arc<Vec<f64>>,
    /// Which of them count; it lies within them.
    part: Range<usize>,
}

impl Values {
    /// Those at a range of places, as far as there are any; none is copied.
    #[must_use]
    pub fn slice(&self, places: Range<usize>) -> Self {
        let end = places.end.min(self.part.len());
        let start = places.start.min(end);
        Self {
            shared: Arc::clone(&self.shared),
            part: self.part.start + start..self.part.start + end,
        }
    }

    /// The values, to be changed; `None` where others have them too.
    pub(super) fn get_mut(&mut self) -> Option<&mut [f64]> {
        Arc::get_mut(&mut self.shared)?.get_mut(self.part.clone())
    }

    /// The values, to be changed: a copy of them where others have them too.
    pub(super) fn make_mut(&mut self) -> &mut [f64] {
        if Arc::get_mut(&mut self.shared).is_none() {
            *self = Self::from(self.to_vec());
        }
        self.get_mut().unwrap_or_default()
    }
}

impl Deref for Values {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        self.shared.get(self.part.clone()).unwrap_or_default()
    }
}

impl From<Vec<f64>> for Values {
    fn from(values: Vec<f64>) -> Self {
        let part = 0..values.len();
        Self {
            shared: Arc::new(values),
            part,
        }
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_shared_until_it_is_changed() {
        let whole = Values::from(vec![1.0, 2.0, 3.0, 4.0]);
        let mut part = whole.slice(1..3);
        assert_eq!((&part[..], part.slice(1..9).len()), (&[2.0, 3.0][..], 1));
        let (late, early) = (5, 1);
        assert!(part.slice(late..early).is_empty() && part.slice(2..2).is_empty());
        assert!(part.get_mut().is_none());
        part.make_mut().fill(0.0);
        assert_eq!(
            (&whole[..], &part[..]),
            (&[1.0, 2.0, 3.0, 4.0][..], &[0.0, 0.0][..])
        );
        let address = part.as_ptr();
        part.make_mut().fill(5.0);
        assert_eq!((part.as_ptr(), &part[..]), (address, &[5.0, 5.0][..]));
    }
}
