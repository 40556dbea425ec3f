//! The identity of the sender on a connection of lines: by its address or certificate, by a credential it has presented, or by a
//! key before each name.

use super::credential::{Denied, SenderCredential};
use super::key_before_names::{self, KeyedOutcome, LinesByKey};
use super::pending_lines::count_samples;
use super::reader::{End, keep};
use super::renewal::Login;
use super::reports::NO_IDENTITY;
use super::sender_slots::SenderSlot;
use super::shared::SenderContext;
use super::storing::{Outcome, Sender, count_refused};
use crate::config::Listener;
use crate::http::fair_share::ShareOwner;
use base::error::Problem;
use base::id::KeyId;
use base::sample::RejectReason;
use base::scope::Domain;
use wire::ingest::statsd::{DecodeSummary, Reject};

/// The identity of the sender.
#[derive(Debug)]
pub(super) struct LineIdentity<'s> {
    pub(super) shared: &'s SenderContext,
    pub(super) sender: Sender,
    slot: &'s SenderSlot<'s>,
    takes_keys: bool,
    /// The login of the connection.
    pub(super) open: Option<Login>,
    /// The last key that stood before a name, and where it sends to.
    by_key: Option<(KeyId, Domain)>,
}

impl<'s> LineIdentity<'s> {
    /// Begins a connection. A sender that is not known by address or certificate is refused if it cannot authenticate later.
    pub(super) fn begin(
        shared: &'s SenderContext,
        listener: Listener,
        sender: Sender,
        slot: &'s SenderSlot<'s>,
        known: Option<SenderCredential>,
    ) -> Result<Self, End> {
        let mut identity = Self {
            shared,
            sender,
            slot,
            takes_keys: listener.takes_keys,
            open: None,
            by_key: None,
        };
        let may_say_it = listener.takes_credentials || listener.takes_keys;
        match known.map(|credential| (credential.scope(shared), credential)) {
            Some((Ok(scope), credential)) => {
                let domain = scope.domain();
                identity.open = Some(Login {
                    credential,
                    principal: scope.principal(),
                    domain,
                    owner: keep(shared, slot, domain).map_err(End::Refused)?,
                    warn_at: None,
                });
            }
            _ if may_say_it => {}
            Some((Err(denied), _)) => return Err(identity.denied(denied.problem(), 1)),
            None => {
                identity.refuse(NO_IDENTITY, 1);
                return Err(End::Refused(
                    "no sender is known by this address, and no credential is taken here"
                        .to_owned(),
                ));
            }
        }
        Ok(identity)
    }

    /// Counts what was not stored.
    pub(super) fn refuse(&self, reason: &'static str, count: u64) {
        self.shared
            .refuse(self.sender.listener, self.sender.source, reason, count);
    }

    /// Counts lines that waited for a login to be renewed and were not stored: for the domain that they were sent to, too.
    pub(super) fn refuse_held(&self, login: Option<&Login>, reason: &'static str, count: u64) {
        match login {
            Some(login) if count > 0 => {
                let key = login.credential.key(self.shared);
                let origin = (self.sender.listener, self.sender.source, key);
                self.shared
                    .refuse_for(origin, login.domain, (reason, count));
            }
            _ => self.refuse(reason, count),
        }
    }

    /// Refuses lines, and ends the connection, because a credential or right is gone.
    pub(super) fn denied(&self, problem: &Problem, lines: u64) -> End {
        self.refuse("credential", lines);
        refused(problem)
    }

    /// Keeps the slot of the connection for a domain.
    pub(super) fn keep(&self, domain: Domain) -> Result<ShareOwner, End> {
        keep(self.shared, self.slot, domain).map_err(End::Refused)
    }

    pub(super) const fn is_known(&self) -> bool {
        self.open.is_some() || self.by_key.is_some()
    }

    /// Whether a key has stood before a name.
    pub(super) const fn has_shown_a_key(&self) -> bool {
        self.by_key.is_some()
    }

    pub(super) fn domain(&self) -> Option<Domain> {
        let opened = self.open.as_ref().map(|open| open.domain);
        opened.or_else(|| self.by_key.map(|(_, domain)| domain))
    }

    /// Parts lines by the keys before their names, where those are taken; `None` where no line has one.
    pub(super) fn part(&self, lines: &[u8]) -> Option<LinesByKey> {
        let lines = Some(lines).filter(|_| self.takes_keys)?;
        key_before_names::part(self.shared, lines)
    }

    /// Has `put` store the lines with a key. Where that ends the connection, the lines beside them are counted as refused.
    pub(super) fn store_keyed(
        &mut self,
        parted: &LinesByKey,
        put: impl Fn(&SenderCredential, &[u8]) -> Outcome,
    ) -> Result<(), End> {
        let keyed = parted.store(self.shared, self.sender, put);
        self.follow(keyed)
            .inspect_err(|_| self.refuse(NO_IDENTITY, count_samples(&parted.plain)))
    }

    /// Handles the outcome of the lines with a key.
    fn follow(&mut self, keyed: KeyedOutcome) -> Result<(), End> {
        if let Some((key, domain)) = keyed.last {
            if !self.is_known() {
                self.keep(domain)?;
            }
            self.by_key = Some((key, domain));
        }
        match keyed.refused {
            // A connection that sends with other keys too goes on with those.
            Some(problem) if !self.is_known() => Err(refused(&problem)),
            _ => Ok(()),
        }
    }

    /// Ends the connection if the key before its names is no longer valid and it has no other identity.
    pub(super) fn check_key(&self) -> Result<(), End> {
        let key = self.by_key.filter(|_| self.open.is_none());
        let scope = key.map(|(key, _)| SenderCredential::BeforeNames(key).scope(self.shared));
        match scope {
            Some(Err(Denied::Gone(problem))) => Err(self.denied(&problem, 0)),
            _ => Ok(()),
        }
    }

    /// Counts a malformed line, for the domain of the connection's sender if it has one. The store has no part in it: a line that was cut
    /// off is one also while the store is busy.
    pub(super) fn one_reject(&self, why: &str) -> Outcome {
        let Some(open) = &self.open else {
            self.refuse("malformed", 1);
            return Outcome::Done;
        };
        let reading = DecodeSummary {
            received: 1,
            rejects: vec![Reject {
                line: 1,
                name: None,
                reason: RejectReason::Malformed(why.to_owned()),
                count: 1,
            }],
            ..DecodeSummary::default()
        };
        count_refused(self.shared, self.sender, &open.credential, &reading)
    }
}

fn refused(problem: &Problem) -> End {
    End::Refused(format!("{} {}", problem.code, problem.message))
}
