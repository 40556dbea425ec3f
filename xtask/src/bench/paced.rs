//! Writes that are due at a fixed rate, whatever became of the ones before.
//!
//! Who writes one sample after the other waits once where the server stops for ten seconds, and a percentile of a hundred thousand
//! writes does not show it. Here all writes that would have come meanwhile wait as well, each since it was due.

use super::server::Server;
use anyhow::Result;
use std::time::{Duration, Instant};

/// A write that was answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct PacedWrite {
    pub(super) due: Instant,
    /// From when it was due to its answer, in milliseconds.
    pub(super) took_ms: f64,
}

/// Writes a sample each `pause` for as long, over one connection: what is late is sent as soon as the one before is answered.
pub(super) fn write_paced(
    server: &Server,
    long: Duration,
    pause: Duration,
    key: &str,
) -> Result<Vec<PacedWrite>> {
    let mut stream = server.connect()?;
    let mut writes = Vec::new();
    let mut due = Instant::now();
    let end = due + long;
    while due < end {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        server.write_sample(&mut stream, key)?;
        writes.push(PacedWrite {
            due,
            took_ms: due.elapsed().as_secs_f64() * 1000.0,
        });
        due += pause;
    }
    Ok(writes)
}
