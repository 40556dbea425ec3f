//! Each value becomes another.

mod arithmetic;

pub(super) use arithmetic::FUNCTIONS as ARITHMETIC;
