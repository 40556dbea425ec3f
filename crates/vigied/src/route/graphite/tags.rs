//! `/tags`, `/tags/{tag}`, `/tags/findSeries` and completion: which tags series have.

use super::parameters::{Parameters, invalid};
use super::request::{
    GraphiteRequest, answer, json_text, json_type, routes, routes_of_one, write_json,
};
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::context::Stop;
use base::series::SeriesKey;
use base::store::{FindQuery, StoreError};
use query::series::Tags;
use query::tags::catalog::{self, CatalogError, Filter, SUGGESTIONS_USUAL};
use query::tags::{Comparison, TagError, TagExpression, fit_all};
use serde_json::{Value, json};
use std::time::Instant;

routes! {
    /// `/tags`.
    tags, tags_post: json_type => write_tags;
    /// `/tags/findSeries`.
    find_series, find_series_post: json_type => write_series;
    /// `/tags/autoComplete/tags`.
    complete_tags, complete_tags_post: json_type => write_suggested_tags;
    /// `/tags/autoComplete/values`.
    complete_values, complete_values_post: json_type => write_suggested_values;
}

routes_of_one! {
    /// `GET /tags/{tag}`.
    tag, "tag" => write_tag;
}

/// Bytes that a tag of a series takes beside its text.
const TAG_BYTES: u64 = 64;

/// The series that have tags and may fit, and their Graphite text.
fn tagged(
    asked: &GraphiteRequest,
    answer: &Answer,
    expressions: &[TagExpression],
) -> Result<Vec<(String, Tags)>, Refusal> {
    let context = answer.context();
    let Some(selector) = super::tag_selector::selector(expressions) else {
        return Ok(Vec::new());
    };
    context
        .reserve(selector.table_bytes())
        .map_err(StoreError::Stopped)?;
    let query = FindQuery {
        selector: &selector,
        range: None,
        labelled: true,
    };
    let nodes = asked.app.store.find(&asked.scope, &query, &context)?;
    let mut series = Vec::with_capacity(nodes.len());
    for node in nodes.into_iter().filter(|node| node.leaf) {
        let Ok(key) = SeriesKey::parse_graphite(&node.path) else {
            continue;
        };
        let labels = key.labels().count() as u64 + 1;
        context.check(Instant::now()).map_err(StoreError::Stopped)?;
        context
            .reserve(node.path.len() as u64 + labels * TAG_BYTES)
            .map_err(StoreError::Stopped)?;
        let tags = super::store_source::tags_of(&key);
        series.push((node.path, tags));
    }
    Ok(series)
}

/// The expressions, and one that requires the tag.
fn with_tag(expressions: &[TagExpression], tag: &str) -> Vec<TagExpression> {
    let exists = TagExpression {
        tag: tag.to_owned(),
        comparison: Comparison::NotEqual,
        value: String::new(),
    };
    expressions.iter().cloned().chain([exists]).collect()
}

fn expressions(asked: &GraphiteRequest) -> Result<Vec<TagExpression>, Refusal> {
    let texts = asked.parameters.all("expr");
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    TagExpression::parse_all(texts).map_err(|error| refused(&error))
}

fn refused(error: &TagError) -> Refusal {
    beyond(invalid("expr", error.to_string()), error)
}

fn unfiltered(error: &TagError) -> Refusal {
    beyond(invalid("filter", error.to_string()), error)
}

/// The refusal of a list; `unusable` is that of an expression or a filter.
fn unlisted(error: CatalogError<Stop>, unusable: fn(&TagError) -> Refusal) -> Refusal {
    match error {
        CatalogError::Tag(error) => unusable(&error),
        CatalogError::Stopped(stop) => StoreError::Stopped(stop).into(),
    }
}

fn beyond(Refusal(problem): Refusal, error: &TagError) -> Refusal {
    Refusal(match error.limit() {
        Some(limit) => problem.limit(limit),
        None => problem,
    })
}

fn filter(asked: &GraphiteRequest) -> Result<Filter<'_>, Refusal> {
    // One that is empty or below 0 leaves nothing out.
    let limit = match asked.parameters.last("limit") {
        Some("") => None,
        _ => asked.parameters.integer("limit")?,
    };
    Ok(Filter {
        pattern: asked.parameters.last("filter"),
        limit: limit.and_then(|limit| usize::try_from(limit).ok()),
    })
}

