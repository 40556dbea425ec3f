//! Files of other programs that hold old samples.

pub mod openmetrics;
pub mod sample_lines;
pub mod victoria;
pub mod whisper;
