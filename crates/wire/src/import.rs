//! Decoders for files of other programs with old samples.

pub mod openmetrics;
pub mod sample_lines;
pub mod victoria;
pub mod whisper;
