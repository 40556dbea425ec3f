//! Reads statsd's lines from a connection. The only answer is the reason why it is closed.

use super::super::credential::Denied;
use super::super::line_identity::LineIdentity;
use super::super::pending_lines::count;
use super::super::reader::{End, Reader};
use super::super::reports::NO_IDENTITY;
use super::super::storing::Outcome;
use super::super::stream::Stream;
use super::sums::{ReaderGuard, Sums};
use super::take;
use base::scope::Domain;
use wire::ingest::statsd::LINE_BYTES_MAX;

/// How much is read at once, besides an unfinished line.
const READ_BYTES: usize = 32 * 1024;

/// Reads statsd's lines.
#[derive(Debug)]
pub(in super::super) struct StatsdReader<'s> {
    sums: &'s Sums,
    identity: LineIdentity<'s>,
    buffer: Vec<u8>,
    filled: usize,
    /// The rest of a line that was too long is still to come.
    in_long_line: bool,
    _reads: ReaderGuard<'s>,
}

impl<'s> StatsdReader<'s> {
    pub(in super::super) fn new(identity: LineIdentity<'s>, sums: &'s Sums) -> Self {
        Self {
            sums,
            identity,
            buffer: vec![0; READ_BYTES + LINE_BYTES_MAX],
            filled: 0,
            in_long_line: false,
            _reads: sums.reads(),
        }
    }

    /// Whole lines.
    fn lines(&mut self, lines: &[u8]) -> Result<(), End> {
        let (shared, sums, sender) = (self.identity.shared, self.sums, self.identity.sender);
        let parted = self.identity.part(lines);
        if let Some(parted) = &parted {
            self.identity.store_keyed(parted, |credential, lines| {
                take((shared, sums), sender, credential, (lines, true))
            })?;
        }
        let plain = parted.as_ref().map_or(lines, |parted| &parted.plain);
        if plain.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let Some(open) = &self.identity.open else {
            self.identity.refuse(NO_IDENTITY, count(plain));
            if self.identity.has_shown_a_key() {
                return Ok(());
            }
            return Err(End::Refused(
                "no sender is known by this address; write a key before each name: `KEY.name:value|type`"
                    .to_owned(),
            ));
        };
        match take((shared, sums), sender, &open.credential, (plain, true)) {
            Outcome::Done => Ok(()),
            Outcome::Denied(denied) => Err(self.identity.denied(denied.problem(), count(plain))),
        }
    }

    /// Counts a line that is none.
    fn one_reject(&self, why: &str) {
        if let Outcome::Denied(_) = self.identity.one_reject(why) {
            self.identity.refuse("credential", 1);
        }
    }
}

impl Reader for StatsdReader<'_> {
    fn is_line_protocol(&self) -> bool {
        true
    }

    fn read_buffer(&mut self) -> &mut [u8] {
        let end = (self.filled + READ_BYTES).min(self.buffer.len());
        self.buffer.get_mut(self.filled..end).unwrap_or_default()
    }

    fn on_bytes(&mut self, bytes: usize, _: &mut Stream) -> Result<(), End> {
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
        let open = self.identity.open.as_ref();
        match open.map(|open| open.credential.scope(self.identity.shared)) {
            Some(Err(Denied::Gone(problem))) => Err(self.identity.denied(&problem, 0)),
            Some(_) => Ok(()),
            None => self.identity.check_key(),
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
        self.identity.is_known()
    }

    fn domain(&self) -> Option<Domain> {
        self.identity.domain()
    }
}
