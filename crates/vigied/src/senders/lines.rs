//! Graphite's lines on a connection, with `AUTH` lines between them.
//!
//! Whole lines are decoded where they were read; what is left of the last one moves to the front. A line that is too long is passed
//! over, never kept. Only an `AUTH` line may be longer, because tokens are.

use super::credential::{AuthenticatedSender, Denied, SenderCredential};
use super::decoding::{default_times, put};
use super::line_identity::LineIdentity;
use super::pending_lines::{PendingLines, count, count_samples};
use super::reader::{End, Reader};
use super::renewal::{FAILED_BYTES, Login, is_renewal, next_auth, warn_at};
use super::reports::NO_IDENTITY;
use super::storing::Outcome;
use super::stream::Stream;
use base::limit;
use base::scope::Domain;
use base::time::Millis;
use std::cell::RefCell;
use wire::auth_line;
use wire::ingest::DefaultTimes;
use wire::ingest::plaintext::LINE_BYTES_MAX;

/// How much is read at once, besides an unfinished line.
const READ_BYTES: usize = 32 * 1024;

/// Reads Graphite's lines.
#[derive(Debug)]
pub(super) struct LineReader<'s> {
    identity: LineIdentity<'s>,
    takes_credentials: bool,
    held: Option<PendingLines<'s>>,
    buffer: Vec<u8>,
    filled: usize,
    /// The rest of a line that was too long is still to come.
    in_long_line: bool,
    /// Bytes that have come before the sender authenticated.
    unknown_bytes: usize,
    /// The cost of renewals that failed, in bytes.
    wasted: usize,
    /// Lines that were refused without telling the sender: there was no room for more of them while the credential could not be
    /// verified.
    unreported: u64,
    /// The times given to lines that say none.
    given: RefCell<DefaultTimes>,
}

impl<'s> LineReader<'s> {
    pub(super) fn new(identity: LineIdentity<'s>, takes_credentials: bool) -> Self {
        Self {
            identity,
            takes_credentials,
            held: None,
            buffer: vec![0; READ_BYTES + auth_line::BYTES_MAX],
            filled: 0,
            in_long_line: false,
            unknown_bytes: 0,
            wasted: 0,
            unreported: 0,
            given: RefCell::new(default_times()),
        }
    }

    fn no_identity(&self, lines: u64) -> End {
        self.identity.refuse(NO_IDENTITY, lines);
        End::Refused(
            "say who you are first: `AUTH iam TOKEN [s-GUID]` or `AUTH apikey KEY [s-GUID]`"
                .to_owned(),
        )
    }

    /// Whole lines, none of them `AUTH`.
    fn lines(&mut self, from: usize, to: usize) -> Result<(), End> {
        let at = self.identity.shared.app.clock.now();
        let lines = self.buffer.get(from..to).unwrap_or_default();
        let Some(parted) = self.identity.part(lines) else {
            let buffer = std::mem::take(&mut self.buffer);
            let done = self.own_lines(buffer.get(from..to).unwrap_or_default(), at);
            self.buffer = buffer;
            return done;
        };
        // No key is left in memory.
        if let Some(lines) = self.buffer.get_mut(from..to) {
            lines.fill(b'\n');
        }
        let (shared, sender, given) = (self.identity.shared, self.identity.sender, &self.given);
        self.identity.store_keyed(&parted, |credential, lines| {
            put((shared, sender), credential, lines, at, given)
        })?;
        self.own_lines(&parted.plain, at)
    }

    /// Lines of the connection's own sender.
    fn own_lines(&mut self, lines: &[u8], at: Millis) -> Result<(), End> {
        if lines.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let Some(open) = &self.identity.open else {
            if self.identity.has_shown_a_key() {
                self.identity.refuse(NO_IDENTITY, count(lines));
                return Ok(());
            }
            return Err(self.no_identity(count(lines)));
        };
        if self.held.is_none() {
            match put(
                (self.identity.shared, self.identity.sender),
                &open.credential,
                lines,
                at,
                &self.given,
            ) {
                Outcome::Done => return Ok(()),
                Outcome::Denied(Denied::Gone(problem)) => {
                    return Err(self.identity.denied(&problem, count(lines)));
                }
                Outcome::Denied(Denied::ForNow(_)) => {}
            }
        }
        let (shared, owner) = (self.identity.shared, open.owner);
        let begin = || PendingLines::from_now(shared, owner);
        let refused = self.held.get_or_insert_with(begin).keep(lines, at);
        if refused > 0 {
            shared.app.metrics.limited(&limit::SENDER_HELD_BYTES);
            self.identity.refuse_held(Some(open), "expired", refused);
            self.unreported += refused;
        }
        Ok(())
    }

