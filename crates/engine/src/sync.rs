//! The synchronization primitives of the engine. `tests/interleavings` runs the files that use only these under `loom`, which
//! replaces them by its own.

pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
pub(crate) use std::thread::yield_now;
