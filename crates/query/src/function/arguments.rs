//! Arguments by parameter, read as what the parameters say.
//!
//! graphite-web checks arguments against the table of parameters and reads them as what fits; where any of them does not fit
//! it only writes a line into its log, and calls the function with all of them as they came. So do we, since targets rest on
//! it: a function refuses what it cannot use.

use super::parameter::{AGGREGATIONS, Kind, Parameter};
use crate::error::Fault;
use crate::series::Series;
use crate::similar;
use crate::value::Value;
use base::limit;

/// The arguments of one call: the values of each parameter.
#[derive(Debug)]
pub struct Arguments {
    parameters: &'static [Parameter],
    /// For each parameter the value, [`Value::None`] where it is missing; after the last one, further values of it.
    values: Vec<Value>,
}

impl Arguments {
    /// Puts arguments to the parameters; `is_aggregator` knows the names of functions that take the place of an aggregation.
    ///
    /// # Errors
    /// [`Fault::Argument`] when there are too many, one has no parameter or two have the same, or one is missing.
    pub fn bind(
        parameters: &'static [Parameter],
        is_aggregator: fn(&str) -> bool,
        positional: Vec<Value>,
        keywords: Vec<(String, Value)>,
    ) -> Result<Self, Fault> {
        let is_multiple = parameters.last().is_some_and(|last| last.is_multiple);
        if positional.len() > parameters.len() && !is_multiple {
            let (given, most) = (positional.len(), parameters.len());
            return Err(Fault::argument(format!(
                "it takes at most {most} arguments, not {given}"
            )));
        }
        let further = positional.iter().skip(parameters.len());
        let further = further
            .filter(|value| !matches!(value, Value::Series(_)))
            .count();
        // What a name is made of for each series, or compared with.
        if further as u64 > limit::VALUES_PER_PARAMETER.default {
            let name = parameters.last().map_or("", |last| last.name);
            let found = format!("`{name}` has {further} further values");
            return Err(Fault::beyond(&limit::VALUES_PER_PARAMETER, found));
        }
        if let Some(parameter) = parameters
            .iter()
            .zip(&positional)
            .find_map(|(parameter, value)| is_no_aggregation(parameter, value).then_some(parameter))
        {
            return Err(no_aggregation(parameter));
        }
        let given = positional.len();
        let mut values = positional;
        while values.len() < parameters.len() {
            values.push(Value::None);
        }
        for (name, value) in keywords {
            let index = parameters
                .iter()
                .position(|parameter| parameter.is_called(&name));
            let Some(index) = index else {
                let near =
                    similar::suggestion(&name, parameters.iter().map(|parameter| parameter.name));
                return Err(Fault::argument(format!(
                    "it has no parameter `{name}`{near}"
                )));
            };
            if is_multiple && index + 1 == parameters.len() {
                return Err(Fault::argument(format!(
                    "`{name}` takes any number of values, and so none by name"
                )));
            }
            if let Some(parameter) = parameters.get(index)
                && is_no_aggregation(parameter, &value)
            {
                return Err(no_aggregation(parameter));
            }
            match values.get_mut(index).filter(|_| index >= given) {
                Some(slot) => *slot = value,
                None => return Err(Fault::argument(format!("`{name}` is given twice"))),
            }
        }
        let mut arguments = Self { parameters, values };
        arguments.read_all(is_aggregator);
        Ok(arguments)
    }

    /// Reads every argument as what its parameter says, or none of them.
    fn read_all(&mut self, is_aggregator: fn(&str) -> bool) {
        let last = self.parameters.len().saturating_sub(1);
        let read: Option<Vec<Option<Value>>> = self
            .values
            .iter()
            .enumerate()
            .map(|(index, value)| {
                let parameter = self.parameters.get(index.min(last))?;
                read(parameter, value, is_aggregator)
            })
            .collect();
        for (slot, value) in self.values.iter_mut().zip(read.unwrap_or_default()) {
            if let Some(value) = value {
                *slot = value;
            }
        }
    }

