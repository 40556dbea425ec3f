//! The frames of a client, one at a time: every length is checked when it is known, before what it counts has come.

/// The longest message: a line of the longest name, two numbers, and room to spare, as for Graphite's lines.
pub const PAYLOAD_BYTES_MAX: usize = crate::ingest::plaintext::LINE_BYTES_MAX;
/// The least size of a buffer.
pub const FRAME_BYTES_MAX: usize = 2 + 4 + 4 + PAYLOAD_BYTES_MAX;
/// The most fields of a record of a log.
pub const PAIRS_MAX: u32 = 1024;
/// The longest name or text of such a field.
pub const RECORD_FIELD_BYTES_MAX: u32 = 1 << 20;

/// A frame, borrowed from the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame<'b> {
    Label(&'b [u8]),
    Login {
        is_several: bool,
        tenant: &'b [u8],
        password: &'b [u8],
    },
    Window(u32),
    Message {
        number: u32,
        payload: &'b [u8],
    },
    /// The head of a record, whose fields follow.
    Record {
        number: u32,
        pairs: u32,
    },
}

/// Bytes that are no frame. Nothing can be read after them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Two other letters.
    #[error("`{}` does not begin a frame", .0.escape_ascii())]
    Kind([u8; 2]),
    /// Longer than [`PAYLOAD_BYTES_MAX`].
    #[error("a message of {0} bytes is longer than {PAYLOAD_BYTES_MAX}")]
    Payload(u32),
    /// More than [`PAIRS_MAX`].
    #[error("a record of {0} fields has more than {PAIRS_MAX}")]
    Pairs(u32),
    /// Longer than [`RECORD_FIELD_BYTES_MAX`].
    #[error("a record's field of {0} bytes is longer than {RECORD_FIELD_BYTES_MAX}")]
    Field(u32),
}

/// The frame that the buffer begins with, and what follows it; none, as long as it has not come as a whole.
pub(super) fn read(buffer: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>, Malformed> {
    let Some((kind, rest)) = buffer.split_first_chunk::<2>() else {
        // One letter is enough to see that it is none.
        return match buffer.first() {
            None | Some(b'1' | b'2') => Ok(None),
            Some(other) => Err(Malformed::Kind([*other, b' '])),
        };
    };
    match kind {
        b"1I" => Ok(short(rest).map(|(label, rest)| (Frame::Label(label), rest))),
        b"2T" | b"2S" => Ok(login(kind == b"2S", rest)),
        b"1W" => Ok(number(rest).map(|(count, rest)| (Frame::Window(count), rest))),
        b"1M" => message(rest),
        b"1D" => record(rest),
        _ => Err(Malformed::Kind(*kind)),
    }
}

pub(super) fn number(rest: &[u8]) -> Option<(u32, &[u8])> {
    let (bytes, rest) = rest.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*bytes), rest))
}

/// Bytes after a length of one byte.
fn short(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = rest.split_first()?;
    rest.split_at_checked(usize::from(*length))
}

fn login(is_several: bool, rest: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let (tenant, rest) = short(rest)?;
    let (password, rest) = short(rest)?;
    let login = Frame::Login {
        is_several,
        tenant,
        password,
    };
    Some((login, rest))
}

fn message(rest: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>, Malformed> {
    let Some((number, length, rest)) = two_numbers(rest) else {
        return Ok(None);
    };
    let bytes = usize::try_from(length).unwrap_or(usize::MAX);
    if bytes > PAYLOAD_BYTES_MAX {
        return Err(Malformed::Payload(length));
    }
    let split = rest.split_at_checked(bytes);
    Ok(split.map(|(payload, rest)| (Frame::Message { number, payload }, rest)))
}

fn record(rest: &[u8]) -> Result<Option<(Frame<'_>, &[u8])>, Malformed> {
    match two_numbers(rest) {
        Some((_, pairs, _)) if pairs > PAIRS_MAX => Err(Malformed::Pairs(pairs)),
        Some((number, pairs, rest)) => Ok(Some((Frame::Record { number, pairs }, rest))),
        None => Ok(None),
    }
}

fn two_numbers(rest: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (first, rest) = number(rest)?;
    let (second, rest) = number(rest)?;
    Some((first, second, rest))
}
