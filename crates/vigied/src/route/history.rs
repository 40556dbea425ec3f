//! The history of an object, as `include_history` asks for it.

use crate::app::App;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::time::Millis;
use iam::Identity;
use iam::audit::{Action, Recorded};
use iam::manage::history::sentence;
use serde_json::{Map, Value};
use std::fmt::Display;
use wire::iam::api_key::time_text;
use wire::iam::history::HistoryEntry;

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
    Ok(Some(found.iter().map(entry).collect()))
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

/// The value of a fact. Times are as everywhere in this interface; the audit has milliseconds.
fn text(name: &str, value: &Value) -> String {
    match (name, value, value.as_i64()) {
        ("expires_at", _, Some(at)) => time_text(Millis(at)),
        (_, Value::String(text), _) => text.clone(),
        (_, other, _) => other.to_string(),
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
        let shown = |name, value| text(name, &value);
        assert_eq!(
            shown("expires_at", json!(1_709_629_687_006_i64)),
            "2024-03-05T09:08+0000"
        );
        assert_eq!(shown("revision", json!(2)), "2");
        assert_eq!(shown("expires_at", json!("never")), "never");
    }
}
