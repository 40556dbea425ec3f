//! `vigied keys`: the signing keys in the database. Changes are made by the running server, or on the closed database; every
//! node on the database learns of them at once.

use crate::cli::{KeysCommand, Output};
use crate::config::Settings;
use crate::data_dir;
use crate::operator::output::{self, Row};
use base::time::{Clock, Millis, SystemClock};
use iam::sync::key_store::{Begins, NewSigningKey, StoredKey, UnreadableKeys};
use iam::token::keyring::SigningAlgorithm;
use iam::{Iam, IamError};
use serde::Serialize;
use serde_json::json;
use std::collections::HashMap;
use std::time::Duration;
use wire::cf::deleted::instant;

/// Runs a command of `vigied keys`; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    is_in_server: bool,
    iam: &Iam,
    command: &KeysCommand,
) -> anyhow::Result<String> {
    let folder = data_dir::keys(settings.data());
    let named = settings.tokens.encryption_key_file.as_deref();
    match command {
        KeysCommand::List { output, .. } => {
            let keys = iam.stored_signing_keys().await?;
            let algorithms = iam.signing_key_algorithms(&folder, named).await?;
            Ok(list(&keys, &algorithms, SystemClock.now(), *output))
        }
        KeysCommand::Rotate {
            algorithm,
            now,
            output,
            ..
        } => {
            let algorithm = algorithm.map_or(
                (
                    settings.tokens.signing_algorithm,
                    algorithm_source(is_in_server),
                ),
                |given| (given.into(), "as `--algorithm` says"),
            );
            let begins = if *now { Begins::Now } else { Begins::Announced };
            let before = iam.stored_signing_keys().await?;
            let asked_at = SystemClock.now();
            let earlier = before.iter().filter(|key| is_announced(key, asked_at));
            let earlier: Vec<&StoredKey> = earlier.collect();
            let made = iam.make_signing_key(&folder, named, algorithm.0, begins);
            let made = made.await?;
            if *now {
                wait_until(made.signs_from).await;
            }
            Ok(made_key(
                (&made, &earlier),
                algorithm,
                begins,
                output.output,
            ))
        }
        KeysCommand::RetireUnreadable { yes, output, .. } => {
            let found = match yes {
                true => iam.retire_unreadable_signing_keys(&folder, named).await?,
                false => iam.unreadable_signing_keys(&folder, named).await?,
            };
            let (retired, unreadable) = match yes {
                true => (&found.kids[..], &[][..]),
                false => (&[][..], &found.kids[..]),
            };
            let facts = json!({
                "retired": retired, "unreadable": unreadable, "encryption_key": found.looked_at,
            });
            Ok(output::one(output.output, &facts, || {
                retired_unreadable(&found, *yes)
            }))
        }
        KeysCommand::Retire { kid, output, .. } => {
            let retired = iam.retire_signing_key(kid).await;
            let signing = retired.map_err(|error| not_retired(kid, error))?;
            let facts = json!({"kid": kid, "state": State::Retired, "signing": signing});
            Ok(output::one(output.output, &facts, || {
                format!(
                    "Retired the signing key {kid}: no token it has signed opens anything, on any node.\n{signing} signs.\n"
                )
            }))
        }
    }
}

/// Waits until a key signs that does so when every node knows it: whoever retires the older one next finds its successor.
async fn wait_until(signs_from: Millis) {
    let rest = signs_from.0.saturating_sub(SystemClock.now().0);
    tokio::time::sleep(Duration::from_millis(u64::try_from(rest).unwrap_or(0))).await;
}

/// The failure, with the time from which on the key can be retired, if it is only too early.
fn not_retired(kid: &str, error: IamError) -> anyhow::Error {
    let from = match error {
        IamError::NoSuccessorYet { signs_from, .. } => Some(signs_from),
        _ => None,
    };
    let Some(from) = from.map(instant) else {
        return error.into();
    };
    let what = format!("the signing key `{kid}` can be retired from {from} on");
    anyhow::Error::from(error).context(what)
}

