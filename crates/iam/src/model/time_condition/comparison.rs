//! One comparison of a condition: an attribute of the moment, an operator and a value. Times are compared in whole seconds, so that
//! "until 17:00:00" has the whole of that second.

use super::text::{ClockDay, ClockTime, DAY, clock_day, clock_time, date_time};
use crate::model::text::check_length;
use crate::refusal::Refusal;
use base::limit;
use serde_json::Value;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The date and the time.
    DateTime,
    /// The time of day.
    Time,
    /// The day of the week.
    Weekday,
}

impl Key {
    const ALL: [Self; 3] = [Self::DateTime, Self::Time, Self::Weekday];

    const fn name(self) -> &'static str {
        match self {
            Self::DateTime => "{{environment.attributes.current_date_time}}",
            Self::Time => "{{environment.attributes.current_time}}",
            Self::Weekday => "{{environment.attributes.day_of_week}}",
        }
    }

    /// The operators that compare it.
    const fn operators(self) -> &'static str {
        match self {
            Self::DateTime => {
                "`dateTimeLessThan`, `dateTimeLessThanOrEquals`, `dateTimeGreaterThan` and `dateTimeGreaterThanOrEquals`"
            }
            Self::Time => {
                "`timeLessThan`, `timeLessThanOrEquals`, `timeGreaterThan` and `timeGreaterThanOrEquals`"
            }
            Self::Weekday => "`dayOfWeekEquals` and `dayOfWeekAnyOf`",
        }
    }
}

/// On which side of its value a time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    LessThan,
    LessThanOrEquals,
    GreaterThan,
    GreaterThanOrEquals,
}

impl Bound {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "LessThan" => Self::LessThan,
            "LessThanOrEquals" => Self::LessThanOrEquals,
            "GreaterThan" => Self::GreaterThan,
            "GreaterThanOrEquals" => Self::GreaterThanOrEquals,
            _ => return None,
        })
    }

    const fn is_met(self, second: i64, value: i64) -> bool {
        match self {
            Self::LessThan => second < value,
            Self::LessThanOrEquals => second <= value,
            Self::GreaterThan => second > value,
            Self::GreaterThanOrEquals => second >= value,
        }
    }

    /// The second at which it changes.
    const fn edge(self, value: i64) -> i64 {
        match self {
            Self::LessThan | Self::GreaterThanOrEquals => value,
            Self::LessThanOrEquals | Self::GreaterThan => value + 1,
        }
    }
}

/// Seconds at which a comparison may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Edge {
    /// This epoch second.
    Once(i64),
    /// This second of every day in UTC.
    Daily(i64),
}

impl Edge {
    /// Every day, when a clock with this offset shows this second of the day.
    const fn daily(second: i64, offset: i64) -> Self {
        Self::Daily((second - offset).rem_euclid(DAY))
    }

    /// The first one after the second `at`.
    pub(super) fn after(self, at: i64) -> Option<i64> {
        match self {
            Self::Once(edge) => (edge > at).then_some(edge),
            Self::Daily(second) => Some(at + 1 + (second - at - 1).rem_euclid(DAY)),
        }
    }

    /// The last one up to the second `at`.
    pub(super) fn until(self, at: i64) -> Option<i64> {
        match self {
            Self::Once(edge) => (edge <= at).then_some(edge),
            Self::Daily(second) => Some(at - (at - second).rem_euclid(DAY)),
        }
    }
}

/// The comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Comparison {
    /// With an epoch second.
    DateTime(Bound, i64),
    /// With a time of day.
    Time(Bound, ClockTime),
    /// It is one of these days.
    Weekday(Vec<ClockDay>),
}

