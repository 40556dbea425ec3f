//! Why a pickle cannot be decoded.

/// Why a frame is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It ends in the middle.
    #[error("the pickle breaks off at offset {offset}")]
    Short {
        /// Where.
        offset: usize,
    },
    /// It asks for more than data.
    #[error(
        "the pickle names a class or calls something at offset {offset} (`{opcode:#04x}`); only lists, tuples, texts and numbers are read"
    )]
    Code {
        /// The instruction.
        opcode: u8,
        /// Where.
        offset: usize,
    },
    /// An instruction that no pickle of the protocols 2 to 5 needs for data.
    #[error(
        "the pickle has `{opcode:#04x}` at offset {offset}, which none of the protocols 2 to 5 has; write `pickle.dumps(samples, protocol=2)`"
    )]
    Opcode {
        /// The instruction.
        opcode: u8,
        /// Where.
        offset: usize,
    },
    /// It takes what is not there.
    #[error("the pickle takes what is not there at offset {offset}")]
    Missing {
        /// Where.
        offset: usize,
    },
    /// It makes many times of what it weighs.
    #[error("the pickle has more values than samples of its size need; send fewer by reference")]
    Dense,
    /// It is whole, and no list.
    #[error("the pickle is no list of `(path, (time, value))`")]
    NoList,
}
