//! How far apart the values of a series stand in Graphite's view, and what several samples become: rules by name, in the words
//! of carbon's `storage-schemas.conf` and `storage-aggregation.conf`.
//!
//! The rules make a view. What was sent is kept as it was sent, so another rule shows another view of the same samples.

mod conf;
mod error;
mod ordered;
mod retention;
#[cfg(test)]
mod tests;

pub use error::{ParseError, Problem, SchemaError};
pub use retention::Retention;

use crate::series::Consolidation;
use base::limit;
use base::regex_memory::tree_bytes;
use conf::Section;
use ordered::Ordered;
use std::convert::Infallible;

/// Seconds between values where no rule matches.
pub(crate) const DEFAULT_STEP: i64 = 60;

/// Step and consolidation of a series, by the rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Seconds between values.
    pub step: i64,
    /// How the samples of one slot are consolidated, and the values of a finer retention into a coarser one.
    pub method: Consolidation,
    /// The share of values that a coarser retention needs.
    pub x_files_factor: f64,
}

/// The rules of a domain.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    schemas: Ordered<Vec<Retention>>,
    aggregations: Ordered<Aggregation>,
    /// Seconds between values where no rule matches.
    default_step: Option<i64>,
}

/// A rule of `storage-aggregation.conf`; what it leaves out is carbon's default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Aggregation {
    method: Option<Consolidation>,
    x_files_factor: Option<f64>,
}

impl Rules {
    /// Reads both files; an empty text is a file without rules.
    ///
    /// # Errors
    /// [`SchemaError`] with the file's line.
    pub fn parse(schemas: &str, aggregations: &str) -> Result<Self, SchemaError> {
        Self::parse_checked(schemas, aggregations, &mut || Ok(())).map_err(
            |error: ParseError<Infallible>| match error {
                ParseError::Unreadable(error) => error,
                ParseError::Stopped(never) => match never {},
            },
        )
    }

    /// The same, where the work may have to end: `check` is called before each pattern is read, and before each part of them is
    /// compiled.
    ///
    /// # Errors
    /// [`ParseError`]; those of `check`, too.
    pub fn parse_checked<E>(
        schemas: &str,
        aggregations: &str,
        check: &mut impl FnMut() -> Result<(), E>,
    ) -> Result<Self, ParseError<E>> {
        Ok(Self {
            schemas: schemas_of(schemas, check)?,
            aggregations: aggregations_of(aggregations, check)
                .map_err(ParseError::in_aggregation)?,
            default_step: None,
        })
    }

    /// The same with another step where no rule fits; one that is not positive changes nothing.
    #[must_use]
    pub fn with_default_step(self, step: i64) -> Self {
        let default_step = (step > 0).then_some(step);
        Self {
            default_step,
            ..self
        }
    }

    /// The bytes that [`parse`](Self::parse) takes at most for these files, beside its result.
    #[must_use]
    pub fn bytes_to_parse(schemas: &str, aggregations: &str) -> u64 {
        let most = limit::SCHEMA_READING_BYTES.default;
        let of = |text: &str| (tree_bytes(text) as u64).min(most);
        // One file after the other.
        of(schemas).max(of(aggregations))
    }

