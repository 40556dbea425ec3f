//! Files of other programs that hold old samples.

pub mod whisper;