fn suggestions(asked: &GraphiteRequest) -> Result<usize, Refusal> {
    let limit = asked.parameters.integer("limit")?;
    Ok(limit.map_or(SUGGESTIONS_USUAL, |limit| {
        usize::try_from(limit).unwrap_or(0)
    }))
}

fn write_tags(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let series = tagged(asked, answer, &[])?;
    let tag_sets = series.iter().map(|(_, tags)| tags);
    let context = answer.context();
    let mut check = || context.check(Instant::now());
    let tags = catalog::tags(tag_sets, filter(asked)?, &mut check)
        .map_err(|error| unlisted(error, unfiltered))?;
    let tags: Vec<Value> = tags.into_iter().map(|tag| json!({"tag": tag})).collect();
    write_json(asked, answer, &json_text(asked, &Value::from(tags)))
}

fn write_tag(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let tag = asked.parameters.last("tag").unwrap_or_default();
    let series = tagged(asked, answer, &with_tag(&[], tag))?;
    let tag_sets = series.iter().map(|(_, tags)| tags);
    let context = answer.context();
    let mut check = || context.check(Instant::now());
    let values = catalog::values(tag_sets, tag, filter(asked)?, &mut check)
        .map_err(|error| unlisted(error, unfiltered))?;
    let value = match values {
        None => Value::Null,
        Some(values) => {
            let value = |(value, count): (&str, u64)| json!({"value": value, "count": count});
            let values: Vec<Value> = values.into_iter().map(value).collect();
            json!({"tag": tag, "values": values})
        }
    };
    write_json(asked, answer, &json_text(asked, &value))
}

fn write_series(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let expressions = expressions(asked)?;
    if expressions.is_empty() {
        return Err(invalid(
            "expr",
            "`expr` is missing: write a tag expression, for example `name=cpu`".to_owned(),
        ));
    }
    let conditions: Vec<_> = expressions
        .iter()
        .map(TagExpression::condition)
        .collect::<Result<_, _>>()
        .map_err(|error| refused(&error))?;
    let series = tagged(asked, answer, &expressions)?;
    let context = answer.context();
    let mut check = || context.check(Instant::now());
    let mut found: Vec<&str> = Vec::new();
    for (text, tags) in &series {
        if fit_all(&conditions, tags, &mut check).map_err(StoreError::Stopped)? {
            found.push(text);
        }
    }
    found.sort_unstable();
    write_json(asked, answer, &json_text(asked, &json!(found)))
}

fn write_suggested_tags(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let (expressions, limit) = (expressions(asked)?, suggestions(asked)?);
    let series = tagged(asked, answer, &expressions)?;
    let prefix = asked.parameters.last("tagPrefix").unwrap_or_default();
    let tag_sets = series.iter().map(|(_, tags)| tags);
    let context = answer.context();
    let mut check = || context.check(Instant::now());
    let suggested = catalog::suggested_tags(tag_sets, &expressions, prefix, limit, &mut check)
        .map_err(|error| unlisted(error, refused))?;
    write_json(asked, answer, &json_text(asked, &json!(suggested)))
}

fn write_suggested_values(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let limit = suggestions(asked)?;
    let Some(tag) = asked.parameters.last("tag").filter(|tag| !tag.is_empty()) else {
        return Err(invalid("tag", "`tag` is missing".to_owned()));
    };
    // One more expression requires the tag: the empty value does not meet it.
    let exists = format!("{tag}!=");
    let texts = asked.parameters.all("expr");
    let expressions = match texts.as_slice() {
        [] => with_tag(&[], tag),
        texts => TagExpression::parse_all(texts.iter().copied().chain([exists.as_str()]))
            .map_err(|error| refused(&error))?,
    };
    let series = tagged(asked, answer, &expressions)?;
    let prefix = asked.parameters.last("valuePrefix").unwrap_or_default();
    let tag_sets = series.iter().map(|(_, tags)| tags);
    let context = answer.context();
    let mut check = || context.check(Instant::now());
    let suggested =
        catalog::suggested_values(tag_sets, &expressions, tag, prefix, limit, &mut check)
            .map_err(|error| unlisted(error, refused))?;
    write_json(asked, answer, &json_text(asked, &json!(suggested)))
}
