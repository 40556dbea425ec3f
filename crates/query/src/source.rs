//! The interface by which an evaluation reads series.

use crate::series::{Tags, Values};
use crate::tags::TagExpression;
use base::store::StoreError;

/// Which time is asked for, in epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Range {
    /// Exclusive.
    pub from: i64,
    /// Inclusive.
    pub until: i64,
}

/// A series as it was read: values from `start` on, `step` seconds apart, that fill the range asked for. NaN is no value.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// Its name.
    pub name: String,
    /// Its tags: `name` is its path.
    pub tags: Tags,
    /// Epoch second of the first value.
    pub start: i64,
    /// Epoch second at which it ends, exclusive.
    pub end: i64,
    /// Seconds between values; positive.
    pub step: i64,
    /// The values.
    pub values: Values,
}

/// A path with wildcards, or tag expressions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Path {
    /// The series whose name fits a path with wildcards.
    Glob(String),
    /// The series with tags that fit all of these expressions.
    Tags(Vec<TagExpression>),
}

/// Something that happened, as `/events` keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Epoch second.
    pub when: i64,
    /// Its tags.
    pub tags: Vec<String>,
}

/// Reads series for a caller, and nothing that the caller may not see.
pub trait Source {
    /// The series of each path, ascending by name, each once. All of one request's paths and ranges that are known together
    /// come in one call. A value is the same whichever range it is read with, so that what is known of a range need not be read
    /// again for a longer one.
    ///
    /// # Errors
    /// [`StoreError`], a budget that is used up included.
    fn fetch(&self, paths: &[Path], range: Range) -> Result<Vec<Vec<Fetched>>, StoreError>;

    /// Seconds between the values of whatever is read of a range or from an earlier instant on, where that is the same for all:
    /// values stand at multiples of it, and a longer range has the values of each that ends with it. `None` where it is not known.
    fn uniform_step(&self, _range: Range) -> Option<i64> {
        None
    }

    /// Events of a range that have all of these tags; all events where there is no tag.
    ///
    /// # Errors
    /// [`StoreError`].
    fn events(&self, tags: &[String], range: Range) -> Result<Vec<Event>, StoreError>;
}
