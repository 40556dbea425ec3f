//! Evaluates targets into series.

mod argument_error;
#[cfg(test)]
mod depth_tests;
mod lookback;
mod memory_size;
mod on_behalf;
mod reading;
mod subexpression_cache;
mod template;
#[cfg(test)]
mod tests;

use crate::error::{Error, Fault, TargetError, column};
use crate::function::{Arguments, Evaluator, Function, FunctionCall};
use crate::series::{Drawing, Series};
use crate::source::{Fetched, Path, Range, Source};
use crate::target::{Call, DEPTH_MAX, Expression, Kind, parse};
use crate::value::Value;
use crate::window::Window;
use crate::{series, table};
use base::context::{Context, Reservation};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use subexpression_cache::SubexpressionCache;
use template::Variables;

/// Points between two checks of the deadline.
const POINTS_PER_CHECK: usize = 1 << 16;

/// Fixed cost of a call beside its points, so that calls over no series end too.
const POINTS_PER_CALL: usize = 64;

/// Bytes of the stack that a thread needs for an evaluation. Calls inside one another take part of it each, and there are as
/// many as one target may have, whoever made them up; the tests take twice as much as any target does, unoptimized.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Evaluates the targets of one request: what they read is read once.
pub struct Evaluation<'e> {
    source: &'e dyn Source,
    context: &'e Context,
    /// Bytes reserved for this evaluation.
    reserved: u64,
    /// Points that the running function reserved before its result was there.
    early: usize,
    /// Points since the deadline was last checked.
    unchecked: usize,
    read: HashMap<(Path, Range), Arc<[Fetched]>>,
    /// Results of the subexpressions that occur more than once.
    shared: SubexpressionCache,
    /// Values for variables of every template (`template[name]` of the request).
    variables: Arc<BTreeMap<String, String>>,
    /// The share of values that must be there, as the request says it.
    default_x_files_factor: f64,
    x_files_factor: f64,
    /// Sums of stacked series by the name of their stack.
    stacks: HashMap<String, Vec<f64>>,
    /// The text that is being evaluated, for the columns of errors.
    text: String,
    /// How many targets that functions made up are being evaluated, inside one another.
    made_depth: usize,
    /// How many calls are being evaluated, inside one another, in all of these targets together.
    depth: usize,
}

impl std::fmt::Debug for Evaluation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluation")
            .field("text", &self.text)
            .field("x_files_factor", &self.x_files_factor)
            .finish_non_exhaustive()
    }
}

impl<'e> Evaluation<'e> {
    /// An evaluation that reads from `source`, within the deadline and budget of `context`.
    #[must_use]
    pub fn new(source: &'e dyn Source, context: &'e Context) -> Self {
        Self {
            source,
            context,
            reserved: 0,
            early: 0,
            unchecked: 0,
            read: HashMap::new(),
            shared: SubexpressionCache::default(),
            variables: Arc::default(),
            default_x_files_factor: 0.0,
            x_files_factor: 0.0,
            stacks: HashMap::new(),
            text: String::new(),
            made_depth: 0,
            depth: 0,
        }
    }

    /// The same, with values for the variables of templates.
    #[must_use]
    pub fn with_variables(mut self, variables: BTreeMap<String, String>) -> Self {
        self.variables = Arc::new(variables);
        self
    }

    /// The same, with the share of values that must be there for an aggregate.
    #[must_use]
    pub const fn with_x_files_factor(mut self, share: f64) -> Self {
        self.default_x_files_factor = share;
        self
    }

