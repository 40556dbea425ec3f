//! Events that are counted instead of written one by one: refusals, which anybody can cause, and requests, which are
//! many.

use super::counted_source::CountedSource;
use super::refused_workload::RefusedWorkload;
use super::tally::{Count, CountOutcome, Part, Tally, TallyKey};
use super::{Action, Actor, Credential, Entry, Origin, Outcome};
use base::id::{AccountId, KeyId};
use base::limit::{self, Limit};
use base::principal::Principal;
use base::time::Millis;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The fields that refusals of the same kind share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Refused {
    /// The refused action.
    pub action: Action,
    /// The refused principal, or the user named in the request; unknown otherwise.
    pub principal: Option<Principal>,
    /// The account, if it is known.
    pub account: Option<AccountId>,
    /// The kind of credential.
    pub credential: Credential,
    /// The code of the reason.
    pub why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Refusal {
    refused: Refused,
    /// The workload, if it is one that was refused.
    workload: Option<Arc<RefusedWorkload>>,
    source: CountedSource,
}

impl TallyKey for Refusal {
    fn part(&self) -> Part {
        match (&self.workload, self.refused.principal) {
            (Some(workload), _) => Part::Workload(workload.account),
            (None, Some(_)) => Part::Known,
            (None, None) => Part::Unknown,
        }
    }

    fn without_source(mut self) -> Self {
        self.source = CountedSource::Others;
        self
    }

    fn without_source_and_actor(mut self) -> Self {
        self.refused.principal = None;
        self.workload = None;
        self.without_source()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Requests {
    principal: Option<Principal>,
    account: Option<AccountId>,
    credential: Credential,
    key: Option<KeyId>,
    source: CountedSource,
}

impl TallyKey for Requests {
    fn part(&self) -> Part {
        match self.principal {
            Some(_) => Part::Known,
            None => Part::Unknown,
        }
    }

    fn without_source(self) -> Self {
        Self {
            source: CountedSource::Others,
            ..self
        }
    }

    fn without_source_and_actor(self) -> Self {
        Self {
            principal: None,
            key: None,
            ..self.without_source()
        }
    }
}

/// Counts that are not written yet.
#[derive(Debug)]
pub(crate) struct Counts {
    refusals: Tally<Refusal>,
    requests: Tally<Requests>,
    /// Entries written since the last check of the limits.
    written: AtomicU64,
    /// Entries dropped because of an account's limit.
    dropped: AtomicU64,
}

impl Counts {
    pub(crate) fn new(refusals_per_minute: u64) -> Self {
        let size = |number| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            refusals: Tally::new(MINUTE, size(refusals_per_minute)),
            requests: Tally::new(HOUR, size(limit::AUDIT_CALLERS_PER_HOUR.default)),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        }
    }

    /// Counts a refusal; the first of each minute is also logged.
    pub(crate) fn refused(
        &self,
        refused: Refused,
        workload: Option<Arc<RefusedWorkload>>,
        origin: &Origin,
        now: Millis,
    ) {
        let what = Refusal {
            refused,
            workload,
            source: origin.source().into(),
        };
        let transaction = || Some(Arc::from(origin.transaction()));
        if self.refusals.note(&what, now, transaction) == CountOutcome::First {
            let count = Count {
                what,
                first: now,
                transaction: transaction(),
                times: 1,
                is_reported: false,
            };
            let entry = refusal(&count);
            entry.from(origin.source(), origin.transaction()).log();
        }
    }

    /// Counts a request. Allocates only for the first one of each hour.
    pub(crate) fn request(
        &self,
        principal: Principal,
        account: Option<AccountId>,
        (credential, key): (Credential, Option<KeyId>),
        source: base::source::Source,
        now: Millis,
    ) {
        let what = Requests {
            principal: Some(principal),
            account,
            credential,
            key,
            source: source.into(),
        };
        self.requests.note(&what, now, || None);
    }

    /// Takes the counts that are to be written now.
    pub(crate) fn take(&self, now: Millis, all: bool) -> DrainedCounts {
        let mut requests = self.requests.take(now, all);
        // An hour is long: the first request is written at once, the number of requests when the hour has ended.
        requests.extend(self.requests.take_new());
        DrainedCounts {
            refusals: self.refusals.take(now, all),
            requests,
        }
    }

    /// How often each counting limit was reached.
    pub(crate) fn hits(&self) -> [(Limit, u64); 3] {
        [
            (limit::AUDIT_REFUSALS_PER_MINUTE, self.refusals.overflow()),
            (limit::AUDIT_CALLERS_PER_HOUR, self.requests.overflow()),
            (
                limit::AUDIT_ENTRIES_PER_ACCOUNT,
                self.dropped.load(Ordering::Relaxed),
            ),
        ]
    }

    /// Notes that entries were dropped for the limit.
    pub(crate) fn dropped(&self, entries: i64) {
        let entries = u64::try_from(entries).unwrap_or(0);
        self.dropped.fetch_add(entries, Ordering::Relaxed);
    }

    pub(crate) fn give_back(&self, counts: DrainedCounts) {
        self.refusals.give_back(counts.refusals);
        self.requests.give_back(counts.requests);
    }

    /// Counts that are not written yet.
    pub(crate) fn pending(&self) -> Vec<Entry> {
        let counts = DrainedCounts {
            refusals: self.refusals.pending(),
            requests: self.requests.pending(),
        };
        counts.entries()
    }

    pub(crate) fn wrote(&self, entries: usize) {
        let entries = u64::try_from(entries).unwrap_or(u64::MAX);
        self.written.fetch_add(entries, Ordering::Relaxed);
    }

    /// The number of entries written since the last call, if it is at least this many.
    pub(crate) fn written_since(&self, least: u64) -> bool {
        if self.written.load(Ordering::Relaxed) < least {
            return false;
        }
        self.written.store(0, Ordering::Relaxed);
        true
    }
}

/// Counts taken for writing.
#[derive(Debug, Default, Clone)]
pub(crate) struct DrainedCounts {
    refusals: Vec<Count<Refusal>>,
    requests: Vec<Count<Requests>>,
}

impl DrainedCounts {
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let refusals = self.refusals.iter().map(refusal);
        refusals.chain(self.requests.iter().map(requests)).collect()
    }

    /// At most as many as one transaction writes.
    pub(crate) fn split(&mut self, most: usize) -> Self {
        let first = |length: usize| length.saturating_sub(most);
        let refusals = self.refusals.split_off(first(self.refusals.len()));
        let room = most.saturating_sub(refusals.len());
        let at = self.requests.len().saturating_sub(room);
        let requests = self.requests.split_off(at);
        Self { refusals, requests }
    }
}

fn actor(principal: Option<Principal>, source: CountedSource) -> Actor {
    match (principal, source) {
        (Some(principal), _) => principal.into(),
        (None, CountedSource::Others) => Actor::Others,
        (None, _) => Actor::Unknown,
    }
}

fn refusal(count: &Count<Refusal>) -> Entry {
    let Refusal {
        refused,
        workload,
        source,
    } = &count.what;
    let who = actor(refused.principal, *source);
    let entry = Entry::by_actor(who, refused.credential, refused.action)
        .maybe_in(refused.account)
        .outcome(Outcome::Refused);
    let entry = match workload {
        Some(workload) => workload.add_to(entry),
        None => entry,
    };
    entry
        .with("why", refused.why)
        .from(source, count.transaction.as_deref().unwrap_or_default())
        .counted(count.times, count.first)
}

fn requests(count: &Count<Requests>) -> Entry {
    let what = count.what;
    let who = actor(what.principal, what.source);
    Entry::by_actor(who, what.credential, Action::RequestsMade)
        .maybe_in(what.account)
        .with_some("by_key", what.key)
        .from(what.source, "")
        .counted(count.times, count.first)
}