/// The keys that the encryption key does not open, and what became of them.
fn retired_unreadable(found: &UnreadableKeys, is_done: bool) -> String {
    let looked_at = &found.looked_at;
    if found.kids.is_empty() && !found.has_encryption_key {
        return format!(
            "No signing key is in service, and there is no encryption key at `{looked_at}`: nothing was retired. The next start makes both.\n"
        );
    }
    if found.kids.is_empty() {
        return format!(
            "The encryption key `{looked_at}` opens every signing key in service: nothing was retired.\n"
        );
    }
    let (begin, end) = match is_done {
        true => (
            "Retired the signing key",
            "No token they have signed opens anything. If none is left, a running server makes one within seconds, and any other at its next start.\n".to_owned(),
        ),
        false => (
            "Cannot open the signing key",
            format!(
                "The encryption key was looked for at `{looked_at}`. If it is not in another file (`tokens.encryption_key_file`), on another \
                 node or in a backup, retire these keys, on every node, with `--yes`.\n"
            ),
        ),
    };
    let lines = found.kids.iter().map(|kid| format!("{begin} {kid}.\n"));
    lines.chain([end]).collect()
}

const fn algorithm_source(is_in_server: bool) -> &'static str {
    match is_in_server {
        true => "as `tokens.signing_algorithm` of the running server says",
        false => "as `tokens.signing_algorithm` says",
    }
}

/// Whether a key is public and signs later.
fn is_announced(key: &StoredKey, now: Millis) -> bool {
    key.retired_at.is_none() && key.signs_from > now
}

/// A key that was announced before the newest one was made.
#[derive(Debug, Serialize)]
struct EarlierKey<'a> {
    kid: &'a str,
    /// `None` if it never will: of the keys whose time has come the newest signs.
    signs_from: Option<String>,
}

impl<'a> EarlierKey<'a> {
    fn of(key: &'a StoredKey, newest: &NewSigningKey) -> Self {
        let signs_first = key.signs_from < newest.signs_from;
        Self {
            kid: &key.kid,
            signs_from: signs_first.then(|| instant(key.signs_from)),
        }
    }

    fn sentence(&self) -> String {
        let Self { kid, signs_from } = self;
        match signs_from {
            Some(from) => format!(
                "Another key, {kid}, was announced already, and signs from {from} on until a newer one does.\n"
            ),
            None => format!(
                "Another key, {kid}, was announced already: it will not sign, but what it has signed is accepted until it is retired.\n"
            ),
        }
    }
}

/// A new key: how it signs and who says so, and from when on; with those that were announced before it and do not sign yet.
fn made_key(
    (made, earlier): (&NewSigningKey, &[&StoredKey]),
    (algorithm, why): (SigningAlgorithm, &str),
    begins: Begins,
    output: Output,
) -> String {
    let (kid, name) = (&made.kid, algorithm.name());
    let from = instant(made.signs_from);
    let state = match begins {
        Begins::Announced => State::Announced,
        Begins::Now => State::Signs,
    };
    let earlier = earlier.iter().map(|key| EarlierKey::of(key, made));
    let earlier: Vec<EarlierKey<'_>> = earlier.collect();
    let others: String = earlier.iter().map(EarlierKey::sentence).collect();
    let facts = json!({
        "kid": kid, "state": state, "algorithm": name, "signs_from": from, "announced_before": earlier,
    });
    output::one(output, &facts, || {
        let signs = match begins {
            Begins::Announced => {
                format!("It is public now; every node signs with it from {from} on, when clients have read it.")
            }
            Begins::Now => {
                "Every node signs with it from now on; clients refuse its tokens until they have read the public keys again."
                    .to_owned()
            }
        };
        format!(
            "Made the signing key {kid} ({name}, {why}).\n{signs}\n{others}Tokens of the older keys are good until they expire; `vigied keys retire KID` ends one at once.\n"
        )
    })
}

/// The state of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
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
    /// None of one that is retired, or that the encryption key does not open.
    algorithm: Option<&'static str>,
    created_at: String,
    /// `None` if it never will, because a newer key begins no later.
    signs_from: Option<String>,
    retired_at: Option<String>,
}

