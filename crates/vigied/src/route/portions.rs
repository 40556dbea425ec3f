//! Stores the samples of a body, a portion at a time, for forms in which the names come to many times the size of the body: a
//! line's measurement and tags are in the name of each of its fields. No more than a portion is in memory at once, and it is
//! counted with the bodies.
//!
//! If a portion cannot be stored, the request is refused, though those before it are stored: its sender sends all of it again,
//! which replaces samples by the same ones. The access of its caller is checked again before each portion after the first: a
//! body may take long, and what is withdrawn ends at once.

use crate::app::App;
use crate::app::arrivals::{Arrival, ArrivalSource};
use crate::http::bodies::BodyReservation;
use crate::http::fair_share::ShareOwner;
use crate::http::problem::Refusal;
use crate::query::open_queries::AccessCheck;
use base::sample::RejectReason;
use base::scope::Scope;
use base::store::Durability;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::collections::BTreeMap;
use wire::code;
use wire::ingest::Lines;

/// The header with the counts.
const RECEIPT: HeaderName = HeaderName::from_static("x-vigie-receipt");

/// Bytes kept in memory before they are stored, or a quarter of what the account can have, where that is less.
const PORTION_BYTES: usize = 4 << 20;

/// The least and the most that [`Portions::slice`] says.
const SLICE_BYTES_MIN: usize = 512;
const SLICE_BYTES_MAX: usize = 16 << 10;

/// The most that the names of a body may amount to.
const WHOLE_BYTES: usize = 128 << 20;

/// The outcome of the samples of a body; `received = stored + overwritten + rejected`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) received: u64,
    pub(super) stored: u64,
    pub(super) overwritten: u64,
    pub(super) rejected: u64,
    /// How many of the rejected are texts, which no sender can avoid.
    pub(super) texts: u64,
    /// How many of the stored have a name in which a character was replaced.
    pub(super) renamed: u64,
    /// How many were rejected for each reason.
    pub(super) by_code: BTreeMap<&'static str, u64>,
    /// The first rejected sample; a text only if nothing else was rejected.
    pub(super) first: Option<First>,
}

/// A rejected sample, or a line that holds none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct First {
    pub(super) line: u64,
    pub(super) reason: RejectReason,
    is_text: bool,
}

/// Stores the samples of a body in portions.
#[derive(Debug)]
pub(super) struct Portions<'a> {
    app: &'a App,
    scope: &'a Scope,
    access: &'a dyn AccessCheck,
    by: ArrivalSource,
    held: BodyReservation,
    /// Bytes of the body, which are reserved elsewhere.
    body: usize,
    portion: usize,
    reserved: usize,
    made: usize,
    pub(super) outcome: Outcome,
}

impl<'a> Portions<'a> {
    pub(super) fn new(
        app: &'a App,
        (scope, access): (&'a Scope, &'a dyn AccessCheck),
        by: ArrivalSource,
        body: usize,
    ) -> Self {
        let account = app.iam.directory().account_of(scope.domain());
        let owner = account.map_or(ShareOwner::Proxy, ShareOwner::Account);
        let held = BodyReservation::nothing(&app.bodies, owner);
        let share = usize::try_from(held.most().allowed).unwrap_or(usize::MAX);
        Self {
            app,
            scope,
            access,
            by,
            held,
            body,
            portion: PORTION_BYTES.min(share / 4),
            reserved: 0,
            made: 0,
            outcome: Outcome::default(),
        }
    }

    /// How many bytes are decoded between two looks at the memory that the samples take: a sample takes many times the bytes of
    /// its line.
    pub(super) fn slice(&self) -> usize {
        (self.portion / 32).clamp(SLICE_BYTES_MIN, SLICE_BYTES_MAX)
    }

    /// Reserves memory for the `ready` bytes of samples; returns whether they are enough for a portion to be stored.
    ///
    /// # Errors
    /// If there is no memory for it, or the whole is too much.
    pub(super) fn reserve(&mut self, ready: usize) -> Result<bool, Refusal> {
        let more = ready.saturating_sub(self.reserved);
        self.held.grow(more).map_err(|over| {
            let never = self.held.never_fits(self.body.saturating_add(more));
            never.map_or_else(|| over.refusal(), |most| most.never_fits())
        })?;
        self.reserved += more;
        if ready < self.portion {
            return Ok(false);
        }
        self.made = self.made.saturating_add(ready);
        if self.made > WHOLE_BYTES {
            return Err(too_large());
        }
        Ok(true)
    }

