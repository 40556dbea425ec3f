//! A target becomes series.

#[cfg(test)]
mod depth_tests;
mod template;

use crate::error::{Error, Fault, TargetError, column};
use crate::function::{Arguments, Evaluator, Function, FunctionCall};
use crate::series::{Drawing, Series};
use crate::source::{Fetched, Path, Range, Source};
use crate::target::{Call, DEPTH_MAX, Expression, Kind, parse};
use crate::value::Value;
use crate::window::Window;
use crate::{series, table};
use base::context::{Context, Resource};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;
use template::Variables;

/// Points between two looks at the clock.
const POINTS_PER_CHECK: usize = 1 << 16;

/// What a call costs beside its points, so that calls of nothing end too.
const POINTS_PER_CALL: usize = 64;

/// Targets that functions make up, inside one another.
const MADE_DEPTH_MAX: usize = 8;

/// Bytes of the stack that a thread needs for an evaluation. Calls inside one another take part of it each, and there are as
/// many as one target may have, whoever made them up; the tests take twice as much as any target does, unoptimized.
pub const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Evaluates the targets of one request: what they read is read once.
pub struct Evaluation<'e> {
    source: &'e dyn Source,
    context: &'e Context,
    /// What is in memory for it.
    reserved: u64,
    /// Points since the clock was last looked at.
    unchecked: usize,
    read: HashMap<(Path, Range), Arc<[Fetched]>>,
    /// Values for variables of every template (`template[name]` of the request).
    variables: BTreeMap<String, String>,
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
            unchecked: 0,
            read: HashMap::new(),
            variables: BTreeMap::new(),
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
        self.variables = variables;
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
        let parsed: Vec<(usize, &str, Expression)> = targets
            .iter()
            .enumerate()
            .filter(|(_, text)| !text.trim().is_empty())
            .map(|(place, text)| {
                parse(text)
                    .map(|own| (place, *text, own))
                    .map_err(|own| (place, own))
            })
            .collect::<Result<_, _>>()?;
        let mut paths = Vec::new();
        for (_, _, expression) in &parsed {
            template::paths(expression, &self.variables, &mut paths);
        }
        self.read(paths, window.range())
            .map_err(|error| (0, error))?;
        let mut answers: Vec<Vec<Series>> = targets.iter().map(|_| Vec::new()).collect();
        for (place, text, expression) in &parsed {
            self.depth = 0;
            self.x_files_factor = self.default_x_files_factor;
            self.stacks.clear();
            let series = self.series_of_text(text, expression, window);
            if let Some(answer) = answers.get_mut(*place) {
                *answer = series.map_err(|error| (*place, error))?;
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

    fn value(
        &mut self,
        expression: &Expression,
        window: &Window,
        variables: Option<&Variables>,
    ) -> Result<Value, Error> {
        Ok(match &expression.kind {
            Kind::Integer(own) => Value::Integer(*own),
            Kind::Float(own) => Value::Float(*own),
            Kind::Text(own) => Value::Text(own.clone()),
            Kind::Boolean(own) => Value::Boolean(*own),
            Kind::None => Value::None,
            Kind::Path(path) => match variables {
                None => self.fetched(Path::Glob(path.clone()), path, window),
                Some(variables) => match variables.value(path) {
                    Some(value) => value,
                    None => {
                        let path = variables.replaced(path);
                        self.fetched(Path::Glob(path.clone()), &path, window)
                    }
                },
            },
            Kind::Template(own) => {
                let variables = Variables::new(own, &self.variables);
                self.enter(expression)?;
                let value = self.value(&own.body, window, Some(&variables));
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
            let problem = TargetError::TooDeep(DEPTH_MAX);
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
        variables: Option<&Variables>,
    ) -> Result<Value, Error> {
        let at = |own: &Self| column(&own.text, call.name_span.start.max(expression.span.start));
        if call.name == "seriesByTag" {
            let path = template::tag_path(call).map_err(|problem| Error::Function {
                column: at(self),
                function: call.name.clone(),
                problem,
            })?;
            return Ok(self.fetched(path, &call.text, window));
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
        let outcome = bind(function, positional, keywords).and_then(|arguments| {
            (function.run)(&mut FunctionCall {
                arguments,
                window: window.clone(),
                name: &call.name,
                evaluation: self,
                expressions: &call.arguments,
            })
        });
        let value = outcome.map_err(|fault| match fault {
            Fault::Inner(error) => error,
            Fault::Argument(problem) => Error::Function {
                column: at(self),
                function: call.name.clone(),
                problem,
            },
        })?;
        self.spend(POINTS_PER_CALL)?;
        if let Value::Series(series) = &value {
            let points = series.iter().map(|own| own.values.len()).sum();
            let names: usize = series.iter().map(|own| own.name.len()).sum();
            self.spend(points)?;
            self.reserve(points.saturating_add(names / 8))?;
        }
        Ok(value)
    }

    /// Says that so many points more are in memory; they stay so until the evaluation ends.
    fn reserve(&mut self, points: usize) -> Result<(), Error> {
        let bytes = (points as u64).saturating_mul(8);
        self.context.reserve(bytes)?;
        self.reserved = self.reserved.saturating_add(bytes);
        Ok(())
    }

    /// Reads what has not been read yet, in one question.
    fn read(&mut self, mut paths: Vec<Path>, range: Range) -> Result<(), Error> {
        let mut seen = std::collections::HashSet::new();
        paths.retain(|path| {
            seen.insert(path.clone()) && !self.read.contains_key(&(path.clone(), range))
        });
        if paths.is_empty() {
            return Ok(());
        }
        let found = self.source.fetch(&paths, range)?;
        for (path, found) in paths.into_iter().zip(found) {
            let points = found.iter().map(|own| own.values.len()).sum();
            self.reserve(points)?;
            self.read.insert((path, range), found.into());
        }
        Ok(())
    }

    /// The series of a path, each of its own, but with values that are shared until they change. All that stands by place is
    /// read already. A path that stands by name alone (`fallback=a.b`) has no series, as in graphite-web.
    fn fetched(&self, path: Path, text: &str, window: &Window) -> Value {
        let found = self.read.get(&(path, window.range())).map(Arc::clone);
        let x_files_factor = self.x_files_factor;
        let series = found.iter().flat_map(|own| own.iter()).map(|own| Series {
            name: own.name.clone(),
            tags: own.tags.clone(),
            path_expression: text.to_owned(),
            start: own.start,
            end: own.end,
            step: own.step,
            values: Arc::clone(&own.values),
            consolidation: series::Consolidation::default(),
            values_per_point: 1,
            x_files_factor,
            drawing: Drawing::default(),
            is_unnamed: false,
            is_whole: false,
        });
        Value::Series(series.collect())
    }
}

impl Evaluator for Evaluation<'_> {
    fn series_of_made(
        &mut self,
        text: &str,
        expression: &Expression,
        window: &Window,
    ) -> Result<Vec<Series>, Error> {
        if self.made_depth >= MADE_DEPTH_MAX {
            return Err(Error::Function {
                column: 1,
                function: text.to_owned(),
                problem: format!(
                    "more than {MADE_DEPTH_MAX} targets that functions make are inside one another"
                ),
            });
        }
        self.made_depth += 1;
        let series = self.series_of_text(text, expression, window);
        self.made_depth -= 1;
        series
    }

    fn series_in(
        &mut self,
        expression: &Expression,
        window: &Window,
    ) -> Result<Vec<Series>, Error> {
        let mut paths = Vec::new();
        template::paths(expression, &self.variables, &mut paths);
        self.read(paths, window.range())?;
        let outer = self.x_files_factor;
        let value = self.value(expression, window, None);
        self.x_files_factor = if window.is_requested {
            self.x_files_factor
        } else {
            outer
        };
        match value? {
            Value::Series(series) => Ok(series),
            other => Err(Error::Function {
                column: column(&self.text, expression.span.start),
                function: self
                    .text
                    .get(expression.span.clone())
                    .unwrap_or_default()
                    .to_owned(),
                problem: format!("it must be series, not {}", other.kind()),
            }),
        }
    }

    fn call_named(
        &mut self,
        name: &str,
        values: Vec<Value>,
        window: &Window,
    ) -> Result<Vec<Series>, Fault> {
        let function = table::find(name)
            .ok_or_else(|| Fault::argument(format!("there is no function `{name}`")))?;
        let value = (function.run)(&mut FunctionCall {
            arguments: bind(function, values, Vec::new())?,
            window: window.clone(),
            name,
            evaluation: self,
            expressions: &[],
        })?;
        match value {
            Value::Series(series) => Ok(series),
            other => Err(Fault::argument(format!("`{name}` gives {}", other.kind()))),
        }
    }

    fn spend(&mut self, points: usize) -> Result<(), Error> {
        self.context.spend(Resource::Steps, points as u64)?;
        self.unchecked = self.unchecked.saturating_add(points);
        if self.unchecked >= POINTS_PER_CHECK {
            self.unchecked = 0;
            self.context.check(Instant::now())?;
        }
        Ok(())
    }

    fn is_function(&self, name: &str) -> bool {
        table::find(name).is_some()
    }

    fn x_files_factor(&self) -> f64 {
        self.x_files_factor
    }

    fn set_x_files_factor(&mut self, share: f64) {
        self.x_files_factor = share;
    }

    fn stacks(&mut self) -> &mut HashMap<String, Vec<f64>> {
        &mut self.stacks
    }

    fn source(&self) -> &dyn Source {
        self.source
    }
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
