//! How far apart the values of a series stand in Graphite's view, and what several samples become: rules by name, in the words
//! of carbon's `storage-schemas.conf` and `storage-aggregation.conf`.
//!
//! The rules make a view. What was sent is kept as it was sent, so another rule shows another view of the same samples.

mod conf;
mod error;
mod retention;
#[cfg(test)]
mod tests;

pub use error::{Problem, SchemaError};
pub use retention::Retention;

use crate::series::Consolidation;
use base::expression::tree_bytes;
use base::limit;
use conf::{Section, Setting};
use regex::{RegexBuilder, RegexSet, RegexSetBuilder};

/// Seconds between values where no rule fits.
pub(crate) const DEFAULT_STEP: i64 = 60;

/// Bytes that the patterns of one part may take once they are compiled: the smallest of these in which they fit is what they are
/// counted as. A name is compared with a part at once, so that this is also what it may cost between two looks at the clock.
const COMPILED_BYTES: [usize; 5] = [1 << 12, 1 << 14, 1 << 16, 3 << 15, 1 << 17];

/// The same for a part of one pattern, which cannot be halved: one that matches several words of any letters takes as much.
const COMPILED_BYTES_ALONE: [usize; 4] = [3 << 16, 1 << 18, 3 << 17, 1 << 19];

/// Bytes that all patterns of one file may take once they are compiled.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// What has to be held beside the compiled patterns, as a multiple of them: for each thread that compares names with them, what
/// it has read of them.
const BESIDE: usize = 4;

/// Bytes that all patterns of one file may take while they are read, which is at once.
const TREES_BYTES_MAX: usize = 8 << 20;

/// What the rules say about a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Seconds between values.
    pub step: i64,
    /// What the samples of one slot become, and the values that a coarser one is made of.
    pub method: Consolidation,
    /// The share of values that a coarser retention needs.
    pub x_files_factor: f64,
}

/// The rules of a domain.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    schemas: Ordered<Vec<Retention>>,
    aggregations: Ordered<Aggregation>,
    /// Seconds between values where no rule fits.
    default_step: Option<i64>,
}

/// A rule of `storage-aggregation.conf`; what it leaves out is carbon's default.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Aggregation {
    method: Option<Consolidation>,
    x_files_factor: Option<f64>,
}

/// Rules of which the first that fits counts.
#[derive(Debug, Clone)]
struct Ordered<T> {
    parts: Vec<Patterns>,
    rules: Vec<T>,
    /// What the patterns take at most.
    bytes: usize,
}

/// Patterns of rules that follow each other, which are compared at once.
#[derive(Debug, Clone)]
struct Patterns {
    set: RegexSet,
    /// The place of the first among the rules.
    first: usize,
    /// Bytes in which they fit.
    bytes: usize,
}

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            rules: Vec::new(),
            bytes: 0,
        }
    }
}