    fn name(&self, index: usize) -> &'static str {
        let last = self.parameters.len().saturating_sub(1);
        self.parameters
            .get(index.min(last))
            .map_or("", |parameter| parameter.name)
    }

    fn mismatch(&self, index: usize, expected: &str) -> Fault {
        let name = self.name(index);
        match self.values.get(index) {
            None | Some(Value::None) => Fault::argument(format!("`{name}` is missing: {expected}")),
            Some(value) => {
                Fault::argument(format!("`{name}` must be {expected}, not {}", value.kind()))
            }
        }
    }

    /// Makes sure that every parameter from a place on that must be given is.
    ///
    /// # Errors
    /// [`Fault::Argument`] names the first that is missing.
    pub(crate) fn ensure_complete(&self, index: usize) -> Result<(), Fault> {
        let parameters = self.parameters.iter().enumerate().skip(index);
        let missing = parameters
            .filter(|(_, parameter)| parameter.is_required && !parameter.is_multiple)
            .find(|(index, _)| self.given(*index).is_none());
        match missing {
            Some((_, parameter)) => {
                Err(Fault::argument(format!("`{}` is missing", parameter.name)))
            }
            None => Ok(()),
        }
    }

    /// How many there are, missing ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value, where one is given.
    #[must_use]
    pub fn given(&self, index: usize) -> Option<&Value> {
        self.values
            .get(index)
            .filter(|value| !matches!(value, Value::None))
    }

    /// The values from a place on that are given.
    #[must_use]
    pub fn from(&self, index: usize) -> Vec<&Value> {
        let values = self.values.get(index..).unwrap_or_default().iter();
        values
            .filter(|value| !matches!(value, Value::None))
            .collect()
    }

    /// Takes the series.
    ///
    /// # Errors
    /// [`Fault::Argument`] when they are something else or missing.
    pub fn series(&mut self, index: usize) -> Result<Vec<Series>, Fault> {
        match self.values.get_mut(index) {
            Some(Value::Series(series)) => Ok(std::mem::take(series)),
            _ => Err(self.mismatch(index, "series")),
        }
    }

    /// Takes the lists of series.
    ///
    /// # Errors
    /// [`Fault::Argument`] when they are something else or missing. No series at all are no lists.
    pub(crate) fn take_lists(&mut self, index: usize) -> Result<Vec<Vec<Series>>, Fault> {
        match self.values.get_mut(index) {
            Some(Value::Lists(lists)) => Ok(std::mem::take(lists)),
            Some(Value::Series(series)) if series.is_empty() => Ok(Vec::new()),
            _ => Err(self.mismatch(index, "lists of series")),
        }
    }

    /// Takes the series of this place and all after it, list by list.
    ///
    /// # Errors
    /// [`Fault::Argument`] when any is something else.
    pub(crate) fn series_lists(&mut self, index: usize) -> Result<Vec<Vec<Series>>, Fault> {
        (index..self.values.len())
            .filter(|index| self.given(*index).is_some())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|index| self.series(index))
            .collect()
    }

    /// The number.
    ///
    /// # Errors
    /// [`Fault::Argument`].
    pub fn float(&self, index: usize) -> Result<f64, Fault> {
        let number = self.values.get(index).and_then(Value::number);
        number.ok_or_else(|| self.mismatch(index, "a number"))
    }

    /// The number, or `default` where it is missing.
    ///
    /// # Errors
    /// [`Fault::Argument`].
    pub(crate) fn float_or(&self, index: usize, default: f64) -> Result<f64, Fault> {
        match self.given(index) {
            Some(_) => self.float(index),
            None => Ok(default),
        }
    }

    /// The whole number.
    ///
    /// # Errors
    /// [`Fault::Argument`].
    pub fn integer(&self, index: usize) -> Result<i64, Fault> {
        match self.values.get(index) {
            Some(Value::Integer(integer)) => Ok(*integer),
            Some(Value::Boolean(boolean)) => Ok(i64::from(*boolean)),
            _ => Err(self.mismatch(index, "a whole number")),
        }
    }

    /// The whole number, or `default` where it is missing.
    ///
    /// # Errors
    /// [`Fault::Argument`].
    pub(crate) fn integer_or(&self, index: usize, default: i64) -> Result<i64, Fault> {
        match self.given(index) {
            Some(_) => self.integer(index),
            None => Ok(default),
        }
    }

    /// The text.
    ///
    /// # Errors
    /// [`Fault::Argument`].
    pub fn text(&self, index: usize) -> Result<&str, Fault> {
        match self.values.get(index) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(self.mismatch(index, "a text in quotes")),
        }
    }

    /// The text, or `default` where it is missing.
    ///
    /// # Errors
    /// [`Fault::Argument`].
    pub(crate) fn text_or<'a>(&'a self, index: usize, default: &'a str) -> Result<&'a str, Fault> {
        match self.given(index) {
            Some(_) => self.text(index),
            None => Ok(default),
        }
    }

    /// Yes or no, as Python sees a value: no number but zero, and no empty text, is false. `default` where it is missing.
    #[must_use]
    pub(crate) fn boolean_or(&self, index: usize, default: bool) -> bool {
        match self.given(index) {
            None => default,
            Some(Value::Text(text)) => !text.is_empty(),
            Some(Value::Series(series)) => !series.is_empty(),
            Some(value) => value.number().is_some_and(|number| number != 0.0),
        }
    }
}

