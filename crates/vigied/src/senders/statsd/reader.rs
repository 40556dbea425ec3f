//! statsd's lines on a connection, answered by nothing but the reason why it is closed.

use super::super::credential::{Denied, SenderCredential};
use super::super::key_before_names::{self, Keyed};
use super::super::pending_lines::{count, count_samples};
use super::super::places::Place;
use super::super::reader::{End, Reader, keep};
use super::super::reports::NO_IDENTITY;
use super::super::shared::SenderContext;
use super::super::storing::{Outcome, Sender, store};
use super::super::stream::Stream;
use super::sums::{Reading1, Sums};
use super::take;
use crate::config::Listener;
use base::error::Problem;
use base::id::KeyId;
use base::sample::RejectReason;
use base::scope::Domain;
use std::time::Duration;
use wire::ingest::statsd::LINE_BYTES_MAX;
use wire::ingest::{LineReject, Lines};

/// How much is read at once, besides an unfinished line.
const READ_BYTES: usize = 32 * 1024;

/// Reads lines.
#[derive(Debug)]
pub(in super::super) struct StatsdReader<'s> {
    shared: &'s SenderContext,
    sums: &'s Sums,
    sender: Sender,
    place: &'s Place<'s>,
    takes_keys: bool,
    /// By its address.
    known: Option<(SenderCredential, Domain)>,
    /// The last key that stood before a name, and where it sends to.
    by_key: Option<(KeyId, Domain)>,
    buffer: Vec<u8>,
    filled: usize,
    /// The rest of a line that was too long is still to come.
    in_long_line: bool,
    _reads: Reading1<'s>,
}

impl<'s> StatsdReader<'s> {
    pub(in super::super) fn new(
        (shared, sums): (&'s SenderContext, &'s Sums),
        door: Listener,
        sender: Sender,
        place: &'s Place<'s>,
        by_address: Option<SenderCredential>,
    ) -> Result<Self, End> {
        let mut reader = Self {
            shared,
            sums,
            sender,
            place,
            takes_keys: door.takes_keys,
            known: None,
            by_key: None,
            buffer: vec![0; READ_BYTES + LINE_BYTES_MAX],
            filled: 0,
            in_long_line: false,
            _reads: sums.reads(),
        };
        match by_address.map(|shown| (shown.scope(shared), shown)) {
            Some((Ok(scope), shown)) => {
                keep(shared, place, scope.domain()).map_err(End::Refused)?;
                reader.known = Some((shown, scope.domain()));
            }
            // It may still write a key before each name.
            _ if door.takes_keys => {}
            Some((Err(denied), _)) => return Err(reader.denied(denied.problem(), 1)),
            None => {
                reader.refuse(NO_IDENTITY, 1);
                return Err(End::Refused(
                    "nobody is known by this address, and no key is taken here".to_owned(),
                ));
            }
        }
        Ok(reader)
    }

    fn refuse(&self, reason: &'static str, count: u64) {
        self.shared
            .refuse(self.sender.door, self.sender.source, reason, count);
    }

    fn denied(&self, problem: &Problem, lines: u64) -> End {
        self.refuse("credential", lines);
        End::Refused(format!("{} {}", problem.code, problem.message))
    }

    /// Whole lines.
    fn lines(&mut self, lines: &[u8]) -> Result<(), End> {
        let (shared, sums, sender) = (self.shared, self.sums, self.sender);
        let keys = self.takes_keys.then_some(lines);
        let parted = keys.and_then(|lines| key_before_names::part(shared, lines));
        let plain = parted.as_ref().map_or(lines, |parted| &parted.plain);
        if let Some(parted) = &parted {
            let keyed = parted.store(shared, sender, |shown, lines| {
                take((shared, sums), sender, shown, (lines, true))
            });
            if let Err(why) = self.keyed(keyed) {
                // What stands beside them without a key.
                self.refuse(NO_IDENTITY, count_samples(plain));
                return Err(why);
            }
        }
        if plain.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        match &self.known {
            Some((shown, _)) => match take((shared, sums), sender, shown, (plain, true)) {
                Outcome::Done => Ok(()),
                Outcome::Denied(denied) => Err(self.denied(denied.problem(), count(plain))),
            },
            None => {
                self.refuse(NO_IDENTITY, count(plain));
                if self.by_key.is_some() {
                    return Ok(());
                }
                Err(End::Refused(
                    "nobody is known by this address; write a key before each name: `KEY.name:value|type`"
                        .to_owned(),
                ))
            }
        }
    }

