//! The parameters of functions, and their types.

use crate::error::Fault;
use crate::similar;

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// Another name, which calls may use as a keyword and signatures show.
    pub keyword: Option<&'static str>,
    /// The kind of its values.
    pub kind: Kind,
    /// Whether the function cannot be called without it.
    pub is_required: bool,
    /// The default that `/functions` shows. The function itself applies it.
    pub default: Default,
    /// Whether the arguments after it are further values of it; of the last parameter alone.
    pub is_multiple: bool,
    /// The only values that fit; none where all do.
    pub options: &'static [&'static str],
    /// Values that an editor may offer.
    pub suggestions: &'static [&'static str],
}

/// The default of a parameter, as `/functions` shows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Default {
    /// It says nothing.
    None,
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(&'static str),
    /// Yes or no.
    Boolean(bool),
}

/// The kind of a parameter. Arguments are converted where they can be: `"5"` to a number, `1` to true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The name of an aggregation.
    AggFunc,
    /// An aggregation, or the name of a function that aggregates.
    AggOrSeriesFunc,
    /// Anything.
    Any,
    /// Yes or no.
    Boolean,
    /// A time.
    Date,
    /// A number.
    Float,
    /// A whole number.
    Integer,
    /// A whole number or `inf`.
    IntOrInf,
    /// A whole number of points, or a span of time.
    IntOrInterval,
    /// A span of time: `1h`, `-5min`.
    Interval,
    /// The place of an element in the name, from 0 on; negative from the end.
    Node,
    /// That, or the name of a tag.
    NodeOrTag,
    /// Series.
    SeriesList,
    /// Lists of series.
    SeriesLists,
    /// A text.
    String,
    /// The name of a tag.
    Tag,
}

impl Kind {
    /// As `/functions` shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AggFunc => "aggFunc",
            Self::AggOrSeriesFunc => "aggOrSeriesFunc",
            Self::Any => "any",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Float => "float",
            Self::Integer => "integer",
            Self::IntOrInf => "intOrInf",
            Self::IntOrInterval => "intOrInterval",
            Self::Interval => "interval",
            Self::Node => "node",
            Self::NodeOrTag => "nodeOrTag",
            Self::SeriesList => "seriesList",
            Self::SeriesLists => "seriesLists",
            Self::String => "string",
            Self::Tag => "tag",
        }
    }
}

/// The names of aggregations, aliases last.
pub const AGGREGATIONS: &[&str] = &[
    "average", "avg_zero", "median", "sum", "min", "max", "diff", "stddev", "count", "range",
    "multiply", "last", "rangeOf", "avg", "total", "current",
];

/// The error for an unknown aggregation, with the name that may have been meant.
pub(crate) fn unknown_aggregation(name: &str) -> Fault {
    let near = similar::suggestion(name, AGGREGATIONS.iter().copied());
    Fault::argument(format!("there is no aggregation `{name}`{near}"))
}

/// A parameter that must be given.
#[must_use]
pub const fn required(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        keyword: None,
        kind,
        is_required: true,
        default: Default::None,
        is_multiple: false,
        options: &[],
        suggestions: &[],
    }
}

/// The parameters of a function that takes series and nothing else.
pub(crate) const SERIES: &[Parameter] = &[required("seriesList", Kind::SeriesList)];

/// A parameter that may be missing.
#[must_use]
pub const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        is_required: false,
        ..required(name, kind)
    }
}

impl Parameter {
    /// The same with a default.
    #[must_use]
    pub const fn or(self, default: Default) -> Self {
        Self { default, ..self }
    }

    /// The same, which calls may name so as well.
    #[must_use]
    pub const fn called(self, keyword: &'static str) -> Self {
        Self {
            keyword: Some(keyword),
            ..self
        }
    }

    /// Whether a call by this name means it.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.keyword == Some(name)
    }

    /// The same, given any number of times.
    #[must_use]
    pub const fn multiple(self) -> Self {
        Self {
            is_multiple: true,
            ..self
        }
    }

    /// The same, with these values alone.
    #[must_use]
    pub const fn one_of(self, options: &'static [&'static str]) -> Self {
        Self { options, ..self }
    }

    /// The same, with values that an editor may offer.
    #[must_use]
    pub(crate) const fn suggesting(self, suggestions: &'static [&'static str]) -> Self {
        Self {
            suggestions,
            ..self
        }
    }
}
