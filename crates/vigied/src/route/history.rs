//! The history of an object, as `include_history` asks for it.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::limit::{self, Limit};
use base::time::Millis;
use iam::Identity;
use iam::audit::{Action, Recorded};
use iam::manage::history::sentence;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt::Display;
use wire::iam::api_key::time_text;
use wire::iam::history::HistoryEntry;

/// The action of the entry that stands for all older changes.
const LEFT_OUT: &str = "older_changes_left_out";

/// Where to find older changes, in the history of a single object.
const OPERATOR_HAS_THEM: &str =
    "this change and those before it are left out: the server's operator has them (`vigied audit`)";

/// Where to find older changes, in a list of objects.
const OBJECT_HAS_THEM: &str = "this change and those before it are left out: the object by itself shows more, with `include_history=true`";

/// The history of an object that the caller has been shown, or that by one action alone; none if the request asks for none.
pub(super) async fn asked_for(
    app: &App,
    caller: &Identity,
    params: &Params,
    object: impl Display + Send,
    only: Option<Action>,
) -> Result<Option<Vec<HistoryEntry>>, Refusal> {
    if !params.flag("include_history")? {
        return Ok(None);
    }
    let found = app.iam.history(caller, object.to_string(), only).await?;
    Ok(Some(entries(
        &found,
        &limit::HISTORY_ENTRIES,
        OPERATOR_HAS_THEM,
    )))
}

/// The histories of the objects of a page of a list, if the request asks for them: shorter than those of the objects by themselves.
pub(super) struct Histories(Option<HashMap<String, Vec<Recorded>>>);

impl Histories {
    /// Those of the objects that the page shows, which are read together.
    pub(super) async fn asked_for(
        app: &App,
        caller: &Identity,
        params: &Params,
        objects: Vec<String>,
    ) -> Result<Self, Refusal> {
        if !params.flag("include_history")? {
            return Ok(Self(None));
        }
        Ok(Self(Some(app.iam.histories(caller, &objects).await?)))
    }

    /// The history of one of the objects.
    pub(super) fn of(&self, object: impl Display) -> Option<Vec<HistoryEntry>> {
        let histories = self.0.as_ref()?;
        let found = histories.get(&object.to_string());
        let found = found.map(Vec::as_slice).unwrap_or_default();
        Some(entries(
            found,
            &limit::HISTORY_ENTRIES_IN_LISTS,
            OBJECT_HAS_THEM,
        ))
    }
}

/// The entries; where there are more than the limit, the last one says that the oldest are left out, and where they are.
fn entries(found: &[Recorded], limit: &Limit, where_left_out: &str) -> Vec<HistoryEntry> {
    let entries_max = usize::try_from(limit.default).unwrap_or(usize::MAX);
    let mut entries: Vec<HistoryEntry> = found.iter().take(entries_max).map(entry).collect();
    if let Some(first_left_out) = found.get(entries_max) {
        entries.push(HistoryEntry {
            timestamp: time_text(first_left_out.at),
            iam_id: "server".to_owned(),
            iam_id_account: first_left_out.account.clone(),
            action: LEFT_OUT.to_owned(),
            params: vec![format!("{}={entries_max}", limit.name)],
            message: where_left_out.to_owned(),
        });
    }
    entries
}

fn entry(recorded: &Recorded) -> HistoryEntry {
    let details: Map<String, Value> = serde_json::from_str(&recorded.details).unwrap_or_default();
    let params = details
        .iter()
        .map(|(name, value)| format!("{name}={}", text(name, value)));
    HistoryEntry {
        timestamp: time_text(recorded.at),
        iam_id: recorded.who.clone(),
        iam_id_account: recorded.account.clone(),
        action: recorded.event.clone(),
        params: params.collect(),
        message: message(sentence(&recorded.event).unwrap_or_default(), &details),
    }
}

/// The value of a fact. Times are as everywhere in this interface; the audit has milliseconds, as text.
fn text(name: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (name, text.parse()) {
        ("expires_at", Ok(at)) => time_text(Millis(at)),
        _ => text,
    }
}

/// The sentence; where it names several states, with the one alone that the object got.
fn message(sentence: &str, details: &Map<String, Value>) -> String {
    let to = details.get("to").and_then(Value::as_str);
    match (sentence.split_once(" was "), to) {
        (Some((what, states)), Some(to))
            if states
                .split(", ")
                .flat_map(|part| part.split(" or "))
                .any(|state| state == to) =>
        {
            format!("{what} was {to}")
        }
        _ => sentence.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_written_as_the_objects_have_them() {
        let text_of = |name, value| text(name, &value);
        for at in [json!("1709629687006"), json!(1_709_629_687_006_i64)] {
            assert_eq!(text_of("expires_at", at), "2024-03-05T09:08+0000");
        }
        assert_eq!(text_of("revision", json!(2)), "2");
        assert_eq!(text_of("expires_at", json!("never")), "never");
    }
}