impl Comparison {
    /// Reads the members of a condition.
    ///
    /// # Errors
    /// When it is not enforced here.
    pub(super) fn read(key: &str, operator: &str, value: &Value) -> Result<Self, Refusal> {
        for (field, text) in [("key", key), ("operator", operator)] {
            check_length(field, text, &limit::WORD_BYTES)?;
        }
        let mut keys = Key::ALL.into_iter();
        let Some(key) = keys.find(|known| known.name() == key) else {
            let [first, second, third] = Key::ALL.map(Key::name);
            let message = format!(
                "the `key` `{key}` of a condition is not enforced here: there are `{first}`, `{second}` and `{third}`"
            );
            return Err(Refusal::invalid("key", message));
        };
        let bound_of = |prefix: &str| operator.strip_prefix(prefix).and_then(Bound::of);
        match key {
            Key::DateTime => {
                let bound = bound_of("dateTime").ok_or_else(|| wrong_operator(key, operator))?;
                let example = "2026-12-01T09:00:00+00:00";
                Ok(Self::DateTime(
                    bound,
                    read(value, date_time, ("a moment", example))?,
                ))
            }
            Key::Time => {
                let bound = bound_of("time").ok_or_else(|| wrong_operator(key, operator))?;
                Ok(Self::Time(
                    bound,
                    read(value, clock_time, ("a time of day", "09:00:00+00:00"))?,
                ))
            }
            Key::Weekday => match operator {
                "dayOfWeekEquals" => Ok(Self::Weekday(vec![day(value)?])),
                "dayOfWeekAnyOf" => days(value).map(Self::Weekday),
                _ => Err(wrong_operator(key, operator)),
            },
        }
    }

    /// Whether it is met in this epoch second.
    pub(super) fn is_met(&self, at: i64) -> bool {
        match self {
            Self::DateTime(bound, value) => bound.is_met(at, *value),
            Self::Time(bound, time) => {
                bound.is_met((at + time.offset).rem_euclid(DAY), time.second)
            }
            Self::Weekday(days) => days
                .iter()
                .any(|day| weekday(at + day.offset) == day.weekday),
        }
    }

    /// The seconds at which it may change.
    pub(super) fn edges(&self) -> Vec<Edge> {
        match self {
            Self::DateTime(bound, value) => vec![Edge::Once(bound.edge(*value))],
            // A new day begins with an early time.
            Self::Time(bound, time) => vec![
                Edge::daily(bound.edge(time.second), time.offset),
                Edge::daily(0, time.offset),
            ],
            Self::Weekday(days) => {
                let midnights = days.iter().map(|day| Edge::daily(0, day.offset));
                midnights.collect()
            }
        }
    }
}

/// The day of the week of a second that a clock shows, from Monday, 1.
const fn weekday(second: i64) -> i64 {
    // The first day of epoch seconds was a Thursday.
    (second.div_euclid(DAY) + 3).rem_euclid(7) + 1
}

fn wrong_operator(key: Key, operator: &str) -> Refusal {
    let (name, operators) = (key.name(), key.operators());
    let message = format!(
        "the `operator` `{operator}` of `{name}` is not enforced here: there are {operators}"
    );
    Refusal::invalid("operator", message)
}

/// Reads a text with the distance from UTC, of which `what` says what stands before that.
fn read<T>(
    value: &Value,
    parse: impl Fn(&str) -> Option<T>,
    (what, example): (&str, &str),
) -> Result<T, Refusal> {
    let Value::String(text) = value else {
        let message = format!("`value` of a condition is a text here, as `{example}`");
        return Err(Refusal::invalid("value", message));
    };
    check_length("value", text, &limit::WORD_BYTES)?;
    parse(text).ok_or_else(|| {
        let message = format!(
            "`value` of a condition is {what} and the distance from UTC here, as `{example}`: `{text}` is none"
        );
        Refusal::invalid("value", message)
    })
}

/// A day, also as a number alone: that is the day in UTC.
fn day(value: &Value) -> Result<ClockDay, Refusal> {
    const EXAMPLE: &str = "1+00:00";
    const WHAT: &str = "a day from 1, Monday, to 7, Sunday,";
    match value.as_i64() {
        Some(number) => clock_day(&number.to_string()).ok_or_else(|| {
            let message =
                format!("`value` of a condition is {WHAT} here, as `{EXAMPLE}`: {number} is none");
            Refusal::invalid("value", message)
        }),
        None => read(value, clock_day, (WHAT, EXAMPLE)),
    }
}

fn days(value: &Value) -> Result<Vec<ClockDay>, Refusal> {
    let Value::Array(list) = value else {
        let message =
            "`value` of `dayOfWeekAnyOf` is a list of days, as `[\"1+00:00\", \"2+00:00\"]`";
        return Err(Refusal::invalid("value", message));
    };
    if !(1..=7).contains(&list.len()) {
        let message = format!(
            "`value` of `dayOfWeekAnyOf` has from 1 to 7 days, and not {}",
            list.len()
        );
        return Err(Refusal::invalid("value", message));
    }
    list.iter().map(day).collect()
}
