//! One audit entry: how it is built, stored and logged.

use super::log_rate_limit::LOG_RATE_LIMIT;
use super::{Action, Kind, Origin, Outcome};
use crate::token::identity::Identity;
use crate::token::issued;
use crate::token::verified::Claims;
use base::id::AccountId;
use base::limit;
use base::principal::Principal;
use base::source::Source;
use base::time::Millis;
use serde_json::{Map, Value};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// The actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A user, a service or a profile.
    Principal(Principal),
    /// The operator, with a command on the data folder.
    Operator,
    /// The server itself.
    Server,
    /// Nobody known.
    Unknown,
    /// All actors that are not counted one by one.
    Others,
}

impl Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(principal) => principal.fmt(f),
            Self::Operator => f.write_str("operator"),
            Self::Server => f.write_str("server"),
            Self::Unknown => f.write_str("unknown"),
            Self::Others => f.write_str("others"),
        }
    }
}

impl From<Principal> for Actor {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Server => Self::Server,
            other => Self::Principal(other),
        }
    }
}

/// The credential that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// Nothing.
    None,
    /// A password.
    Password,
    /// A one-time code for a login.
    Passcode,
    /// A one-time code that sets a password.
    OneTimeCode,
    /// An API key.
    ApiKey,
    /// An IAM token.
    IamToken,
    /// A UAA token.
    UaaToken,
    /// A refresh token.
    RefreshToken,
    /// The token of a compute resource, by an issuer that the operator has named.
    CrToken,
}

impl Credential {
    /// The word in log and table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Password => "password",
            Self::Passcode => "passcode",
            Self::OneTimeCode => "one_time_code",
            Self::ApiKey => "api_key",
            Self::IamToken => "iam_token",
            Self::UaaToken => "uaa_token",
            Self::RefreshToken => "refresh_token",
            Self::CrToken => "cr_token",
        }
    }

    /// The credential of a verified caller.
    #[must_use]
    pub fn of(caller: &Identity) -> Self {
        match caller.presented().map(|verified| &verified.claims) {
            None => Self::ApiKey,
            Some(Claims::Iam(_)) => Self::IamToken,
            Some(Claims::Uaa) => Self::UaaToken,
        }
    }

    /// The proof that belongs to a grant type.
    pub(crate) fn of_grant(grant_type: &str) -> Self {
        match grant_type {
            issued::APIKEY => Self::ApiKey,
            issued::PASSCODE => Self::Passcode,
            issued::PASSWORD => Self::Password,
            issued::REFRESH_TOKEN => Self::RefreshToken,
            _ => Self::IamToken,
        }
    }
}

impl From<&crate::token::identity::Credential<'_>> for Credential {
    fn from(presented: &crate::token::identity::Credential<'_>) -> Self {
        match presented {
            crate::token::identity::Credential::Iam(_) => Self::IamToken,
            crate::token::identity::Credential::Uaa(_) => Self::UaaToken,
            crate::token::identity::Credential::ApiKey(_) => Self::ApiKey,
        }
    }
}

/// An audit entry.
#[derive(Debug, Clone)]
#[must_use = "an entry counts once it is committed"]
pub struct Entry {
    pub(crate) action: Action,
    pub(crate) outcome: Outcome,
    pub(crate) actor: Actor,
    pub(crate) credential: Credential,
    pub(crate) source: String,
    pub(crate) transaction: String,
    pub(crate) account: Option<AccountId>,
    pub(crate) target: String,
    pub(crate) details: Map<String, Value>,
    pub(crate) at: Option<Millis>,
    pub(crate) times: u64,
}

impl Entry {
    fn new(action: Action, actor: Actor, credential: Credential) -> Self {
        let origin = Origin::current();
        Self {
            action,
            outcome: Outcome::Done,
            actor,
            credential,
            source: origin.source().to_string(),
            transaction: origin.transaction().to_owned(),
            account: None,
            target: String::new(),
            details: Map::new(),
            at: None,
            times: 1,
        }
    }