impl<T> Ordered<T> {
    fn new(sections: &[Section<'_>], rules: Vec<T>) -> Result<Self, SchemaError> {
        let mut texts = Vec::with_capacity(sections.len());
        let mut trees = 0_usize;
        for section in sections {
            let pattern = section.required("pattern")?;
            let bytes = pattern.text.len();
            if bytes as u64 > limit::REGEX_BYTES.default {
                return Err(section.error(&pattern, Problem::PatternTooLong(bytes)));
            }
            trees = trees.saturating_add(tree_bytes(pattern.text));
            if trees > TREES_BYTES_MAX {
                return Err(section.error(&pattern, Problem::TooLarge));
            }
            texts.push(pattern);
        }
        let mut parts = Vec::new();
        if let Err(unfit) = compile(&texts, 0, &mut parts) {
            return Err(refused(sections, &texts, &unfit));
        }
        let bytes = parts.iter().map(|part| part.bytes).sum::<usize>();
        Ok(Self {
            parts,
            rules,
            bytes: bytes.saturating_mul(1 + BESIDE),
        })
    }

    /// The first that fits. `look` is called before each part is compared.
    fn first<E>(
        &self,
        name: &str,
        look: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<Option<&T>, E> {
        for part in &self.parts {
            look((part.bytes as u64).saturating_mul(name.len() as u64))?;
            if let Some(place) = part.set.matches(name).iter().next() {
                return Ok(self.rules.get(part.first + place));
            }
        }
        Ok(None)
    }
}

/// Patterns that are not compiled. The place of the one to blame is known where it is too large, alone or with those before it.
struct Unfit(Option<usize>);

/// Compiles all patterns in as many parts as they need: those that do not fit into one are halved.
fn compile(patterns: &[Setting<'_>], first: usize, parts: &mut Vec<Patterns>) -> Result<(), Unfit> {
    let is_one = patterns.len() == 1;
    let mut fitting = COMPILED_BYTES.to_vec();
    if is_one {
        fitting.extend(COMPILED_BYTES_ALONE);
    }
    let build = |bytes: usize| {
        RegexSetBuilder::new(patterns.iter().map(|pattern| pattern.text))
            .size_limit(bytes)
            .build()
    };
    let largest = fitting.last().copied().unwrap_or_default();
    let mut outcome = None;
    for (place, bytes) in fitting.into_iter().enumerate() {
        // Each try reads all patterns anew, so those that fit into no size are not tried with each.
        if place == 1 && matches!(build(largest), Err(regex::Error::CompiledTooBig(_))) {
            break;
        }
        match build(bytes) {
            Ok(set) => {
                outcome = Some((set, bytes));
                break;
            }
            Err(regex::Error::CompiledTooBig(_)) => {}
            Err(_) => return Err(Unfit(None)),
        }
    }
    let all = parts.iter().map(|part| part.bytes).sum::<usize>();
    match outcome {
        _ if patterns.is_empty() => Ok(()),
        Some((set, bytes)) if all + bytes <= COMPILED_BYTES_MAX => {
            parts.push(Patterns { set, first, bytes });
            Ok(())
        }
        None if !is_one => {
            let (one, other) = patterns.split_at(patterns.len() / 2);
            compile(one, first, parts)?;
            compile(other, first + one.len(), parts)
        }
        _ => Err(Unfit(Some(first))),
    }
}

/// Which pattern is to blame.
fn refused(sections: &[Section<'_>], patterns: &[Setting<'_>], unfit: &Unfit) -> SchemaError {
    let blamed = |place: usize, problem: Problem| match (sections.get(place), patterns.get(place)) {
        (Some(section), Some(pattern)) => section.error(pattern, problem),
        _ => SchemaError::new(1, problem),
    };
    for (place, pattern) in patterns.iter().enumerate() {
        // It is read, and not compiled: nothing is that small.
        let read = RegexBuilder::new(pattern.text).size_limit(0).build();
        if let Err(error @ regex::Error::Syntax(_)) = read {
            let problem = Problem::Pattern(crate::tags::last_line(&error.to_string()));
            return blamed(place, problem);
        }
    }
    blamed(unfit.0.unwrap_or(0), Problem::TooLarge)
}

impl Rules {
    /// Reads both files; an empty text is a file without rules.
    ///
    /// # Errors
    /// [`SchemaError`] with the file's line.
    pub fn parse(schemas: &str, aggregations: &str) -> Result<Self, SchemaError> {
        Ok(Self {
            schemas: schemas_of(schemas)?,
            aggregations: aggregations_of(aggregations).map_err(SchemaError::in_aggregation)?,
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
        let of = |text: &str| tree_bytes(text).min(TREES_BYTES_MAX);
        // One file after the other.
        of(schemas).max(of(aggregations)) as u64
    }

    /// The bytes that they take in memory at most.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let retentions = self.schemas.rules.iter().map(Vec::capacity).sum::<usize>();
        let parts = self.schemas.parts.capacity() + self.aggregations.parts.capacity();
        let rules = retentions * size_of::<Retention>()
            + parts * size_of::<Patterns>()
            + self.schemas.rules.capacity() * size_of::<Vec<Retention>>()
            + self.aggregations.rules.capacity() * size_of::<Aggregation>();
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
        finest.map_or(self.default_step(), |own| own.min(self.default_step()))
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
        let Ok(retentions) = self.retentions_looking(name, &mut never);
        retentions
    }

    fn retentions_looking<E>(
        &self,
        name: &str,
        look: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<&[Retention], E> {
        let first = self.schemas.first(name, look)?;
        Ok(first.map_or(&[], Vec::as_slice))
    }

    /// What the rules say about a series that is read from `age` seconds before now on; its name is its Graphite text, tags and
    /// all. Values stand as far apart as in the first of its retentions that reaches back so far, or else in the last one.
    #[must_use]
    pub fn view(&self, name: &str, age: i64) -> View {
        let Ok(view) = self.view_looking(name, age, &mut never);
        view
    }

    /// The same, where the work may have to end: `look` hears before each part of it what it costs at most, in bytes of patterns
    /// times bytes of the name.
    ///
    /// # Errors
    /// What `look` says.
    pub fn view_looking<E>(
        &self,
        name: &str,
        age: i64,
        look: &mut impl FnMut(u64) -> Result<(), E>,
    ) -> Result<View, E> {
        let aggregation = self.aggregations.first(name, look)?;
        let aggregation = aggregation.copied().unwrap_or_default();
        let retentions = self.retentions_looking(name, look)?;
        let reaches = retentions.iter().find(|own| own.kept >= age);
        Ok(View {
            step: reaches
                .or(retentions.last())
                .map_or(self.default_step(), |own| own.step),
            method: aggregation.method.unwrap_or_default(),
            x_files_factor: aggregation.x_files_factor.unwrap_or(0.5),
        })
    }
}

/// Looks at nothing.
const fn never(_: u64) -> Result<(), std::convert::Infallible> {
    Ok(())
}

fn schemas_of(text: &str) -> Result<Ordered<Vec<Retention>>, SchemaError> {
    let sections = sections(text)?;
    let mut rules = Vec::with_capacity(sections.len());
    for section in &sections {
        section.known(&["pattern", "retentions", "priority"])?;
        let retentions = section.required("retentions")?;
        let parsed = retention::parse(retentions.text)
            .map_err(|problem| section.error(&retentions, problem))?;
        rules.push(parsed);
    }
    Ordered::new(&sections, rules)
}

fn aggregations_of(text: &str) -> Result<Ordered<Aggregation>, SchemaError> {
    let sections = sections(text)?;
    let mut rules = Vec::with_capacity(sections.len());
    for section in &sections {
        section.known(&["pattern", "xFilesFactor", "aggregationMethod"])?;
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
    Ordered::new(&sections, rules)
}

fn sections(text: &str) -> Result<Vec<Section<'_>>, SchemaError> {
    if text.len() as u64 > limit::SCHEMA_BYTES.default {
        return Err(SchemaError::new(1, Problem::TooLong(text.len())));
    }
    conf::sections(text)
}
