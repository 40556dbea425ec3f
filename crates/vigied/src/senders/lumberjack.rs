//! Port 9095: frames of the multi-tenant lumberjack protocol, with a line of Graphite's in each.
//!
//! A number is acknowledged when everything up to it is on stable storage, or counted as what can never be stored. Where the store
//! takes nothing, or the key is withdrawn, the connection is closed without an answer, and the client sends again what was not
//! acknowledged: equal samples count once.

mod login;

use self::login::{Login, guid};
use super::credential::{AuthenticatedSender, Denied, SenderCredential};
use super::decoding::{decode, default_times};
use super::multi_space_key::MultiSpaceKey;
use super::pending::PendingByDomain;
use super::reader::{End, Reader, keep};
use super::sender_slots::SenderSlot;
use super::shared::SenderContext;
use super::storing::{NotStored, Sender, store_as};
use super::stream::Stream;
use base::error::Problem;
use base::id::SpaceId;
use base::limit::{self, Limit};
use base::scope::Domain;
use base::secret::Secret;
use base::store::Durability;
use std::cell::RefCell;
use std::time::{Duration, Instant};
use wire::auth_line::AuthLine;
use wire::credential::{Credential, CredentialKind, Repairs};
use wire::ingest::DefaultTimes;
use wire::ingest::lumberjack::{Conversation, Event, FRAME_BYTES_MAX, Kind, Reply};
use wire::{code, scope_id};

/// How much is read at once, besides an unfinished frame.
const READ_BYTES: usize = 32 * 1024;

/// How long lines of a window that is not whole wait to be stored.
const WAIT: Duration = Duration::from_secs(1);

/// Bytes that a refused message or record counts as, beside its own: it may be a few bytes long.
const REFUSED_BYTES: usize = 64;

/// Reads frames of lumberjack.
#[derive(Debug)]
pub(super) struct LumberjackReader<'s> {
    shared: &'s SenderContext,
    sender: Sender,
    slot: &'s SenderSlot<'s>,
    /// The identity of its certificate.
    by_certificate: Option<SenderCredential>,
    conversation: Conversation,
    login: Option<Login>,
    buffer: Vec<u8>,
    filled: usize,
    pending: PendingByDomain,
    /// Since when lines are pending.
    since: Instant,
    /// The last numbers of windows that are to be acknowledged.
    ended: Vec<u32>,
    /// The times given to lines that say none.
    given: RefCell<DefaultTimes>,
    /// Messages and records that were refused and are not reported yet, by reason.
    refused: Vec<(&'static str, u64)>,
    /// Their cost.
    wasted: usize,
}

impl<'s> LumberjackReader<'s> {
    pub(super) fn new(
        shared: &'s SenderContext,
        sender: Sender,
        slot: &'s SenderSlot<'s>,
        by_certificate: Option<SenderCredential>,
    ) -> Self {
        Self {
            shared,
            sender,
            slot,
            by_certificate,
            conversation: Conversation::new(),
            login: None,
            buffer: vec![0; READ_BYTES + FRAME_BYTES_MAX],
            filled: 0,
            pending: PendingByDomain::default(),
            since: Instant::now(),
            ended: Vec::new(),
            given: RefCell::new(default_times()),
            refused: Vec::new(),
            wasted: 0,
        }
    }

    fn refuse(&self, reason: &'static str, count: u64) {
        self.shared
            .refuse(self.sender.listener, self.sender.source, reason, count);
    }

    /// Notes a message that is for no space, or for none of this sender's, or a record.
    fn refuse_line(&mut self, reason: &'static str) {
        self.wasted = self.wasted.saturating_add(REFUSED_BYTES);
        match self.refused.iter_mut().find(|noted| noted.0 == reason) {
            Some((_, count)) => *count += 1,
            None => self.refused.push((reason, 1)),
        }
    }

    /// Counts what was noted, also for the domain that the sender logged in for: in one of its turns, as what it has stored.
    fn count_refused(&mut self) {
        if self.refused.is_empty() {
            return;
        }
        let shared = self.shared;
        let owner = self.domain().map(|domain| shared.owner(domain));
        let _turn = owner.map(|owner| shared.turns.take(owner));
        for (reason, count) in std::mem::take(&mut self.refused) {
            match &self.login {
                Some(Login::One { credential, domain }) => {
                    let Sender { listener, source } = self.sender;
                    let who = (listener, source, credential.key(shared));
                    shared.refuse_for(who, *domain, (reason, count));
                }
                _ => self.refuse(reason, count),
            }
        }
    }

