//! `vigied keys`: the signing keys in the database. A change is made by the server that runs on the folder, or on the closed
//! database; every node on the database hears of it at once.

use crate::cli::{KeysCommand, Output};
use crate::columns::columns;
use crate::config::Settings;
use crate::data_dir;
use iam::Iam;
use iam::sync::key_store::StoredKey;
use serde_json::{Value, json};
use wire::cf::deleted::instant;

/// Does what a command of `vigied keys` says; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    command: &KeysCommand,
) -> anyhow::Result<String> {
    match command {
        KeysCommand::List { output, .. } => Ok(list(&iam.stored_signing_keys().await?, *output)),
        KeysCommand::Rotate { .. } => {
            let folder = data_dir::keys(settings.data());
            let named = settings.tokens.encryption_key_file.as_deref();
            let kid = iam.make_signing_key(&folder, named).await?;
            Ok(format!(
                "Made the signing key {kid}, with which every node signs from now on.\nTokens of the older keys are good until they expire; `vigied keys retire KID` ends one at once.\n"
            ))
        }
        KeysCommand::Retire { kid, .. } => {
            iam.retire_signing_key(kid).await?;
            Ok(format!(
                "Retired the signing key {kid}: no token it has signed opens anything, on any node.\n"
            ))
        }
    }
}

fn list(keys: &[StoredKey], output: Output) -> String {
    let signing = keys.iter().rev().find(|key| key.retired_at.is_none());
    let state = |key: &StoredKey| match key.retired_at {
        Some(_) => "retired",
        None if Some(key) == signing => "signs",
        None => "verifies",
    };
    if output == Output::Json {
        let rows: Vec<Value> = keys
            .iter()
            .map(|key| {
                json!({
                    "kid": key.kid,
                    "state": state(key),
                    "created_at": instant(key.created_at),
                    "retired_at": key.retired_at.map(instant),
                })
            })
            .collect();
        return format!("{:#}\n", Value::Array(rows));
    }
    let rows: Vec<[String; 3]> = keys
        .iter()
        .map(|key| {
            [
                key.kid.clone(),
                state(key).to_owned(),
                instant(key.created_at),
            ]
        })
        .collect();
    columns(["Key", "State", "Made"], &rows)
}
