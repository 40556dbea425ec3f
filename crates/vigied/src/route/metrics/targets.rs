//! The targets of a query: paths, and calls of functions. A path that is not valid is refused with its place, also inside a call:
//! otherwise it would look like "no data".

use super::parameters::pattern_refusal;
use crate::app::App;
use crate::http::problem::Refusal;
use crate::route::graphite::evaluation;
use base::error::Position;
use base::limit;
use base::pattern::{Pattern, PatternError, TextPosition};
use wire::code;
use wire::query::Query;
use wire::target::{Target, TargetError};

/// A target.
#[derive(Debug)]
pub(super) enum MetricsTarget<'q> {
    /// A path: the series that fit.
    Path(Target),
    /// A call of a function, as it was written.
    Call(&'q str),
}

impl MetricsTarget<'_> {
    pub(super) const fn path(&self) -> Option<&Target> {
        match self {
            Self::Path(target) => Some(target),
            Self::Call(_) => None,
        }
    }
}

/// The targets of a query, in order.
pub(super) fn targets<'q>(app: &App, query: &'q Query) -> Result<Vec<MetricsTarget<'q>>, Refusal> {
    let texts = query.all("target");
    let targets_max = app.limits.targets_per_query;
    if texts.is_empty() {
        let problem = code::TARGET_MISSING.problem("the query has no `target`");
        let hint = format!("add `target=PATH`, up to `targets_per_query` = {targets_max} times");
        return Err(Refusal(problem.hint(hint).field("target")));
    }
    if texts.len() > targets_max {
        let problem = code::TARGETS_TOO_MANY.problem(format!(
            "the query has {} targets, more than `targets_per_query` = {targets_max}",
            texts.len()
        ));
        return Err(Refusal(
            problem
                .hint("split the query, use a wildcard, or send them to `POST /render`")
                .field("target")
                .limit(&limit::TARGETS_PER_QUERY),
        ));
    }
    let wanted = |(place, text): (usize, &&'q str)| match Target::parse(text) {
        Ok(path) => Ok(MetricsTarget::Path(path)),
        Err(TargetError::Function { .. }) => {
            call(&texts, place).map(|()| MetricsTarget::Call(text))
        }
        Err(TargetError::Pattern(error)) => Err(malformed(text, place, &error)),
        Err(error @ TargetError::Empty) => {
            let problem = code::TARGET_MALFORMED.problem(error.to_string());
            Err(Refusal(problem.field("target")))
        }
    };
    texts.iter().enumerate().map(wanted).collect()
}

/// Checks that a call can be parsed, with all paths in it.
fn call(texts: &[&str], place: usize) -> Result<(), Refusal> {
    let text = texts.get(place).copied().unwrap_or_default();
    let expression =
        query::target::parse(text).map_err(|error| evaluation::refused(texts, place, error))?;
    for (path, span) in expression.paths() {
        let Err(error) = Pattern::parse(path) else {
            continue;
        };
        let before = text.get(..span.start).unwrap_or_default();
        // If backslashes were left out of the text, its places are not those of the path.
        return Err(if text.get(span.clone()) == Some(path) {
            malformed(text, place, &error.shifted_by(before))
        } else {
            let Refusal(problem) = pattern_refusal(&code::TARGET_MALFORMED, "target", path, &error);
            let length = text
                .get(span.clone())
                .map_or(0, |part| part.chars().count());
            let begins = TextPosition::of(text, span.start);
            Refusal(problem.position(position(place, begins, length)))
        });
    }
    Ok(())
}

fn malformed(text: &str, place: usize, error: &PatternError) -> Refusal {
    let Refusal(problem) = pattern_refusal(&code::TARGET_MALFORMED, "target", text, error);
    Refusal(match error.at() {
        Some(at) => problem.position(position(place, at, 1)),
        None => problem,
    })
}

fn position(number: usize, at: TextPosition, length: usize) -> Option<Position> {
    Position::new(number.saturating_add(1), at.column, length)
}
