//! What threads meet at. Files that take it from here, and nothing else of the kind, are run by `tests/interleavings` under
//! `loom`, which puts its own in place of these.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
pub(crate) use std::thread::yield_now;