    /// An action of a verified caller.
    pub fn by(caller: &Identity, action: Action) -> Self {
        let bounds = caller.bounds();
        Self::new(action, caller.principal().into(), Credential::of(caller))
            .with_some("by_key", bounds.root().key)
            .with_some("assumed_by", bounds.assumed_by())
    }

    /// An action of a principal that has just proven its identity.
    pub(crate) fn by_principal(
        principal: impl Into<Principal>,
        credential: Credential,
        action: Action,
    ) -> Self {
        Self::new(action, principal.into().into(), credential)
    }

    /// An action of the operator.
    pub fn by_operator(action: Action) -> Self {
        let uid = Origin::current().uid();
        Self::new(action, Actor::Operator, Credential::None)
            .without_own_source()
            .with_some("uid", uid)
    }

    /// An action of the server.
    pub fn by_server(action: Action) -> Self {
        Self::new(action, Actor::Server, Credential::None).without_own_source()
    }

    /// Drops the source if it is this process, which has no address.
    fn without_own_source(mut self) -> Self {
        if Origin::current_source() == Source::here() {
            self.source.clear();
        }
        self
    }

    /// An action of a caller who may be unknown.
    pub fn by_actor(actor: Actor, credential: Credential, action: Action) -> Self {
        Self::new(action, actor, credential)
    }

    /// The kind of entry. An action of the operator never counts as a user's own.
    pub(crate) const fn kind(&self) -> Kind {
        match (self.actor, self.action.kind()) {
            (Actor::Operator, Kind::SelfService) => Kind::Change,
            (_, kind) => kind,
        }
    }

