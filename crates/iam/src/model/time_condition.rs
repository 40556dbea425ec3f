//! Conditions of time: when an access policy is in force. They are read, judged and awaited without a clock of their own.

mod comparison;
mod text;

use super::room::check_count;
use super::text::check_length;
use crate::refusal::Refusal;
use base::limit;
use base::time::Millis;
use comparison::{Comparison, Edge};
use serde_json::{Map, Value};

/// How long a rule of the week is watched to find out whether it is ever met: a week, and the days around it by another clock.
const WEEK_SECONDS: i64 = 9 * text::DAY;

/// How many groups may lie inside one another: the rule itself, and those in it.
const GROUPS_DEEP: usize = 2;

/// The kind of a rule: which comparisons it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    /// From one moment to another.
    Once,
    /// On days of the week.
    WeeklyAllDay,
    /// At times of day on days of the week.
    WeeklyCustomHours,
}

impl Pattern {
    const ALL: [Self; 3] = [Self::Once, Self::WeeklyAllDay, Self::WeeklyCustomHours];

    const fn name(self) -> &'static str {
        match self {
            Self::Once => "time-based-conditions:once",
            Self::WeeklyAllDay => "time-based-conditions:weekly:all-day",
            Self::WeeklyCustomHours => "time-based-conditions:weekly:custom-hours",
        }
    }

    /// What its rules compare.
    const fn content(self) -> &'static str {
        match self {
            Self::Once => "`{{environment.attributes.current_date_time}}` alone",
            Self::WeeklyAllDay => "`{{environment.attributes.day_of_week}}` alone",
            Self::WeeklyCustomHours => {
                "`{{environment.attributes.day_of_week}}` and `{{environment.attributes.current_time}}`, and nothing else"
            }
        }
    }

    fn read(name: &str) -> Result<Self, Refusal> {
        check_length("pattern", name, &limit::WORD_BYTES)?;
        let mut all = Self::ALL.into_iter();
        all.find(|pattern| pattern.name() == name).ok_or_else(|| {
            let [once, all_day, custom_hours] = Self::ALL.map(Self::name);
            let message = format!(
                "the `pattern` `{name}` is not enforced here: there are `{once}`, `{all_day}` and `{custom_hours}`"
            );
            Refusal::invalid("pattern", message)
        })
    }

    /// Whether a rule that compares these things is of this kind.
    fn fits(self, compared: &[&Comparison]) -> bool {
        let has = |is_kind: fn(&Comparison) -> bool| compared.iter().any(|one| is_kind(one));
        let has_date = has(|one| matches!(one, Comparison::DateTime(..)));
        let has_time = has(|one| matches!(one, Comparison::Time(..)));
        let has_day = has(|one| matches!(one, Comparison::Weekday(_)));
        match self {
            Self::Once => !has_time && !has_day,
            Self::WeeklyAllDay => !has_date && !has_time,
            Self::WeeklyCustomHours => !has_date && has_time && has_day,
        }
    }
}

/// A comparison, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    One(Comparison),
    All(Vec<Rule>),
    Any(Vec<Rule>),
}

impl Rule {
    fn read(value: &Value, groups_left: usize) -> Result<Self, Refusal> {
        let Value::Object(members) = value else {
            let message = "`rule` and each of its `conditions` is an object";
            return Err(Refusal::invalid("rule", message));
        };
        let operator = text_of(members, "operator")?;
        let Some(conditions) = members.get("conditions") else {
            check_members(members, &["key", "operator", "value"])?;
            let value = members.get("value").unwrap_or(&Value::Null);
            return Comparison::read(text_of(members, "key")?, operator, value).map(Self::One);
        };
        check_members(members, &["operator", "conditions"])?;
        let Some(groups_left) = groups_left.checked_sub(1) else {
            let message = format!("`conditions` lie at most {GROUPS_DEEP} deep in a `rule`");
            return Err(Refusal::invalid("conditions", message));
        };
        let list = conditions.as_array().map(Vec::as_slice);
        let list = list.unwrap_or_default();
        if list.is_empty() {
            let message = "`conditions` is a list of one condition at least";
            return Err(Refusal::invalid("conditions", message));
        }
        check_count("conditions", list.len(), &limit::CONDITIONS_PER_RULE)?;
        let rules = list.iter().map(|one| Self::read(one, groups_left));
        let rules = rules.collect::<Result<Vec<Self>, Refusal>>()?;
        check_length("operator", operator, &limit::WORD_BYTES)?;
        match operator {
            "and" => Ok(Self::All(rules)),
            "or" => Ok(Self::Any(rules)),
            other => {
                let message =
                    format!("the `operator` of `conditions` is `and` or `or`, and not `{other}`");
                Err(Refusal::invalid("operator", message))
            }
        }
    }

    fn comparisons(&self) -> Vec<&Comparison> {
        match self {
            Self::One(comparison) => vec![comparison],
            Self::All(rules) | Self::Any(rules) => {
                rules.iter().flat_map(Self::comparisons).collect()
            }
        }
    }

    fn is_met(&self, at: i64) -> bool {
        match self {
            Self::One(comparison) => comparison.is_met(at),
            Self::All(rules) => rules.iter().all(|rule| rule.is_met(at)),
            Self::Any(rules) => rules.iter().any(|rule| rule.is_met(at)),
        }
    }
}

