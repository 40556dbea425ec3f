//! When the store flushed, as its own figures show.

use crate::bench::server::Server;
use anyhow::{Result, bail};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The pause between two looks at the figures: short beside a flush, and long beside what a look costs the server.
const PAUSE: Duration = Duration::from_millis(25);

/// A look at the figures.
#[derive(Debug, Clone, Copy)]
struct Look {
    asked: Instant,
    answered: Instant,
    /// Samples in memory that are not being flushed: fewer when a flush begins.
    head_samples: f64,
    /// Flushes that have ended.
    flushes: f64,
}

fn look(server: &Server) -> Result<Look> {
    let asked = Instant::now();
    let (head_samples, flushes) =
        server.two_figures("vigie_store_head_samples", "vigie_store_flushes_total")?;
    Ok(Look {
        asked,
        answered: Instant::now(),
        head_samples,
        flushes,
    })
}

/// From the last look before each flush to the first one after it; one that goes on at the last look lasts until then.
fn spans(looks: &[Look]) -> Vec<Range<Instant>> {
    let mut spans = Vec::new();
    let mut begun = None;
    for (earlier, later) in looks.iter().zip(looks.iter().skip(1)) {
        let has_ended = later.flushes > earlier.flushes;
        if has_ended || later.head_samples < earlier.head_samples {
            begun.get_or_insert(earlier.asked);
        }
        if has_ended && let Some(from) = begun.take() {
            spans.push(from..later.answered);
        }
    }
    if let (Some(from), Some(last)) = (begun, looks.last()) {
        spans.push(from..last.answered);
    }
    spans
}

/// Measures something, and says when the store flushed meanwhile.
pub(super) fn watch<T>(
    server: &Server,
    measure: impl FnOnce() -> Result<T>,
) -> Result<(T, Vec<Range<Instant>>)> {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watching = scope.spawn(|| -> Result<Vec<Look>> {
            let mut looks = vec![look(server)?];
            while !over.load(Ordering::Relaxed) {
                std::thread::sleep(PAUSE);
                looks.push(look(server)?);
            }
            Ok(looks)
        });
        let measured = measure();
        over.store(true, Ordering::Relaxed);
        match watching.join() {
            Ok(looks) => Ok((measured?, spans(&looks?))),
            Err(_) => bail!("who looks at the figures has failed"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_lasts_from_the_look_before_it_to_the_look_after_it() {
        let begin = Instant::now();
        let at = |number: u64| begin + Duration::from_secs(number);
        let looks = |figures: &[(f64, f64)]| -> Vec<Look> {
            let looks = figures
                .iter()
                .zip(0..)
                .map(|((head_samples, flushes), number)| Look {
                    asked: at(10 * number),
                    answered: at(10 * number + 1),
                    head_samples: *head_samples,
                    flushes: *flushes,
                });
            looks.collect()
        };
        let long = [
            (5.0, 0.0),
            (9.0, 0.0),
            (1.0, 0.0),
            (2.0, 0.0),
            (3.0, 1.0),
            (4.0, 1.0),
        ];
        assert_eq!(spans(&looks(&long)), [at(10)..at(41)]);
        let between_two_looks = [(5.0, 0.0), (1.0, 1.0), (2.0, 1.0)];
        assert_eq!(spans(&looks(&between_two_looks)), [at(0)..at(11)]);
        let unfinished = [(5.0, 0.0), (1.0, 0.0), (2.0, 0.0)];
        assert_eq!(spans(&looks(&unfinished)), [at(0)..at(21)]);
        assert_eq!(spans(&looks(&[(5.0, 0.0), (6.0, 0.0)])), []);
    }
}
