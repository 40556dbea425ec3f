//! Serves `/render` from the cache: see [`crate::query::render_cache`].

use super::request::{GraphiteRequest, Work, callback};
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use crate::query::render_cache::{CacheKey, CacheValidity};
use base::scope::Action;
use base::store::StoreError;

/// Answers to requests with longer parameters are not kept.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// Answers from what is kept, where that serves; else by `work`. `step` is the finest of the domain, in seconds.
pub(super) fn write(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    step: i64,
    work: Work,
) -> Result<(), Refusal> {
    let Some((key, age_max)) = cache_key(asked)? else {
        return work(asked, answer);
    };
    let cache = asked.app.queries.render_cache();
    let validity = validity(asked, &key, step);
    if let Some(body) = cache.answer(&key, &validity, age_max) {
        answer.out.extend_from_slice(&body);
        return answer
            .step()
            .map_err(|stop| StoreError::Stopped(stop).into());
    }
    work(asked, answer)?;
    if let Some(whole) = answer.unsent() {
        cache.keep(&key, validity, whole);
    }
    Ok(())
}

/// The key of the request, if its answer may be kept, and the age up to which an answer is accepted though something was written
/// since.
fn cache_key(asked: &GraphiteRequest) -> Result<Option<(CacheKey, Option<i64>)>, Refusal> {
    let parameters = &asked.parameters;
    let age_max = parameters.integer("cacheTimeout")?;
    let is_off = parameters.last("noCache").is_some()
        || age_max.is_some_and(|seconds| seconds <= 0)
        // A caller who reaches some series has answers of their own.
        || !asked.scope.reaches_all(Action::Render)
        || callback(parameters)?.is_some();
    if is_off {
        return Ok(None);
    }
    // Parameters that begin with `_` only make addresses differ, as for graphite-web.
    let counts = |name: &str| !name.starts_with('_') && name != "cacheTimeout";
    let mut pairs: Vec<(&str, &str)> = parameters
        .iter()
        .filter(|parameter| counts(parameter.0))
        .collect();
    // The order of targets matters, the order of different parameters does not.
    pairs.sort_by_key(|(name, _)| *name);
    let bytes: usize = pairs
        .iter()
        .map(|(name, value)| name.len() + value.len() + 2)
        .sum();
    let changes = || pairs.iter().any(|(_, value)| changes_by_itself(value));
    if bytes > TEXT_BYTES_MAX || changes() {
        return Ok(None);
    }
    // No parameter has the name of this bound, because it begins with a blank.
    let days = asked.scope.retention_days().map(|days| days.to_string());
    pairs.extend(days.as_deref().map(|days| (" retention_days", days)));
    let key = CacheKey {
        domain: asked.scope.domain(),
        text: wire::query::encode(&pairs).into(),
    };
    Ok(Some((key, age_max)))
}

/// Functions whose values change without a new sample and before the step of the domain is over: they are computed from the
/// clock, with a step of their own.
const MADE: [&str; 7] = [
    "timeFunction",
    "time",
    "sinFunction",
    "sin",
    "randomWalkFunction",
    "randomWalk",
    "identity",
];

/// Whether a target calls something that gives other values though nothing was written: events, or one of [`MADE`].
fn changes_by_itself(target: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut calls = target.match_indices('(').map(|(at, _)| {
        let before = target.get(..at).unwrap_or_default().trim_end();
        let name = before.rfind(|c| !is_word(c));
        before
            .get(name.map_or(0, |at| at + 1)..)
            .unwrap_or_default()
    });
    target.contains("events") || calls.any(|name| MADE.contains(&name))
}

/// The state on which the answer depends.
fn validity(asked: &GraphiteRequest, key: &CacheKey, step: i64) -> CacheValidity {
    let (iam, domain) = (&asked.app.iam, key.domain);
    let texts = (iam.rules(domain), iam.resolution_seconds(domain));
    let now = asked.app.clock.now().secs();
    asked
        .app
        .queries
        .render_cache()
        .state(domain, texts, (now, step))
}

#[cfg(test)]
mod tests {
    use super::changes_by_itself;

    #[test]
    fn calls_of_what_is_made_are_found_and_names_like_them_are_not() {
        for target in [
            "time('a',1)",
            "sumSeries(a, time ('a'))",
            "randomWalk(\"a\")",
            "scale(sin('a'),2)",
            "events('x')",
            "applyByNode(a.*,1,'identity(\"%\")')",
        ] {
            assert!(changes_by_itself(target), "{target}");
        }
        for target in [
            "a.time",
            "sumSeries(time.sin)",
            "sumtime(a)",
            "scale(response_time,(2))",
            "é(",
        ] {
            assert!(!changes_by_itself(target), "{target}");
        }
    }
}