/// Whether an aggregation is said to be `none`, which is another thing than to say none.
const fn is_no_aggregation(parameter: &Parameter, value: &Value) -> bool {
    matches!(parameter.kind, Kind::AggFunc | Kind::AggOrSeriesFunc) && matches!(value, Value::None)
}

fn no_aggregation(parameter: &Parameter) -> Fault {
    let name = parameter.name;
    Fault::argument(format!(
        "`{name}` must be the name of an aggregation, not none"
    ))
}

/// An argument as what its parameter says: `Some(None)` where it stays as it is, `None` where it does not fit.
fn read(
    parameter: &Parameter,
    value: &Value,
    is_aggregator: fn(&str) -> bool,
) -> Option<Option<Value>> {
    if matches!(value, Value::None) {
        return (!parameter.is_required || parameter.is_multiple).then_some(None);
    }
    if !parameter.options.is_empty() && !is_option(parameter.options, value) {
        return None;
    }
    match parameter.kind {
        Kind::Boolean => boolean(value).map(|flag| Some(Value::Boolean(flag))),
        Kind::Float => float(value).map(|number| Some(Value::Float(number))),
        Kind::Integer | Kind::Node => integer(value).map(|number| Some(Value::Integer(number))),
        Kind::IntOrInf => match integer(value) {
            Some(number) => Some(Some(Value::Integer(number))),
            None => (float(value)? == f64::INFINITY).then_some(Some(Value::Float(f64::INFINITY))),
        },
        Kind::SeriesList => matches!(value, Value::Series(_)).then_some(None),
        Kind::AggFunc => matches!(value, Value::Text(text) if is_aggregation(text, is_aggregator))
            .then_some(None),
        _ => Some(None),
    }
}

fn is_option(options: &[&str], value: &Value) -> bool {
    matches!(value, Value::Text(text) if options.contains(&text.as_str()))
        || matches!(value, Value::Integer(_)) && options.contains(&value.to_text().as_str())
}

fn is_aggregation(text: &str, is_aggregator: fn(&str) -> bool) -> bool {
    let plain = text.strip_suffix("Series").unwrap_or(text);
    AGGREGATIONS.contains(&plain) || is_aggregator(text)
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Boolean(flag) => Some(*flag),
        Value::Text(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::Text(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Value::Integer(0) => Some(false),
        Value::Integer(1) => Some(true),
        Value::Float(number) if *number == 0.0 => Some(false),
        Value::Float(number) if *number == 1.0 => Some(true),
        Value::Series(series) => Some(!series.is_empty()),
        _ => None,
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Text(text) => text.trim().parse().ok(),
        _ => value.number(),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Boolean(flag) => Some(i64::from(*flag)),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}
