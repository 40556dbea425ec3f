//! A series as functions see it: a name, tags, and values at equal distances.

mod consolidation;
mod drawing;
mod normalize;
mod reduce;
mod tags;
mod values;

pub use consolidation::Consolidation;
pub use drawing::Drawing;
pub use normalize::Normalized;
pub(crate) use normalize::normalize;
pub use reduce::reduce;
pub use tags::{Tags, tags_of};
pub use values::Values;

use std::borrow::Cow;

/// How functions spell the name of a series that has none.
pub const UNNAMED: &str = "None";

/// Values from `start` on, `step` seconds apart. NaN is no value. Copies share their values until one changes them.
#[derive(Debug, Clone)]
pub struct Series {
    /// Its name in the answer.
    pub name: String,
    /// The tags that it can be grouped by.
    pub tags: Tags,
    /// The path expression that it was found by, or its first name.
    pub path_expression: String,
    /// Epoch second of the first value.
    pub start: i64,
    /// Epoch second at which it ends, exclusive.
    pub end: i64,
    /// Seconds between values; positive.
    pub step: i64,
    /// The values.
    pub values: Values,
    /// How several values are consolidated where there are too many.
    pub consolidation: Consolidation,
    /// How many values become one when it is read.
    pub values_per_point: usize,
    /// The share of values that must be there for an aggregate of them.
    pub x_files_factor: f64,
    /// How a picture shows it.
    pub drawing: Drawing,
    /// Whether answers say `null` for its name while that is [`UNNAMED`]: nobody gave it one.
    pub is_unnamed: bool,
    /// Whether all its values are counts or such, which names and tags show without a point, as graphite-web does.
    pub is_whole: bool,
}

impl Series {
    /// A series of values that were computed: its name is its only tag and its path expression.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        (start, end, step): (i64, i64, i64),
        values: Vec<f64>,
    ) -> Self {
        let name = name.into();
        Self {
            tags: Tags::from([("name".to_owned(), name.clone())]),
            path_expression: name.clone(),
            name,
            start,
            end,
            step,
            values: values.into(),
            consolidation: Consolidation::Average,
            values_per_point: 1,
            x_files_factor: 0.0,
            drawing: Drawing::default(),
            is_unnamed: false,
            is_whole: false,
        }
    }

    /// Its name in answers; `None` where nobody gave it one.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        (!self.is_unnamed || self.name != UNNAMED).then_some(self.name.as_str())
    }

    /// The same with another name in answers; its tags and path expression stay.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The same with another name, which is also the path expression that functions around it see.
    #[must_use]
    pub fn renamed(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self.path_expression.clone_from(&self.name);
        self
    }

    /// The same with a tag more, or another value for it.
    #[must_use]
    pub fn tagged(mut self, tag: &str, value: impl Into<String>) -> Self {
        self.tags.insert(tag.to_owned(), value.into());
        self
    }

    /// The same, whose values are counts.
    #[must_use]
    pub const fn whole(mut self, is_whole: bool) -> Self {
        self.is_whole = is_whole;
        self
    }

    /// The same with other values.
    #[must_use]
    pub(crate) fn with_values(mut self, values: Vec<f64>) -> Self {
        self.is_whole = false;
        self.values = values.into();
        self
    }

    /// Its values, to be changed: in place where nobody else has them. Nobody takes them for counts any more.
    pub fn values_mut(&mut self) -> &mut [f64] {
        self.is_whole = false;
        self.values.make_mut()
    }

    /// The same with each value changed; what has none is left alone.
    #[must_use]
    pub fn map(mut self, mut change: impl FnMut(f64) -> f64) -> Self {
        self.is_whole = false;
        if let Some(values) = self.values.get_mut() {
            for value in values {
                *value = change(*value);
            }
        } else {
            // Others have them too: what comes out of it is written once, and what they have is not copied first.
            let changed = self.values.iter().map(|value| change(*value));
            self.values = changed.collect::<Vec<_>>().into();
        }
        self
    }

    /// Its points: its values, consolidated where it is to have fewer.
    #[must_use]
    pub fn points(&self) -> Cow<'_, [f64]> {
        if self.values_per_point <= 1 {
            return Cow::Borrowed(&self.values);
        }
        let of = |values: &[f64]| {
            self.consolidation
                .of_bucket(values, self.values_per_point, self.x_files_factor)
        };
        Cow::Owned(self.values.chunks(self.values_per_point).map(of).collect())
    }

    /// Its values, and its texts as if they were values: eight bytes each.
    #[must_use]
    pub fn weight(&self) -> usize {
        let tags = self.tags.iter().map(|(tag, value)| tag.len() + value.len());
        let drawing = &self.drawing;
        let color = drawing.color.as_ref().map_or(0, String::len)
            + drawing.band.as_ref().map_or(0, |band| band.len());
        let texts = self.name.len() + self.path_expression.len() + tags.sum::<usize>() + color;
        self.values.len().saturating_add(texts / 8)
    }

    /// Whether no value is there.
    #[must_use]
    pub(crate) fn is_empty_of_values(&self) -> bool {
        self.values.iter().all(|value| value.is_nan())
    }

    /// The values that are there.
    pub fn present(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().copied().filter(|value| !value.is_nan())
    }
}

impl Series {
    /// Its points with their epoch seconds, as answers show them: from its start to its end, that included.
    pub fn datapoints(&self) -> impl Iterator<Item = (i64, f64)> {
        let distance = self
            .step
            .saturating_mul(i64::try_from(self.values_per_point).unwrap_or(1));
        let (start, end) = (self.start, self.end);
        let points = self.points().into_owned();
        points
            .into_iter()
            .zip(0_i64..)
            .map(move |(value, index)| (start + index * distance, value))
            .take_while(move |(at, _)| *at <= end)
    }
}
