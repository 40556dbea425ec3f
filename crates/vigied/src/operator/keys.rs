//! `vigied keys`: the signing keys in the database. Changes are made by the running server, or on the closed database; every
//! node on the database learns of them at once.

use crate::cli::{KeysCommand, Output};
use crate::config::Settings;
use crate::data_dir;
use crate::operator::output::{self, Row};
use base::time::{Clock, Millis, SystemClock};
use iam::Iam;
use iam::sync::key_store::StoredKey;
use serde::Serialize;
use serde_json::json;
use wire::cf::deleted::instant;

/// Runs a command of `vigied keys`; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    command: &KeysCommand,
) -> anyhow::Result<String> {
    match command {
        KeysCommand::List { output, .. } => {
            let keys = iam.stored_signing_keys().await?;
            Ok(list(&keys, SystemClock.now(), *output))
        }
        KeysCommand::Rotate { output, .. } => {
            let folder = data_dir::keys(settings.data());
            let named = settings.tokens.encryption_key_file.as_deref();
            let algorithm = settings.tokens.signing_algorithm;
            let kid = iam.make_signing_key(&folder, named, algorithm).await?;
            let facts = json!({"kid": kid, "state": State::Signs});
            Ok(output::one(output.output, &facts, || {
                format!(
                    "Made the signing key {kid}, with which every node signs from now on.\nTokens of the older keys are good until they expire; `vigied keys retire KID` ends one at once.\n"
                )
            }))
        }
        KeysCommand::Retire { kid, output, .. } => {
            iam.retire_signing_key(kid).await?;
            let facts = json!({"kid": kid, "state": State::Retired});
            Ok(output::one(output.output, &facts, || {
                format!(
                    "Retired the signing key {kid}: no token it has signed opens anything, on any node.\n"
                )
            }))
        }
    }
}

/// The state of a key.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Signs,
    Verifies,
    /// It signs later.
    Announced,
    Retired,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Signs => "signs",
            Self::Verifies => "verifies",
            Self::Announced => "announced",
            Self::Retired => "retired",
        }
    }
}

/// A signing key.
#[derive(Debug, Serialize)]
struct Key<'a> {
    kid: &'a str,
    state: State,
    created_at: String,
    retired_at: Option<String>,
}

impl Row<3> for Key<'_> {
    const HEADS: [&'static str; 3] = ["Key", "State", "Made"];

    fn cells(&self) -> [String; 3] {
        [
            self.kid.to_owned(),
            self.state.word().to_owned(),
            self.created_at.clone(),
        ]
    }
}

fn list(keys: &[StoredKey], now: Millis, output: Output) -> String {
    let signs = |key: &&StoredKey| key.retired_at.is_none() && key.signs_from <= now;
    let signing = keys.iter().rev().find(signs);
    let state = |key: &StoredKey| match key.retired_at {
        Some(_) => State::Retired,
        None if Some(key) == signing => State::Signs,
        None if key.signs_from > now => State::Announced,
        None => State::Verifies,
    };
    let rows = keys.iter().map(|key| Key {
        kid: &key.kid,
        state: state(key),
        created_at: instant(key.created_at),
        retired_at: key.retired_at.map(instant),
    });
    output::list(
        output,
        &rows.collect::<Vec<_>>(),
        "There is no signing key.\n",
    )
}