    /// The account.
    pub(crate) const fn in_account(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    /// The account, if it is known.
    pub const fn maybe_in(mut self, account: Option<AccountId>) -> Self {
        self.account = account;
        self
    }

    /// The object, usually an id.
    pub fn on(mut self, target: impl Display) -> Self {
        self.target = cut(target.to_string());
        self
    }

    /// A detail; never a secret.
    pub fn with(mut self, key: &'static str, value: impl Display) -> Self {
        let value = cut(value.to_string());
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// An optional detail.
    pub fn with_some(self, key: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// A detail of which the object has the whole, and which may be longer than one of the audit: that it is cut is no hit of the limit.
    pub(crate) fn with_beginning(mut self, key: &'static str, value: impl Display) -> Self {
        let (text, _) = shortened(value.to_string());
        self.details.insert(key.to_owned(), text.into());
        self
    }

    /// A detail that says what a text of an object is now, where it was another one, as [`Self::with_beginning`].
    pub(crate) fn with_changed(
        self,
        key: &'static str,
        old: impl Display,
        new: impl Display,
    ) -> Self {
        let (old, new) = (old.to_string(), new.to_string());
        match old == new {
            true => self,
            false => self.with_beginning(key, new),
        }
    }

    /// The outcome, if it is not success.
    pub const fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The origin, if it is not the current one.
    pub(crate) fn from(mut self, source: impl Display, transaction: &str) -> Self {
        self.source = source.to_string();
        transaction.clone_into(&mut self.transaction);
        self
    }

    /// The number of times, and the time of the first.
    pub(crate) const fn counted(mut self, times: u64, first: Millis) -> Self {
        self.times = times;
        self.at = Some(first);
        self
    }

    /// The first of several entries of one change.
    pub(crate) fn into_entries(self) -> Entries {
        self.into()
    }

    pub(crate) fn details(&self) -> String {
        match self.details.is_empty() {
            true => String::new(),
            false => Value::Object(self.details.clone()).to_string(),
        }
    }

    /// Writes the log line. Within a request the span already has the source and the transaction id, so they are not
    /// repeated.
    ///
    /// The log repeats a limited number of an account's entries each minute: the next line says how many were left out.
    pub(crate) fn log(&self) {
        let left_out = match self.actor {
            Actor::Operator | Actor::Server => 0,
            _ => match LOG_RATE_LIMIT.allow(self.account, Instant::now()) {
                Some(left_out) => left_out,
                None => return,
            },
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let is_in_span = tracing::Span::current().has_field("transaction");
        tracing::info!(
            event = self.action.name(),
            outcome = self.outcome.name(),
            who = %self.actor,
            credential = some(self.credential.name()),
            account = self.account.map(|account| account.to_string()),
            target = some(&self.target),
            times = (self.times > 1).then_some(self.times),
            details = some(&self.details()),
            source = some(&self.source).filter(|_| !is_in_span),
            transaction = (!is_in_span).then_some(&self.transaction),
            left_out = (left_out > 0).then_some(left_out),
            "{}",
            self.action.log_sentence()
        );
    }
}

/// All entries of one change: at least one.
#[derive(Debug)]
pub(crate) struct Entries(pub(crate) Vec<Entry>);

impl Entries {
    /// Several entries of one change. The caller checks that there is at least one.
    pub(crate) const fn of(entries: Vec<Entry>) -> Self {
        Self(entries)
    }

    pub(crate) fn and(mut self, other: Entry) -> Self {
        self.0.push(other);
        self
    }
}

impl From<Entry> for Entries {
    fn from(entry: Entry) -> Self {
        Self(vec![entry])
    }
}

/// How many texts were cut, for the metrics of the limit. It is global because entries are made where no service is at
/// hand.
pub(crate) static CUT: AtomicU64 = AtomicU64::new(0);

/// A text chosen by somebody else, cut at the limit.
fn cut(text: String) -> String {
    let (text, is_cut) = shortened(text);
    if is_cut {
        CUT.fetch_add(1, Ordering::Relaxed);
    }
    text
}

/// The text, cut at the limit, and whether it was longer.
fn shortened(mut text: String) -> (String, bool) {
    let most = usize::try_from(limit::AUDIT_TEXT_BYTES.default).unwrap_or(usize::MAX);
    if text.len() <= most {
        return (text, false);
    }
    let mut end = most.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text.push('…');
    (text, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        for text in ["a".repeat(5000), "é".repeat(5000), "😀".repeat(5000)] {
            let most = usize::try_from(limit::AUDIT_TEXT_BYTES.default).unwrap();
            let (short, is_cut) = shortened(text);
            assert!(is_cut);
            assert!(
                short.len() <= most && short.len() > most - 8,
                "{}",
                short.len()
            );
            assert!(short.ends_with('…'));
        }
        assert_eq!(shortened("short".to_owned()), ("short".to_owned(), false));
    }

    /// Other tests of this program may cut texts at the same time, so the detail is looked at, not the count.
    #[test]
    fn a_changed_text_is_cut_as_all_are() {
        let changed = |new: &str| {
            let entry = Entry::by_server(Action::KeyMade);
            entry.with_changed("description", "old", new).details()
        };
        assert_eq!(changed("old"), "");
        assert_eq!(changed("new"), r#"{"description":"new"}"#);
        let (long, entry) = ("a".repeat(1024), Entry::by_server(Action::KeyMade));
        let beginning = entry.with_beginning("description", &long).details();
        for long in [changed(&long), beginning] {
            assert!(long.len() < 600 && long.ends_with("…\"}"), "{long}");
        }
    }

    #[test]
    fn what_a_name_holds_is_escaped() {
        let entry = Entry::by_operator(Action::KeyMade).with("name", "a\"\n\u{1b}[31m");
        let details = entry.details();
        assert!(
            !details.contains('\n') && !details.contains('\u{1b}'),
            "{details}"
        );
        let read: Value = serde_json::from_str(&details).unwrap();
        assert_eq!(read["name"], "a\"\n\u{1b}[31m");
    }
}