    /// All whole frames of the buffer; how many bytes they were.
    fn frames(&mut self, buffer: &mut [u8], stream: &mut Stream) -> (usize, Result<(), End>) {
        let mut from = 0;
        let done = loop {
            let rest = buffer.get(from..).unwrap_or_default();
            let step = match self.conversation.read(rest) {
                Ok(step) => step,
                Err(violation) => {
                    tracing::debug!(source = %self.sender.source, %violation, "not lumberjack");
                    self.refuse("protocol", 1);
                    break Err(End::Quiet);
                }
            };
            let (consumed, is_last) = (step.consumed, step.event.is_none());
            let mut is_login = false;
            let done = match step.event {
                None | Some(Event::Label(_) | Event::Window(_)) => Ok(()),
                Some(Event::Login {
                    kind,
                    tenant,
                    password,
                }) => {
                    is_login = true;
                    self.log_in(kind, tenant, &password, stream)
                }
                Some(Event::Message {
                    number,
                    line,
                    ends_window,
                }) => {
                    let done = self.message(line);
                    self.note_end(number, ends_window);
                    done
                }
                Some(Event::Record {
                    number,
                    ends_window,
                }) => {
                    self.refuse_line("log_record");
                    self.note_end(number, ends_window);
                    Ok(())
                }
            };
            if is_login {
                // The key is not left in memory.
                let login = buffer.get_mut(from..from + consumed);
                login.unwrap_or_default().fill(0);
            }
            from += consumed;
            if is_last || done.is_err() {
                break done;
            }
        };
        (from, done)
    }

    fn note_end(&mut self, number: u32, ends_window: bool) {
        if ends_window {
            self.ended.push(number);
        }
    }

    fn log_in(
        &mut self,
        kind: Kind,
        tenant: &[u8],
        password: &Secret<Vec<u8>>,
        stream: &mut Stream,
    ) -> Result<(), End> {
        let entered = self.entered(kind, tenant, password).and_then(|login| {
            let domain = login.domain();
            let kept = keep(self.shared, self.slot, domain);
            kept.map_err(|why| code::TOO_BUSY.problem(why))?;
            Ok(login)
        });
        match entered {
            Ok(login) => {
                self.login = Some(login);
                self.conversation.answer_login(true);
                stream.write(&Reply::Accepted(0).bytes());
                Ok(())
            }
            Err(problem) => {
                let is_full = problem.code == code::TOO_BUSY.code;
                let why = if is_full {
                    "too_many_connections"
                } else {
                    "credential"
                };
                self.refuse(why, 1);
                stream.write(&Reply::Refused.bytes());
                // Someone who guesses connects for each guess.
                Err(End::Quiet)
            }
        }
    }

    fn entered(
        &self,
        kind: Kind,
        tenant: &[u8],
        password: &Secret<Vec<u8>>,
    ) -> Result<Login, Problem> {
        let text = std::str::from_utf8(password.expose()).unwrap_or_default();
        if kind == Kind::Supertenant {
            let text = Secret::new(text.to_owned());
            let several = MultiSpaceKey::enter(self.shared, self.sender.source, text)?;
            return Ok(Login::Several(several));
        }
        // Also the id of a scope, which the plugin of 2017 was given beside its key.
        let domain = match guid(tenant) {
            Some(guid) => Domain::Space(SpaceId(guid)),
            None => scope_id::parse(tenant)
                .map_err(|error| code::SCOPE_MALFORMED.problem(error.to_string()))?,
        };
        // Then no password is requested or checked.
        if let Some(SenderCredential::Source(key)) = &self.by_certificate {
            let credential = SenderCredential::Source(*key);
            let scope = credential.scope(self.shared);
            let of_key = scope.map_err(|denied| denied.problem().clone())?.domain();
            if of_key != domain {
                return Err(code::KEY_REACH.problem("the certificate's key is for another domain"));
            }
            return Ok(Login::One { credential, domain });
        }
        let line = AuthLine {
            credential: Credential {
                kind: Some(CredentialKind::ApiKey),
                text,
                repairs: Repairs::default(),
            },
            scope: Some(domain),
        };
        let entered = SenderCredential::enter(self.shared, self.sender.source, &line, None)?;
        let AuthenticatedSender {
            credential, domain, ..
        } = entered;
        Ok(Login::One { credential, domain })
    }

    /// Keeps a line until it is stored, without the GUID before its name.
    fn message(&mut self, line: &[u8]) -> Result<(), End> {
        let Some(login) = &self.login else {
            return Ok(());
        };
        let (domain, line) = match login.place(line) {
            Ok(placed) => placed,
            Err(reason) => {
                self.refuse_line(reason);
                return Ok(());
            }
        };
        if self.pending.is_empty() {
            self.since = Instant::now();
        }
        self.pending.add(domain, line);
        if self.pending.is_full() {
            return self.store();
        }
        Ok(())
    }

