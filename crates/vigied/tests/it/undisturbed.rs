//! Helpers that make a verdict independent of other tests and of the time of day.

use crate::harness::now;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// An address of this machine that nobody else uses, for a server that comes back at the same port: where many servers start,
/// another one takes a port of 127.0.0.1 as soon as it is free.
pub(crate) fn own_address() -> Ipv4Addr {
    static MADE: AtomicU8 = AtomicU8::new(0);
    let [_, _, process, part] = std::process::id().to_be_bytes();
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    Ipv4Addr::new(127, 128 | (process & 63), part, number)
}

/// Where a test must not see the end of a day: waits for the next one if this one (UTC) is over in a moment.
pub(crate) fn begins_in_a_day() {
    let left = 86_400 - now().rem_euclid(86_400);
    if left < 90 {
        std::thread::sleep(Duration::from_secs(left.unsigned_abs() + 1));
    }
}
