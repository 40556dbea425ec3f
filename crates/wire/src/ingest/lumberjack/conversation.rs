//! The order in which a client may send frames, and the records that are skipped.

use super::frame::{self, Frame, Malformed, RECORD_FIELD_BYTES_MAX};
use base::secret::Secret;

/// The largest window. Clients send a thousand messages or fewer at once; a window has no memory, but is answered only once.
const WINDOW_MAX: u32 = 1 << 20;

/// An event of a conversation.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    /// A label of the client, which nothing depends on.
    Label(&'b [u8]),
    /// A name and a password. To be answered with [`super::Reply`]: yes, with number 0, or no.
    Login {
        /// For one space, or for several.
        kind: Kind,
        /// The space's GUID.
        tenant: &'b [u8],
        /// The token.
        password: Secret<Vec<u8>>,
    },
    /// So many messages follow.
    Window(u32),
    /// A message.
    Message {
        /// Its number, from 1.
        number: u32,
        /// A line of Graphite's, without its end.
        line: &'b [u8],
        /// It is the last of its window: everything up to its number is to be acknowledged.
        ends_window: bool,
    },
    /// A record of a log, which is no message and was passed over. It has a number, and counts in its window.
    Record {
        /// Its number.
        number: u32,
        /// As for a message.
        ends_window: bool,
    },
}

/// For whom a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// For one space.
    Tenant,
    /// For several.
    Supertenant,
}

/// How much of the buffer was consumed.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'b> {
    /// How many bytes are done with, whether or not there is an event: they can be dropped.
    pub consumed: usize,
    /// The event; none, where more bytes are needed.
    pub event: Option<Event<'b>>,
}

/// Why a conversation ends. What was not acknowledged is sent again by the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Bytes that are no frame.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Something before the login was accepted.
    #[error("`{0}` was sent before a login was accepted")]
    NoLogin(&'static str),
    /// A second login, or one while the first was not answered.
    #[error("a second login on a connection")]
    SecondLogin,
    /// A message before any window.
    #[error("a message was sent before a window")]
    NoWindow,
    /// 0, or too many.
    #[error("a window cannot have {0} messages: it has 1 to {WINDOW_MAX}")]
    Window(u32),
    /// Not the number after the last.
    #[error("message {found} was sent where {expected} was due")]
    Number {
        /// The number it must have.
        expected: u64,
        /// The number it has.
        found: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nobody yet.
    Greeting,
    /// The caller has a login to answer.
    Asked,
    /// In.
    Open,
}

/// The rest of a record that is skipped.
#[derive(Debug, Clone, Copy)]
struct SkippedPayload {
    number: u32,
    /// Names and texts that are to come.
    fields: u64,
    /// Bytes of the current one.
    bytes: usize,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Conversation {
    stage: Stage,
    last: u32,
    /// The size of the last window, and how many of its messages are to come.
    window: Option<(u32, u32)>,
    passing: Option<SkippedPayload>,
}

impl Default for Conversation {
    fn default() -> Self {
        Self::new()
    }
}

impl Conversation {
    /// A connection on which nothing has come.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stage: Stage::Greeting,
            last: 0,
            window: None,
            passing: None,
        }
    }

    /// The login was accepted, or not: then another may follow.
    pub fn answer_login(&mut self, is_accepted: bool) {
        self.stage = if is_accepted {
            Stage::Open
        } else {
            Stage::Greeting
        };
    }

    /// The number of the last message that came; 0 before the first.
    #[must_use]
    pub const fn last(&self) -> u32 {
        self.last
    }

    /// Reads the next event out of what has come and was not consumed.
    ///
    /// # Errors
    /// [`Violation`]: the connection is to be closed.
    pub fn read<'b>(&mut self, buffer: &'b [u8]) -> Result<Step<'b>, Violation> {
        if self.passing.is_some() {
            return self.pass(buffer, 0);
        }
        let Some((frame, rest)) = frame::read(buffer)? else {
            return Ok(Step {
                consumed: 0,
                event: None,
            });
        };
        let consumed = buffer.len() - rest.len();
        let event = match frame {
            Frame::Label(label) => Event::Label(label),
            Frame::Login {
                is_several,
                tenant,
                password,
            } => {
                if self.stage != Stage::Greeting {
                    return Err(Violation::SecondLogin);
                }
                self.stage = Stage::Asked;
                Event::Login {
                    kind: if is_several {
                        Kind::Supertenant
                    } else {
                        Kind::Tenant
                    },
                    tenant,
                    password: Secret::new(password.to_vec()),
                }
            }
            Frame::Window(count) => {
                self.must_be_open("1W")?;
                if !(1..=WINDOW_MAX).contains(&count) {
                    return Err(Violation::Window(count));
                }
                self.window = Some((count, count));
                Event::Window(count)
            }
            Frame::Message { number, payload } => {
                self.must_be_open("1M")?;
                let ends_window = self.count(number)?;
                Event::Message {
                    number,
                    line: payload.trim_ascii_end(),
                    ends_window,
                }
            }
            Frame::Record { number, pairs } => {
                self.must_be_open("1D")?;
                self.check(number)?;
                self.passing = Some(SkippedPayload {
                    number,
                    fields: 2 * u64::from(pairs),
                    bytes: 0,
                });
                return self.pass(rest, consumed);
            }
        };
        Ok(Step {
            consumed,
            event: Some(event),
        })
    }

    fn must_be_open(&self, what: &'static str) -> Result<(), Violation> {
        if self.stage == Stage::Open {
            Ok(())
        } else {
            Err(Violation::NoLogin(what))
        }
    }

    /// Whether a message may have this number.
    fn check(&self, number: u32) -> Result<(), Violation> {
        let expected = u64::from(self.last) + 1;
        if self.window.is_none() {
            return Err(Violation::NoWindow);
        }
        if u64::from(number) != expected {
            return Err(Violation::Number {
                expected,
                found: number,
            });
        }
        Ok(())
    }

    /// Counts a message; whether it ends its window. A message after a whole window begins another of that size.
    fn count(&mut self, number: u32) -> Result<bool, Violation> {
        self.check(number)?;
        self.last = number;
        let Some((size, left)) = &mut self.window else {
            return Err(Violation::NoWindow);
        };
        *left = left.saturating_sub(1);
        let ends_window = *left == 0;
        if ends_window {
            *left = *size;
        }
        Ok(ends_window)
    }

    /// Passes over the fields of a record, as far as they have come.
    fn pass<'b>(&mut self, buffer: &'b [u8], consumed: usize) -> Result<Step<'b>, Violation> {
        let mut rest = buffer;
        let done = |rest: &[u8]| consumed + buffer.len() - rest.len();
        while let Some(passing) = &mut self.passing {
            let (gone, after) = rest.split_at(passing.bytes.min(rest.len()));
            passing.bytes -= gone.len();
            rest = after;
            if passing.bytes > 0 {
                break;
            }
            if passing.fields == 0 {
                let number = passing.number;
                self.passing = None;
                let event = Event::Record {
                    number,
                    ends_window: self.count(number)?,
                };
                return Ok(Step {
                    consumed: done(rest),
                    event: Some(event),
                });
            }
            let Some((length, after)) = frame::number(rest) else {
                break;
            };
            if length > RECORD_FIELD_BYTES_MAX {
                return Err(Malformed::Field(length).into());
            }
            passing.bytes = usize::try_from(length).unwrap_or(usize::MAX);
            passing.fields -= 1;
            rest = after;
        }
        Ok(Step {
            consumed: done(rest),
            event: None,
        })
    }
}