    /// Stores what is pending. What could not be stored is counted, and comes again from its sender.
    fn store(&mut self) -> Result<(), End> {
        let stored = self.store_all();
        self.pending.clear();
        let (reason, left) = match stored {
            Ok(()) => return Ok(()),
            Err(not_stored) => not_stored,
        };
        self.refuse(reason, left);
        Err(End::Quiet)
    }

    /// If it fails, why, and how many lines are not counted yet.
    fn store_all(&self) -> Result<(), (&'static str, u64)> {
        let at = self.shared.app.clock.now();
        let mut left = self.pending.count();
        for portion in self.pending.portions() {
            left -= portion.count;
            let tries = (self.shared.limits.held, portion.count);
            let before = self.given.borrow().clone();
            let decode = || {
                let (lines, after) = decode(&portion.lines, at, before.clone());
                self.given.replace(after);
                lines
            };
            let put = |credential: &SenderCredential| {
                let durability = Durability::Committed;
                store_as(
                    self.shared,
                    self.sender,
                    credential,
                    tries,
                    durability,
                    &decode,
                )
            };
            let stored = match &self.login {
                Some(Login::One { credential, .. }) => put(credential),
                Some(Login::Several(several)) => {
                    let (source, domain) = (self.sender.source, portion.domain);
                    several
                        .sync_if_refused(self.shared, source, domain)
                        .map_err(|unheard| NotStored::Denied(Box::new(Denied::of(&unheard))))
                        .and_then(|()| put(&several.in_domain(domain)))
                }
                None => return Ok(()),
            };
            match stored {
                Ok(()) => {}
                Err(NotStored::Failed) => return Err(("store_unavailable", left)),
                Err(NotStored::Denied(denied)) => {
                    self.refuse("credential", portion.count);
                    // One space that is gone does not keep the others from what is theirs.
                    if !self.is_of_one_space(&denied) {
                        return Err(("credential", left));
                    }
                }
            }
        }
        Ok(())
    }

    fn is_of_one_space(&self, denied: &Denied) -> bool {
        let Some(Login::Several(several)) = &self.login else {
            return false;
        };
        matches!(denied, Denied::Gone(_)) && several.is_good(self.shared)
    }

    /// Stores and acknowledges the windows that have ended.
    fn acknowledge(&mut self, stream: &mut Stream) -> Result<(), End> {
        if self.ended.is_empty() {
            return Ok(());
        }
        self.store()?;
        for number in self.ended.drain(..) {
            stream.write(&Reply::Accepted(number).bytes());
        }
        Ok(())
    }
}

impl Reader for LumberjackReader<'_> {
    fn read_buffer(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.filled..).unwrap_or_default()
    }

    fn on_bytes(&mut self, bytes: usize, stream: &mut Stream) -> Result<(), End> {
        let filled = self.filled + bytes;
        let mut buffer = std::mem::take(&mut self.buffer);
        let received = buffer.get_mut(..filled).unwrap_or_default();
        let (done, result) = self.frames(received, stream);
        buffer.copy_within(done..filled, 0);
        self.filled = filled - done;
        self.buffer = buffer;
        self.count_refused();
        result?;
        self.acknowledge(stream)
    }

    fn tick(&mut self, _: &mut Stream) -> Result<(), End> {
        if !self.pending.is_empty() && self.since.elapsed() >= WAIT {
            self.store()?;
        }
        let is_gone = match &self.login {
            None => false,
            Some(Login::One { credential, .. }) => {
                matches!(credential.scope(self.shared), Err(Denied::Gone(_)))
            }
            Some(Login::Several(several)) => !several.is_good(self.shared),
        };
        if is_gone {
            self.refuse("credential", self.pending.count().max(1));
            self.pending.clear();
            return Err(End::Quiet);
        }
        Ok(())
    }

    fn end(&mut self) {
        // Whole messages of a client that has gone without waiting; what was not acknowledged may come again.
        let _ = self.store();
        if self.filled > 0 && self.login.is_some() {
            self.refuse("cut_off", 1);
        }
    }

    fn is_known(&self) -> bool {
        self.login.is_some()
    }

    fn domain(&self) -> Option<Domain> {
        self.login.as_ref().map(Login::domain)
    }

    fn take_wasted_bytes(&mut self) -> usize {
        std::mem::take(&mut self.wasted)
    }

    fn idle(&self, shared: &SenderContext) -> (Duration, &'static Limit) {
        let idle = shared.limits.lumberjack_idle;
        (idle, &limit::LUMBERJACK_IDLE_SECONDS)
    }
}