fn text_of<'m>(members: &'m Map<String, Value>, name: &'static str) -> Result<&'m str, Refusal> {
    let text = members.get(name).and_then(Value::as_str);
    text.ok_or_else(|| {
        let message = format!(
            "a condition of `rule` needs `{name}`, a text: it has `key`, `operator` and `value`, or `operator` and `conditions`"
        );
        Refusal::invalid(name, message)
    })
}

fn check_members(members: &Map<String, Value>, known: &[&'static str]) -> Result<(), Refusal> {
    let mut names = members.keys();
    match names.find(|name| !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(other) => {
            check_length("rule", other, &limit::WORD_BYTES)?;
            let message = format!(
                "`{other}` cannot stand here: a condition of `rule` has `key`, `operator` and `value`, or `operator` and `conditions`"
            );
            Err(Refusal::invalid("rule", message))
        }
    }
}

/// A span of time in which nothing changes, in epoch seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// Its first second.
    pub(crate) since: i64,
    /// The first second after it.
    pub(crate) until: i64,
}

impl Span {
    /// All of time.
    pub(crate) const ALL: Self = Self {
        since: i64::MIN,
        until: i64::MAX,
    };

    /// Whether it has the instant.
    pub(crate) const fn contains(self, instant: Millis) -> bool {
        self.since <= instant.secs() && instant.secs() < self.until
    }

    /// The intersection of both.
    pub(crate) fn intersect(self, other: Self) -> Self {
        Self {
            since: self.since.max(other.since),
            until: self.until.min(other.until),
        }
    }

    /// The first instant after it.
    pub(crate) const fn end(self) -> Millis {
        Millis::from_secs(self.until)
    }
}

/// Whether a condition is met, and the span of time in which that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judgement {
    pub(crate) is_met: bool,
    pub(crate) span: Span,
}

/// The condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeCondition {
    pattern: Pattern,
    /// The rule as it was written.
    written: Value,
    rule: Rule,
    /// When it may change, each once.
    edges: Vec<Edge>,
}

impl TimeCondition {
    /// Reads a pattern and its rule.
    ///
    /// # Errors
    /// When a part is not enforced here, or they do not fit each other.
    pub fn read(pattern: &str, written: Value) -> Result<Self, Refusal> {
        let pattern = Pattern::read(pattern)?;
        let rule = Rule::read(&written, GROUPS_DEEP)?;
        let compared = rule.comparisons();
        check_count("conditions", compared.len(), &limit::CONDITIONS_PER_RULE)?;
        if !pattern.fits(&compared) {
            let message = format!(
                "the `rule` does not fit its `pattern`: one of `{}` compares {}",
                pattern.name(),
                pattern.content()
            );
            return Err(Refusal::invalid("rule", message));
        }
        let edges = compared.iter().flat_map(|comparison| comparison.edges());
        let mut edges: Vec<Edge> = edges.collect();
        edges.sort_unstable();
        edges.dedup();
        Ok(Self {
            pattern,
            written,
            rule,
            edges,
        })
    }

    /// The name of its pattern.
    #[must_use]
    pub const fn pattern(&self) -> &'static str {
        self.pattern.name()
    }

    /// Its rule, as it was written.
    #[must_use]
    pub const fn rule(&self) -> &Value {
        &self.written
    }

    /// Whether both are equivalent: a moment may be written in two ways, `Z` and `+00:00`.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        self.pattern == other.pattern && self.rule == other.rule
    }

    /// Whether it is met at the instant, and how long before and after that is so.
    pub(crate) fn judge(&self, instant: Millis) -> Judgement {
        let at = instant.secs();
        let since = self.edges.iter().filter_map(|edge| edge.until(at)).max();
        Judgement {
            is_met: self.rule.is_met(at),
            span: Span {
                since: since.unwrap_or(Span::ALL.since),
                until: self.edge_after(at).unwrap_or(Span::ALL.until),
            },
        }
    }

    /// The first second after `at` at which it may change.
    fn edge_after(&self, at: i64) -> Option<i64> {
        self.edges.iter().filter_map(|edge| edge.after(at)).min()
    }

    /// Refuses a condition that is met neither now nor later: such a policy is a mistake.
    pub(crate) fn check_is_met_from(&self, now: Millis) -> Result<(), Refusal> {
        let last = match self.pattern {
            Pattern::Once => i64::MAX,
            Pattern::WeeklyAllDay | Pattern::WeeklyCustomHours => {
                now.secs().saturating_add(WEEK_SECONDS)
            }
        };
        let mut at = now.secs();
        while !self.rule.is_met(at) {
            match self.edge_after(at).filter(|edge| *edge <= last) {
                Some(edge) => at = edge,
                None => {
                    return Err(Refusal::invalid("rule", self.never_again(now)));
                }
            }
        }
        Ok(())
    }

    /// The message for a condition that is met neither now nor later, with the slip that its pattern makes likely.
    fn never_again(&self, now: Millis) -> String {
        let mend = match self.pattern {
            Pattern::Once => {
                "what it allows has passed by the server's clock, or nothing meets all of it: compare the dates and their zones"
            }
            Pattern::WeeklyAllDay | Pattern::WeeklyCustomHours => {
                "hours over midnight take two conditions, before it and after it, under `or`"
            }
        };
        let now = jiff::Timestamp::from_second(now.secs());
        let now = now.map(|now| format!(" ({now})")).unwrap_or_default();
        format!("the `rule` holds neither now{now} nor at any later time: {mend}")
    }
}

#[cfg(test)]
mod tests;