    /// Stores a portion. Blocks.
    ///
    /// # Errors
    /// Why it cannot be stored.
    pub(super) fn store(&mut self, lines: &Lines) -> Result<(), Refusal> {
        if lines.received == 0 {
            return Ok(());
        }
        // It was checked just now for the first.
        if self.outcome.received > 0 {
            let checked = self.access.recheck();
            checked.inspect_err(|refusal| self.access.report(refusal))?;
        }
        let early = lines.rejects.iter().map(|reject| &reject.reason);
        let appended =
            self.app
                .store_batch(self.scope, &lines.batch, early, Durability::Committed)?;
        let accepted = appended.stored + appended.overwritten;
        let (domain, now) = (self.scope.domain(), self.app.clock.now());
        let mut arrival = Arrival::new(domain, self.by, now, accepted);
        arrival.lines(lines, &appended);
        self.app.note_arrival(arrival);
        let outcome = &mut self.outcome;
        outcome.received += lines.received;
        outcome.stored += appended.stored;
        outcome.overwritten += appended.overwritten;
        outcome.rejected += (lines.rejects.len() + appended.rejected.len()) as u64;
        outcome.renamed += lines.renamed;
        let late = appended.rejected.iter().map(|(at, reason)| {
            let line = lines.lines.get(*at).copied().unwrap_or_default();
            (line, reason)
        });
        let early = lines
            .rejects
            .iter()
            .map(|reject| (reject.line, &reject.reason));
        for (line, reason) in early.chain(late) {
            outcome.note(line, reason);
        }
        Ok(())
    }
}

fn too_large() -> Refusal {
    let message = format!(
        "the names of the body's values, with all their tags, take more than {WHOLE_BYTES} bytes"
    );
    Refusal(
        code::BODY_TOO_LARGE
            .problem(message)
            .hint("send fewer lines at once"),
    )
}

impl Outcome {
    /// Adds the counts to the headers of an answer: most senders read no body.
    pub(super) fn add_receipt(&self, headers: &mut HeaderMap) {
        let Self {
            received,
            stored,
            overwritten,
            rejected,
            texts,
            renamed,
            ..
        } = self;
        let counts = format!(
            "received={received} stored={stored} overwritten={overwritten} rejected={rejected} texts={texts} renamed={renamed}"
        );
        if let Ok(value) = HeaderValue::from_str(&counts) {
            headers.insert(RECEIPT, value);
        }
    }

    /// Whether all that was rejected may be stored later.
    pub(super) fn is_for_later(&self) -> bool {
        self.rejected > 0 && self.by_code.get(RejectReason::ACCOUNT_LIMIT) == Some(&self.rejected)
    }

    /// Keeps the first of all, by line; a text only as long as there is nothing else.
    fn note(&mut self, line: u64, reason: &RejectReason) {
        *self.by_code.entry(reason.code()).or_default() += 1;
        let is_text = is_text(reason);
        let is_earlier = self
            .first
            .as_ref()
            .is_none_or(|first| (is_text, line) < (first.is_text, first.line));
        if is_earlier {
            self.first = Some(First {
                line,
                reason: reason.clone(),
                is_text,
            });
        }
    }
}

fn is_text(reason: &RejectReason) -> bool {
    matches!(reason, RejectReason::Value(words) if words == wire::ingest::influx::TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_that_its_sender_can_mend_is_told() {
        let mut outcome = Outcome::default();
        let text = RejectReason::Value(wire::ingest::influx::TEXT.to_owned());
        let wrong = RejectReason::Malformed("missing fields".to_owned());
        for (line, reason) in [(4, &text), (2, &text), (9, &wrong), (1, &text), (8, &wrong)] {
            outcome.note(line, reason);
        }
        let first = outcome.first.unwrap();
        assert_eq!((first.line, first.reason), (8, wrong));
    }
}