    /// The series of each target, in order.
    ///
    /// # Errors
    /// [`Error`] of the first target that cannot be answered, with its place.
    pub fn targets(
        &mut self,
        targets: &[&str],
        window: &Window,
    ) -> Result<Vec<Vec<Series>>, (usize, Error)> {
        for (place, text) in targets.iter().enumerate() {
            self.reserve(memory_size::parsed(text))
                .map_err(|error| (place, error))?;
        }
        let parsed: Vec<(usize, &str, Expression)> = targets
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(index, text)| {
                parse(text)
                    .map(|expression| (index, *text, expression))
                    .map_err(|error| (index, error))
            })
            .collect::<Result<_, _>>()?;
        let mut paths = Vec::new();
        for (index, _, expression) in &parsed {
            let named = self.paths(expression).map_err(|error| (*index, error))?;
            paths.extend(named);
        }
        let range = window.range();
        self.read_lookback(parsed.iter().map(|(_, _, expression)| expression), range)
            .and_then(|()| self.read(paths, range))
            .map_err(|error| (0, error))?;
        self.shared = SubexpressionCache::of(
            parsed
                .iter()
                .map(|(_, text, expression)| (*text, expression)),
        );
        let mut answers: Vec<Vec<Series>> = targets.iter().map(|_| Vec::new()).collect();
        for (index, text, expression) in &parsed {
            self.depth = 0;
            self.x_files_factor = self.default_x_files_factor;
            self.stacks.clear();
            let series = self.series_of_text(text, expression, window);
            if let Some(answer) = answers.get_mut(*index) {
                *answer = series.map_err(|error| (*index, error))?;
            }
        }
        Ok(answers)
    }

    /// The series of an expression of another text.
    fn series_of_text(
        &mut self,
        text: &str,
        expression: &Expression,
        window: &Window,
    ) -> Result<Vec<Series>, Error> {
        let outer = std::mem::replace(&mut self.text, text.to_owned());
        let series = self.series_in(expression, window);
        self.text = outer;
        series
    }

    /// The value of an expression; for a call that appears in more than one place, what it gave before.
    fn value(
        &mut self,
        expression: &Expression,
        window: &Window,
        variables: Option<&Variables<'_>>,
    ) -> Result<Value, Error> {
        let is_shareable = variables.is_none() && self.stacks.is_empty();
        let text = self.text.get(expression.span.clone());
        let key = text
            .filter(|_| is_shareable)
            .and_then(|text| self.shared.key(text, window, self.x_files_factor));
        let Some(key) = key else {
            return self.evaluate_uncached(expression, window, variables);
        };
        if let Some(known) = self.shared.get(&key) {
            let known = known.to_vec();
            self.spend(POINTS_PER_CALL.saturating_add(known.len()))?;
            self.reserve(memory_size::beside_values(&known))?;
            return Ok(Value::Series(known));
        }
        let share = self.x_files_factor;
        let value = self.evaluate_uncached(expression, window, variables)?;
        if let Value::Series(series) = &value
            && self.stacks.is_empty()
            && self.x_files_factor.to_bits() == share.to_bits()
        {
            self.reserve(memory_size::beside_values(series))?;
            self.shared.keep(key, series);
        }
        Ok(value)
    }

    fn evaluate_uncached(
        &mut self,
        expression: &Expression,
        window: &Window,
        variables: Option<&Variables<'_>>,
    ) -> Result<Value, Error> {
        Ok(match &expression.kind {
            Kind::Integer(number) => Value::Integer(*number),
            Kind::Float(number) => Value::Float(*number),
            Kind::Text(text) => Value::Text(text.clone()),
            Kind::Boolean(flag) => Value::Boolean(*flag),
            Kind::None => Value::None,
            Kind::Path(path) => match variables {
                None => self.fetched(Path::Glob(path.clone()), path, window)?,
                Some(variables) => match self.of_variables(variables, path)? {
                    PathOrValue::Value(value) => value,
                    PathOrValue::Path(path) => {
                        self.fetched(Path::Glob(path.clone()), &path, window)?
                    }
                },
            },
            Kind::Template(template) => {
                let requested = Arc::clone(&self.variables);
                let variables =
                    Variables::new(template, &requested, &mut |points| self.spend(points))?;
                self.enter(expression)?;
                let value = self.value(&template.body, window, Some(&variables));
                self.depth -= 1;
                value?
            }
            Kind::Call(call) => {
                self.enter(expression)?;
                let value = self.call(call, expression, window, variables);
                self.depth -= 1;
                value?
            }
        })
    }

    /// Counts an expression that others are inside of. One text alone cannot have too many of them, but texts that functions
    /// make up add to those that they are made up in.
    fn enter(&mut self, expression: &Expression) -> Result<(), Error> {
        if self.depth >= DEPTH_MAX {
            let problem = TargetError::TooDeep;
            return Err(Error::target(&self.text, expression.span.clone(), problem));
        }
        self.depth += 1;
        Ok(())
    }

    fn call(
        &mut self,
        call: &Call,
        expression: &Expression,
        window: &Window,
        variables: Option<&Variables<'_>>,
    ) -> Result<Value, Error> {
        let at = |evaluation: &Self| {
            column(
                &evaluation.text,
                call.name_span.start.max(expression.span.start),
            )
        };
        if call.name == "seriesByTag" {
            self.spend(template::compiling(call))?;
            let path = template::tag_path(call)
                .map_err(|fault| fault.at(at(self), &call.name, |_| None))?;
            let places = call.name_span.start..expression.span.end;
            let text = self.text.get(places).unwrap_or_default().to_owned();
            return self.fetched(path, &text, window);
        }
        let Some(function) = table::find(&call.name) else {
            let name = call.name.clone();
            let nearest = table::nearest(&name);
            let problem = TargetError::UnknownFunction { name, nearest };
            return Err(Error::target(&self.text, call.name_span.clone(), problem));
        };
        let mut positional = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            positional.push(self.value(argument, window, variables)?);
        }
        let mut keywords = Vec::with_capacity(call.keywords.len());
        for keyword in &call.keywords {
            let value = self.value(&keyword.value, window, variables)?;
            keywords.push((keyword.name.clone(), value));
        }
        self.spend(POINTS_PER_CALL.saturating_add(call.arguments.len()))?;
        let given: usize = positional.iter().map(memory_size::series_in).sum();
        let outer = std::mem::take(&mut self.early);
        let outcome = bind(function, positional, keywords).and_then(|arguments| {
            (function.run)(&mut FunctionCall {
                arguments,
                window: window.clone(),
                name: &call.name,
                evaluation: self,
                expressions: &call.arguments,
            })
        });
        let early = std::mem::replace(&mut self.early, outer);
        let value = outcome.map_err(|fault| {
            fault.at(at(self), &call.name, |problem| {
                argument_error::argument(&self.text, call, function, problem)
            })
        })?;
        if let Value::Series(series) = &value {
            let points = series.iter().map(|series| series.values.len()).sum();
            self.spend(points)?;
            // What a series has beside its values is kept in the result.
            let known = early.saturating_add(given.saturating_mul(memory_size::LEAST));
            self.reserve(memory_size::points(series).saturating_sub(known))?;
        }
        Ok(value)
    }

    /// Resolves a path that names template variables.
    fn of_variables(
        &mut self,
        variables: &Variables<'_>,
        path: &str,
    ) -> Result<PathOrValue, Error> {
        if let Some(value) = variables.value(path, &mut |points| self.spend(points))? {
            if let Value::Text(text) = &value {
                self.reserve(text.len() / 8)?;
            }
            return Ok(PathOrValue::Value(value));
        }
        let path = variables.replaced(path, &mut |points| self.spend(points))?;
        Ok(PathOrValue::Path(path))
    }

    /// The paths that an expression will read.
    fn paths(&mut self, expression: &Expression) -> Result<Vec<Path>, Error> {
        let variables = Arc::clone(&self.variables);
        template::paths(expression, &variables, &mut |points| self.spend(points))
    }

    /// Ends it, but for the memory of its series, which somebody still reads. `context` is the one that it was made with.
    pub fn into_held<'c, 's>(
        mut self,
        context: &'c Context,
        series: impl IntoIterator<Item = &'s Series>,
    ) -> Reservation<'c> {
        let needed = (memory_size::points(series) as u64).saturating_mul(8);
        let bytes = self.reserved.min(needed);
        self.reserved -= bytes;
        Reservation::of_reserved(context, bytes)
    }

    /// Says that so many points more are in memory; they stay so until the evaluation ends.
    fn reserve(&mut self, points: usize) -> Result<(), Error> {
        let bytes = (points as u64).saturating_mul(8);
        self.context.reserve(bytes)?;
        self.reserved = self.reserved.saturating_add(bytes);
        Ok(())
    }

    /// The series of a path, each of its own, but with values that are shared until they change. All that stands by place is
    /// read already. A path that stands by name alone (`fallback=a.b`) has no series, as in graphite-web.
    fn fetched(&mut self, path: Path, text: &str, window: &Window) -> Result<Value, Error> {
        let found = self.read.get(&(path, window.range())).map(Arc::clone);
        let count = found.iter().map(|all| all.len()).sum::<usize>();
        self.spend(count.saturating_add(1))?;
        self.reserve(count.saturating_mul(memory_size::LEAST.saturating_add(text.len() / 8)))?;
        let x_files_factor = self.x_files_factor;
        let series = found
            .iter()
            .flat_map(|all| all.iter())
            .map(|fetched| Series {
                name: fetched.name.clone(),
                tags: fetched.tags.clone(),
                path_expression: text.to_owned(),
                start: fetched.start,
                end: fetched.end,
                step: fetched.step,
                values: fetched.values.clone(),
                consolidation: series::Consolidation::default(),
                values_per_point: 1,
                x_files_factor,
                drawing: Drawing::default(),
                is_unnamed: false,
                is_whole: false,
            });
        Ok(Value::Series(series.collect()))
    }
}

/// A resolved path that named variables: the value of one, or a path.
enum PathOrValue {
    Value(Value),
    Path(String),
}

fn bind(
    function: &Function,
    positional: Vec<Value>,
    keywords: Vec<(String, Value)>,
) -> Result<Arguments, Fault> {
    Arguments::bind(
        function.parameters,
        table::is_aggregator,
        positional,
        keywords,
    )
}

impl Drop for Evaluation<'_> {
    fn drop(&mut self) {
        self.context.release(self.reserved);
    }
}
