//! Columns of integers and floating-point numbers as few bytes, losing no bit. Pure: bytes in, values out; no decoder
//! panics, whatever it is given.

pub(crate) mod bits;
pub(crate) mod choose;
pub(crate) mod decpack;
pub(crate) mod gcd;
pub(crate) mod varint;

/// Bytes that no encoder wrote; says what is wrong with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged(pub(crate) &'static str);