    /// What became of lines with a key before their names.
    fn keyed(&mut self, keyed: Keyed) -> Result<(), End> {
        if let Some((key, domain)) = keyed.last {
            if !self.is_known() {
                keep(self.shared, self.place, domain).map_err(End::Refused)?;
            }
            self.by_key = Some((key, domain));
        }
        match keyed.refused {
            Some(problem) if !self.is_known() => Err(End::Refused(format!(
                "{} {}",
                problem.code, problem.message
            ))),
            _ => Ok(()),
        }
    }

    /// Counts a line that is none.
    fn one_reject(&self, why: &str) {
        let Some((shown, _)) = &self.known else {
            self.refuse("malformed", 1);
            return;
        };
        let decode = || Lines {
            received: 1,
            rejects: vec![LineReject {
                line: 1,
                name: None,
                reason: RejectReason::Malformed(why.to_owned()),
            }],
            ..Lines::default()
        };
        let done = store(
            self.shared,
            self.sender,
            shown,
            (Duration::ZERO, 1),
            &decode,
        );
        if let Outcome::Denied(_) = done {
            self.refuse("credential", 1);
        }
    }
}

impl Reader for StatsdReader<'_> {
    fn room(&mut self) -> &mut [u8] {
        let end = (self.filled + READ_BYTES).min(self.buffer.len());
        self.buffer.get_mut(self.filled..end).unwrap_or_default()
    }

    fn came(&mut self, bytes: usize, _: &mut Stream) -> Result<(), End> {
        self.filled += bytes;
        let filled = self.buffer.get(..self.filled).unwrap_or_default();
        if let Some(last) = memchr::memrchr(b'\n', filled) {
            let end = last + 1;
            let from = match std::mem::take(&mut self.in_long_line) {
                true => memchr::memchr(b'\n', filled).map_or(end, |at| at + 1),
                false => 0,
            };
            let mut buffer = std::mem::take(&mut self.buffer);
            let done = self.lines(buffer.get(from..end).unwrap_or_default());
            buffer.copy_within(end..self.filled, 0);
            // No key is left in memory.
            if let Some(read) = buffer.get_mut(self.filled - end..self.filled) {
                read.fill(0);
            }
            self.buffer = buffer;
            self.filled -= end;
            done?;
        }
        // A line that is too long to be one is passed over.
        if self.in_long_line {
            self.filled = 0;
        } else if self.filled > LINE_BYTES_MAX {
            self.filled = 0;
            self.in_long_line = true;
            self.one_reject(&format!("the line has more than {LINE_BYTES_MAX} bytes"));
        }
        Ok(())
    }

    fn tick(&mut self, _: &mut Stream) -> Result<(), End> {
        let scope = match (&self.known, self.by_key) {
            (Some((shown, _)), _) => shown.scope(self.shared),
            (None, Some((key, _))) => SenderCredential::BeforeNames(key).scope(self.shared),
            (None, None) => return Ok(()),
        };
        match scope {
            Err(Denied::Gone(problem)) => Err(self.denied(&problem, 0)),
            _ => Ok(()),
        }
    }

    fn end(&mut self) {
        if self.filled > 0 && self.is_known() {
            // What was sent may have been cut, and would be another number.
            self.one_reject("the connection ended before the line did");
        }
        self.filled = 0;
    }

    fn is_known(&self) -> bool {
        self.known.is_some() || self.by_key.is_some()
    }

    fn domain(&self) -> Option<Domain> {
        let own = self.known.as_ref().map(|(_, domain)| *domain);
        own.or_else(|| self.by_key.map(|(_, domain)| domain))
    }
}
