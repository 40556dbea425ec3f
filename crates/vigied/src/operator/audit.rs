//! `vigied audit`: who did what. Entries are read from the database, also while a server runs; counts that the server has not
//! written yet are requested from it.

use crate::boot;
use crate::cli::{AuditArgs, Output};
use crate::config::Settings;
use crate::control;
use crate::failure::coded_error::CodedError;
use base::id::AccountId;
use base::invisible::escaped;
use base::time::Millis;
use iam::Iam;
use iam::audit::{Page, Recorded};
use serde_json::{Value, json};
use std::io::Write;
use wire::code;

/// Runs `vigied audit`, writing page after page.
pub(crate) async fn run(
    settings: &Settings,
    arguments: &AuditArgs,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let since = arguments.since;
    let iam = boot::identity_of_operator(settings).await?;
    let done = print(settings, &iam, arguments, since, out).await;
    iam.close().await;
    done
}

async fn print(
    settings: &Settings,
    iam: &Iam,
    arguments: &AuditArgs,
    since: Option<Millis>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let account = arguments.account.as_deref();
    let account = account.map(|text| account_id(iam, text)).transpose()?;
    let mut page = Page {
        account,
        since,
        after: 0,
    };
    // Read before the database: a count that is written meanwhile appears twice rather than never.
    let pending = control::pending_of(settings.data()).unwrap_or_default();
    let mut writer = Writer::new(iam, arguments.output, out);
    loop {
        let entries = iam.audit(page).await?;
        let Some(last) = entries.last().and_then(|entry| entry.number) else {
            break;
        };
        page.after = last;
        for entry in &entries {
            writer.write(&as_json(entry))?;
        }
    }
    let wanted = |row: &&Value| {
        let at = row.get("at_ms").and_then(Value::as_i64);
        let is_late = since.is_none_or(|since| at.is_some_and(|at| at >= since.0));
        let account_guid = row.get("account_guid").and_then(Value::as_str);
        is_late && account.is_none_or(|account| account_guid == Some(&account.to_string()))
    };
    for row in pending.iter().filter(wanted) {
        writer.write(row)?;
    }
    writer.end()
}

/// Writes rows as they come.
struct Writer<'a, W> {
    iam: &'a Iam,
    output: Output,
    out: &'a mut W,
    rows: u64,
}

impl<'a, W: Write> Writer<'a, W> {
    fn new(iam: &'a Iam, output: Output, out: &'a mut W) -> Self {
        Self {
            iam,
            output,
            out,
            rows: 0,
        }
    }

    fn write(&mut self, row: &Value) -> std::io::Result<()> {
        let before = match (self.output, self.rows) {
            (Output::Json, 0) => "[\n",
            (Output::Json, _) => ",\n",
            (Output::Text, _) => "",
        };
        self.rows += 1;
        match self.output {
            Output::Json => write!(self.out, "{before}{row}"),
            Output::Text => writeln!(self.out, "{}", line(self.iam, row)),
        }
    }

    fn end(self) -> anyhow::Result<()> {
        match (self.output, self.rows) {
            (Output::Json, 0) => writeln!(self.out, "[]")?,
            (Output::Json, _) => writeln!(self.out, "\n]")?,
            (Output::Text, 0) => writeln!(self.out, "Nothing is entered.")?,
            (Output::Text, _) => {}
        }
        self.out.flush()?;
        Ok(())
    }
}

/// An entry as one object.
pub(crate) fn as_json(entry: &Recorded) -> Value {
    let some = |text: &str| match text {
        "" => Value::Null,
        text => text.into(),
    };
    let details: Value = serde_json::from_str(&entry.details).unwrap_or(Value::Null);
    let why = details.get("why").and_then(Value::as_str);
    json!({
        "number": entry.number,
        "at": instant(entry.at),
        "at_ms": entry.at.0,
        "kind": entry.kind,
        "event": entry.event,
        "outcome": entry.outcome,
        "who": entry.who,
        "credential": some(&entry.credential),
        "source": some(&entry.source),
        "account_guid": some(&entry.account),
        "target": some(&entry.target),
        "why_said": why.and_then(code::meaning_of_refusal),
        "details": details,
        "transaction_id": some(&entry.transaction),
        "times": entry.times,
    })
}

/// The width of the events in text: no word of theirs is longer.
const EVENT_WIDTH: usize = 26;