    /// The bytes that they take in memory at most.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let retentions = self.schemas.rules.iter().map(Vec::capacity).sum::<usize>();
        let rules = retentions * size_of::<Retention>()
            + self.schemas.list_bytes()
            + self.aggregations.list_bytes();
        (size_of::<Self>() + rules + self.schemas.bytes + self.aggregations.bytes) as u64
    }

    fn default_step(&self) -> i64 {
        self.default_step.unwrap_or(DEFAULT_STEP)
    }

    /// The widest step that a series may have.
    #[must_use]
    pub fn widest_step(&self) -> i64 {
        let widest = self.schemas.rules.iter().filter_map(|rule| rule.last());
        let widest = widest.map(|widest| widest.step).max();
        widest.unwrap_or(0).max(self.default_step())
    }

    /// The finest step that a series may have.
    #[must_use]
    pub fn finest_step(&self) -> i64 {
        let finest = self.schemas.rules.iter().filter_map(|rule| rule.first());
        let finest = finest.map(|finest| finest.step).min();
        finest.map_or(self.default_step(), |finest| {
            finest.min(self.default_step())
        })
    }

    /// Whether there is no rule about steps.
    #[must_use]
    pub fn has_no_step_rules(&self) -> bool {
        self.schemas.rules.is_empty()
    }

    /// Whether all series look the same: there is no rule of either file.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schemas.rules.is_empty() && self.aggregations.rules.is_empty()
    }

    /// The retentions of a name, finest first; none where no rule fits.
    #[must_use]
    pub fn retentions(&self, name: &str) -> &[Retention] {
        let Ok(retentions) = self.retentions_checked(name, &mut never);
        retentions
    }

    fn retentions_checked<E>(
        &self,
        name: &str,
        check: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<&[Retention], E> {
        let first = self.schemas.first(name, check)?;
        Ok(first.map_or(&[], Vec::as_slice))
    }

    /// The view of a series that is read from `age` seconds before now on; `name` is its Graphite text, including tags. The
    /// step is that of the first of its retentions that reaches back so far, or else that of the last one.
    #[must_use]
    pub fn view(&self, name: &str, age: i64) -> View {
        let Ok(view) = self.view_checked(name, age, &mut never);
        view
    }

    /// The same, where the work may have to end: `check` is called before each part of it with its greatest cost, in bytes of patterns
    /// times bytes of the name.
    ///
    /// # Errors
    /// The error of `check`.
    pub fn view_checked<E>(
        &self,
        name: &str,
        age: i64,
        check: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<View, E> {
        let aggregation = self.aggregations.first(name, check)?;
        let aggregation = aggregation.copied().unwrap_or_default();
        let retentions = self.retentions_checked(name, check)?;
        let reaches = retentions.iter().find(|retention| retention.kept >= age);
        Ok(View {
            step: reaches
                .or(retentions.last())
                .map_or(self.default_step(), |retention| retention.step),
            method: aggregation.method.unwrap_or_default(),
            x_files_factor: aggregation.x_files_factor.unwrap_or(0.5),
        })
    }
}

/// A check that ends nothing.
const fn never(_: u64) -> Result<(), Infallible> {
    Ok(())
}

fn schemas_of<E>(
    text: &str,
    check: &mut impl FnMut() -> Result<(), E>,
) -> Result<Ordered<Vec<Retention>>, ParseError<E>> {
    let sections = sections(text)?;
    let mut rules = Vec::with_capacity(sections.len());
    for section in &sections {
        section.require_known(&["pattern", "retentions", "priority"])?;
        let retentions = section.required("retentions")?;
        let parsed = retention::parse(retentions.text)
            .map_err(|problem| section.error(&retentions, problem))?;
        rules.push(parsed);
    }
    Ordered::new(&sections, rules, check)
}

fn aggregations_of<E>(
    text: &str,
    check: &mut impl FnMut() -> Result<(), E>,
) -> Result<Ordered<Aggregation>, ParseError<E>> {
    let sections = sections(text)?;
    let mut rules = Vec::with_capacity(sections.len());
    for section in &sections {
        section.require_known(&["pattern", "xFilesFactor", "aggregationMethod"])?;
        let mut rule = Aggregation::default();
        if let Some(share) = section.get("xFilesFactor") {
            let number = share.text.parse().ok();
            let number = number.filter(|number| (0.0..=1.0).contains(number));
            rule.x_files_factor = Some(number.ok_or_else(|| {
                let (key, text) = (share.key.to_owned(), share.text.to_owned());
                section.error(&share, Problem::Share { key, text })
            })?);
        }
        if let Some(method) = section.get("aggregationMethod") {
            let known = Consolidation::named(method.text);
            rule.method =
                Some(known.ok_or_else(|| {
                    section.error(&method, Problem::Method(method.text.to_owned()))
                })?);
        }
        rules.push(rule);
    }
    Ordered::new(&sections, rules, check)
}

fn sections(text: &str) -> Result<Vec<Section<'_>>, SchemaError> {
    if text.len() as u64 > limit::SCHEMA_BYTES.default {
        return Err(SchemaError::new(1, Problem::TooLong(text.len())));
    }
    conf::sections(text)
}