impl Row<5> for Key<'_> {
    const HEADS: [&'static str; 5] = ["Key", "State", "Algorithm", "Made", "Signs from"];

    fn cells(&self) -> [String; 5] {
        [
            self.kid.to_owned(),
            self.state.word().to_owned(),
            self.algorithm.unwrap_or("-").to_owned(),
            self.created_at.clone(),
            self.signs_from
                .clone()
                .unwrap_or_else(|| "never".to_owned()),
        ]
    }
}

fn list(
    keys: &[StoredKey],
    algorithms: &HashMap<String, SigningAlgorithm>,
    now: Millis,
    output: Output,
) -> String {
    let signs = |key: &&StoredKey| key.retired_at.is_none() && key.signs_from <= now;
    let signing = keys.iter().rev().find(signs);
    let state = |key: &StoredKey| match key.retired_at {
        Some(_) => State::Retired,
        None if Some(key) == signing => State::Signs,
        None if is_announced(key, now) => State::Announced,
        None => State::Verifies,
    };
    let is_overtaken = |at: usize, key: &StoredKey| {
        let mut newer = keys.iter().skip(at + 1);
        is_announced(key, now)
            && newer.any(|newer| newer.retired_at.is_none() && newer.signs_from <= key.signs_from)
    };
    let rows = keys.iter().enumerate().map(|(at, key)| Key {
        kid: &key.kid,
        state: state(key),
        algorithm: algorithms
            .get(&key.kid)
            .copied()
            .map(SigningAlgorithm::name),
        created_at: instant(key.created_at),
        signs_from: (!is_overtaken(at, key)).then(|| instant(key.signs_from)),
        retired_at: key.retired_at.map(instant),
    });
    let rows: Vec<_> = rows.collect();
    let mut text = output::list(output, &rows, "There is no signing key.\n");
    let is_unread = |row: &&Key<'_>| row.algorithm.is_none() && row.state != State::Retired;
    let unread = rows.iter().filter(is_unread).count();
    if unread > 0 && matches!(output, Output::Text) {
        text.push_str(&format!(
            "\n{unread} of those in service cannot be read with the encryption key in its file: `vigied keys retire-unreadable` says which, and where \
             the file was looked for.\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(kid: &str, signs_from: i64) -> StoredKey {
        StoredKey {
            kid: kid.to_owned(),
            created_at: Millis::from_secs(0),
            signs_from: Millis::from_secs(signs_from),
            retired_at: None,
        }
    }

    fn told(signs_from: i64, begins: Begins) -> String {
        let made = NewSigningKey {
            kid: "new".to_owned(),
            signs_from: Millis::from_secs(signs_from),
        };
        let (first, second) = (announced("first", 120), announced("second", 130));
        let algorithm = (SigningAlgorithm::Rs256, "as the test says");
        made_key((&made, &[&first, &second]), algorithm, begins, Output::Text)
    }

    #[test]
    fn a_key_that_a_newer_one_overtakes_never_signs() {
        let keys = [announced("first", 120), announced("second", 31)];
        let listed = |now: i64| {
            let now = Millis::from_secs(now);
            let text = list(&keys, &HashMap::new(), now, Output::Json);
            let rows: serde_json::Value = serde_json::from_str(&text).unwrap();
            [0, 1].map(|at| rows[at]["signs_from"].as_str().map(str::to_owned))
        };
        let second = Some("1970-01-01T00:00:31Z".to_owned());
        assert_eq!(listed(10), [None, second.clone()]);
        assert_eq!(listed(40), [None, second]);
    }

    /// The first alone was named, and with `--now` it was said to sign, though the newer key signed throughout.
    #[test]
    fn each_key_that_was_announced_before_is_named_with_what_becomes_of_it() {
        let text = told(150, Begins::Announced);
        for expected in [
            "Another key, first, was announced already, and signs from 1970-01-01T00:02:00",
            "Another key, second, was announced already, and signs from 1970-01-01T00:02:10",
        ] {
            assert!(text.contains(expected), "{text}");
        }
        let text = told(31, Begins::Now);
        for kid in ["first", "second"] {
            let expected = format!("Another key, {kid}, was announced already: it will not sign");
            assert!(text.contains(&expected), "{text}");
        }
        assert!(!text.contains("until a newer one does"), "{text}");
    }
}