/// An entry on one line; users are shown by e-mail address, and what says the same twice is left out.
fn line(iam: &Iam, row: &Value) -> String {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let who = text("who");
    let known = who.parse().ok();
    let directory = iam.directory();
    let known = known.and_then(|id| directory.user(id));
    let number = row.get("number").and_then(Value::as_i64);
    let mut line = format!(
        "{:>7}  {}  {:EVENT_WIDTH$} {}",
        number.map_or_else(|| "-".to_owned(), |number| number.to_string()),
        text("at"),
        text("event"),
        known.map_or(who, |user| &user.email)
    );
    let mut details = row.get("details").and_then(Value::as_object).cloned();
    let uid = details.as_mut().and_then(|details| details.remove("uid"));
    if let Some(Value::String(uid)) = uid {
        line.push_str(&format!(" (uid {uid})"));
    }
    for (word, key) in [
        ("from", "source"),
        ("by", "credential"),
        ("on", "target"),
        ("in", "account_guid"),
    ] {
        let is_in_target = key == "account_guid" && text("target").contains(text(key));
        if !text(key).is_empty() && !is_in_target {
            line.push_str(&format!(" {word} {}", text(key)));
        }
    }
    if text("outcome") != "done" {
        line.push_str(&format!(": {}", text("outcome")));
    }
    if let Some(times @ 2..) = row.get("times").and_then(Value::as_u64) {
        line.push_str(&format!(", {times} times"));
    }
    let in_line = [text("source"), text("target"), text("account_guid")];
    let is_in_line = |value: &str| !value.is_empty() && in_line.contains(&value);
    for (name, value) in details.iter().flatten() {
        if !value.as_str().is_some_and(is_in_line) {
            line.push_str(&format!(" {name}={}", detail(value)));
        }
    }
    if !text("why_said").is_empty() {
        line.push_str(&format!(": {}", text("why_said")));
    }
    if !text("transaction_id").is_empty() {
        line.push_str(&format!(" ({})", text("transaction_id")));
    }
    if number.is_none() {
        line.push_str(" so far");
    }
    // Others chose parts of it: they can neither move the cursor nor hide other text.
    escaped(&line).into_owned()
}

/// A detail: as JSON, but for a word that can be taken for nothing else.
fn detail(value: &Value) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "_-.:/@".contains(letter);
    match value {
        Value::String(text) if !text.is_empty() && text.chars().all(is_plain) => text.clone(),
        other => other.to_string(),
    }
}

fn instant(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |at| format!("{at:.3}"))
}

fn account_id(iam: &Iam, asked: &str) -> anyhow::Result<AccountId> {
    let accounts = iam.directory().accounts();
    let found = accounts
        .iter()
        .find(|account| account.id.to_string() == asked || account.name == asked);
    // A deleted account still has entries.
    let found = found
        .map(|account| account.id)
        .or_else(|| asked.parse().ok());
    found.ok_or_else(|| {
        CodedError::not_found(format!(
            "there is no account `{asked}`\nhint: `vigied account list` shows them"
        ))
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam::audit::Action;

    #[test]
    fn the_column_of_events_holds_each() {
        for action in Action::ALL {
            assert!(action.name().len() <= EVENT_WIDTH, "{}", action.name());
        }
    }

    #[test]
    fn each_word_of_a_refused_workload_has_a_meaning() {
        for why in iam::audit::WorkloadRefusal::ALL {
            assert!(code::meaning(why.name()).is_some(), "{}", why.name());
        }
    }

    #[test]
    fn a_detail_is_a_word_or_json() {
        for (value, expected) in [
            (json!("wrong_password"), "wrong_password"),
            (json!("ada@example.org"), "ada@example.org"),
            (json!(7), "7"),
            (json!(""), "\"\""),
            (json!("a why=b"), "\"a why=b\""),
            (json!("a=b"), "\"a=b\""),
            (json!(["a", 1]), "[\"a\",1]"),
        ] {
            assert_eq!(detail(&value), expected);
        }
    }

    #[test]
    fn what_others_chose_moves_no_cursor() {
        let text = escaped("a\u{1b}[2J\u{202e}\r\n\"é\"\u{9b}");
        assert!(!text.chars().any(char::is_control), "{text}");
        assert!(!text.contains('\u{202e}'), "{text}");
        assert!(text.contains("\"é\""), "{text}");
    }
}