    /// Stores what was held, now that its sender may send again.
    fn release(&mut self) -> Result<(), End> {
        let (Some(open), Some(held)) = (&self.identity.open, self.held.take()) else {
            return Ok(());
        };
        let mut left = held.lines();
        for (at, lines) in held.pieces() {
            match put(
                (self.identity.shared, self.identity.sender),
                &open.credential,
                lines,
                at,
                &self.given,
            ) {
                Outcome::Done => left -= count(lines),
                Outcome::Denied(Denied::Gone(problem)) => {
                    return Err(self.identity.denied(&problem, left));
                }
                // Between one piece and the next.
                Outcome::Denied(Denied::ForNow(_)) => {
                    self.identity.refuse_held(Some(open), "expired", left);
                    self.unreported += left;
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// An `AUTH` line.
    fn auth(&mut self, from: usize, to: usize, stream: &mut Stream) -> Result<(), End> {
        if !self.takes_credentials {
            return Err(End::Refused(
                "no credential is taken here, because it would cross the network readable"
                    .to_owned(),
            ));
        }
        let entered = {
            let line = self.buffer.get(from..to).unwrap_or_default();
            let usual = self.identity.open.as_ref();
            let usual = usual.map(|open| (open.domain, open.owner));
            let is_renewal = self
                .identity
                .open
                .as_ref()
                .is_some_and(|open| is_renewal(line, open));
            auth_line::parse(line)
                .map_err(|error| (error.to_string(), !is_renewal))
                .and_then(|line| {
                    let entered = SenderCredential::enter(
                        self.identity.shared,
                        self.identity.sender.source,
                        &line,
                        usual,
                    );
                    entered.map_err(|problem| {
                        let text = format!("{} {}", problem.code, problem.message);
                        (text, !is_renewal || problem.retry_after.is_some())
                    })
                })
        };
        // The credential is not left in memory.
        if let Some(line) = self.buffer.get_mut(from..to) {
            line.fill(b' ');
        }
        let entered = match entered {
            Ok(entered) => entered,
            // Who is in already stays in as before, unless it guesses, or says that it is somebody else or sends elsewhere: what
            // follows would be stored where it does not belong.
            Err((why, false)) => {
                self.wasted = self.wasted.saturating_add(FAILED_BYTES);
                stream.say(&format!("ERR {why}"));
                return Ok(());
            }
            Err((why, _)) => return Err(End::Refused(why)),
        };
        let AuthenticatedSender {
            credential,
            principal,
            domain,
            ends_at,
        } = entered;
        let owner = self.identity.keep(domain)?;
        let before = self.identity.open.take();
        let is_same = before
            .as_ref()
            .is_some_and(|before| before.principal == principal && before.domain == domain);
        let dropped = self.held.take_if(|_| !is_same);
        let dropped = dropped.map_or(0, |held| held.lines());
        self.identity
            .refuse_held(before.as_ref(), "another_sender", dropped);
        let now = self.identity.shared.app.clock.now();
        let left = ends_at.map(|end| end.0.saturating_sub(now.0));
        self.identity.open = Some(Login {
            credential,
            principal,
            domain,
            owner,
            warn_at: left.map(|left| warn_at(now, left)),
        });
        self.release()?;
        let ends = left.map_or_else(String::new, |left| format!(" for {} s", left / 1000));
        stream.say(&format!("OK {principal} sends to {domain}{ends}"));
        if dropped > 0 {
            stream.say(&format!(
                "WARN {dropped} lines were not stored: somebody else had sent them"
            ));
        }
        let unreported = self.take_unreported();
        if unreported > 0 {
            stream.say(&format!(
                "WARN {unreported} lines were not stored: there was no room for them until this credential came"
            ));
        }
        Ok(())
    }

    /// All whole lines that are there.
    fn whole_lines(&mut self, stream: &mut Stream) -> Result<(), End> {
        let filled = self.buffer.get(..self.filled).unwrap_or_default();
        let Some(last) = memchr::memrchr(b'\n', filled) else {
            return self.unfinished();
        };
        let end = last + 1;
        let mut from = 0;
        if self.in_long_line {
            from = memchr::memchr(b'\n', filled).map_or(end, |at| at + 1);
            self.in_long_line = false;
        }
        loop {
            let auth = next_auth(self.buffer.get(..end).unwrap_or_default(), from);
            let at = auth.map_or(end, |(at, _)| at);
            let reason = if self.is_known() {
                "credential"
            } else {
                NO_IDENTITY
            };
            if let Err(why) = self.lines(from, at) {
                return Err(self.leave(at, reason, why));
            }
            let Some((at, stop)) = auth else { break };
            if let Err(why) = self.auth(at, stop, stream) {
                return Err(self.leave(at, "credential", why));
            }
            from = stop + 1;
        }
        self.buffer.copy_within(end..self.filled, 0);
        self.filled -= end;
        self.unfinished()
    }

    /// Counts what was read but is not stored when the connection ends.
    fn leave(&mut self, from: usize, reason: &'static str, why: End) -> End {
        let unread = self.buffer.get(from..self.filled).unwrap_or_default();
        self.identity.refuse(reason, count_samples(unread));
        self.filled = 0;
        why
    }

    /// Skips a line that is too long.
    fn unfinished(&mut self) -> Result<(), End> {
        let line = self.buffer.get(..self.filled).unwrap_or_default();
        let most = if self.in_long_line {
            0
        } else if auth_line::is_one(line) {
            auth_line::BYTES_MAX
        } else {
            LINE_BYTES_MAX
        };
        if line.len() <= most {
            return Ok(());
        }
        let is_auth = auth_line::is_one(line);
        if !is_auth && self.identity.open.is_none() {
            return Err(self.no_identity(1));
        }
        self.filled = 0;
        if is_auth && !self.in_long_line {
            return Err(End::Refused(
                "the `AUTH` line is longer than any token".to_owned(),
            ));
        }
        if !self.in_long_line {
            self.in_long_line = true;
            let why = format!("the line has more than {LINE_BYTES_MAX} bytes");
            self.one_reject(&why)?;
        }
        Ok(())
    }

    /// Counts a malformed line for the sender's domain.
    fn one_reject(&mut self, why: &str) -> Result<(), End> {
        if self.held.is_some() {
            self.identity.refuse("malformed", 1);
            return Ok(());
        }
        match self.identity.one_reject(why) {
            Outcome::Done => Ok(()),
            Outcome::Denied(Denied::Gone(problem)) => Err(self.identity.denied(&problem, 1)),
            Outcome::Denied(Denied::ForNow(_)) => {
                let login = self.identity.open.as_ref();
                self.identity.refuse_held(login, "expired", 1);
                Ok(())
            }
        }
    }
}

impl Reader for LineReader<'_> {
    fn is_line_protocol(&self) -> bool {
        true
    }

    fn read_buffer(&mut self) -> &mut [u8] {
        let end = (self.filled + READ_BYTES).min(self.buffer.len());
        self.buffer.get_mut(self.filled..end).unwrap_or_default()
    }

    fn on_bytes(&mut self, bytes: usize, stream: &mut Stream) -> Result<(), End> {
        self.filled += bytes;
        self.whole_lines(stream)?;
        if !self.is_known() {
            self.unknown_bytes += bytes;
            // No more is needed for an `AUTH` line.
            if self.unknown_bytes > auth_line::BYTES_MAX {
                return Err(self.no_identity(1));
            }
        }
        Ok(())
    }

    fn tick(&mut self, stream: &mut Stream) -> Result<(), End> {
        let Some(open) = &mut self.identity.open else {
            return self.identity.check_key();
        };
        let now = self.identity.shared.app.clock.now();
        if open.warn_at.is_some_and(|at| now >= at) {
            open.warn_at = None;
            stream.say("WARN the credential ends soon; send `AUTH iam TOKEN` with a new one on this connection");
        }
        let (shared, owner) = (self.identity.shared, open.owner);
        match open.credential.scope(shared) {
            Ok(_) if self.held.is_none() => Ok(()),
            Ok(_) => self.release(),
            Err(Denied::Gone(problem)) => {
                let lines = self.held.take().map_or(0, |held| held.lines());
                Err(self.identity.denied(&problem, lines))
            }
            Err(Denied::ForNow(problem)) => {
                // From now on counts the time in which a new credential may come, also where nothing is sent.
                let begin = || PendingLines::from_now(shared, owner);
                let since = self.held.get_or_insert_with(begin).since;
                if since.elapsed() <= shared.limits.held {
                    return Ok(());
                }
                shared.app.metrics.limited(&limit::SENDER_HELD_SECONDS);
                // The lines are counted at the end.
                Err(End::Refused(format!(
                    "{} {}",
                    problem.code, problem.message
                )))
            }
        }
    }

    fn end(&mut self) {
        let held = self.held.take().map_or(0, |held| held.lines());
        let login = self.identity.open.as_ref();
        self.identity.refuse_held(login, "expired", held);
        self.unreported += held;
        if self.filled > 0 && self.is_known() {
            self.filled = 0;
            // What was sent may have been cut, and would be another number.
            let _ = self.one_reject("the connection ended before the line did");
        }
    }

    fn take_unreported(&mut self) -> u64 {
        std::mem::take(&mut self.unreported)
    }

    fn is_known(&self) -> bool {
        self.identity.is_known()
    }

    fn domain(&self) -> Option<Domain> {
        self.identity.domain()
    }

    fn take_wasted_bytes(&mut self) -> usize {
        std::mem::take(&mut self.wasted)
    }
}
