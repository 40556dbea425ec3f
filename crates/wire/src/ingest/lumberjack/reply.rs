//! The server's acknowledgement: six bytes.

/// An answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The login is accepted (0), or everything up to this number is stored.
    Accepted(u32),
    /// The login is refused.
    Refused,
}

/// Bytes that are no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{}` does not begin an answer", .0.escape_ascii())]
pub struct ReplyError([u8; 2]);

impl Reply {
    /// Its bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 6] {
        let (version, number) = match self {
            Self::Accepted(number) => (b'1', number),
            Self::Refused => (b'0', 0),
        };
        let [a, b, c, d] = number.to_be_bytes();
        [version, b'A', a, b, c, d]
    }

    /// Reads one, and gives what follows it; none, as long as it has not come as a whole.
    ///
    /// # Errors
    /// [`ReplyError`]: it begins otherwise.
    pub fn read(buffer: &[u8]) -> Result<Option<(Self, &[u8])>, ReplyError> {
        let Some((kind, rest)) = buffer.split_first_chunk::<2>() else {
            return Ok(None);
        };
        let is_accepted = match kind {
            b"1A" => true,
            b"0A" => false,
            _ => return Err(ReplyError(*kind)),
        };
        let number = super::frame::number(rest);
        Ok(number.map(|(number, rest)| {
            let reply = if is_accepted {
                Self::Accepted(number)
            } else {
                Self::Refused
            };
            (reply, rest)
        }))
    }
}
