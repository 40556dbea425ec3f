//! When the store flushed and merged, as its own figures show.

use crate::bench::server::Server;
use anyhow::{Result, bail};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The pause between two looks at the figures: short beside a flush, and long beside what a look costs the server.
const PAUSE: Duration = Duration::from_millis(25);

/// The figures of a look, in this order.
const FIGURES: [&str; 4] = [
    "vigie_store_head_samples",
    "vigie_store_flushes_total",
    "vigie_store_merges_total",
    "vigie_store_merge_seconds_total",
];

/// A look at the figures.
#[derive(Debug, Clone, Copy)]
struct Look {
    asked: Instant,
    answered: Instant,
    /// Samples in memory that are not being flushed: fewer when a flush begins.
    head_samples: f64,
    /// Flushes and merges that have ended.
    flushes: f64,
    merges: f64,
    /// How long those merges have taken.
    merge_seconds: f64,
}

/// When each job of a kind went on.
#[derive(Debug)]
pub(super) struct JobSpans {
    pub(super) flushes: Vec<Range<Instant>>,
    pub(super) merges: Vec<Range<Instant>>,
}

fn look(server: &Server) -> Result<Look> {
    let asked = Instant::now();
    let [head_samples, flushes, merges, merge_seconds] = server.figures_of(FIGURES)?;
    Ok(Look {
        asked,
        answered: Instant::now(),
        head_samples,
        flushes,
        merges,
        merge_seconds,
    })
}

/// From the last look before each flush to the first one after it; one that goes on at the last look lasts until then.
fn flushes(looks: &[Look]) -> Vec<Range<Instant>> {
    let mut spans = Vec::new();
    let mut begun = None;
    for (earlier, later) in pairs(looks) {
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

/// The merges that ended between two looks began no earlier than the first of these, less the time that they have taken.
fn merges(looks: &[Look]) -> Vec<Range<Instant>> {
    let ended = pairs(looks).filter(|(earlier, later)| later.merges > earlier.merges);
    let span = |(earlier, later): (&Look, &Look)| {
        let took = Duration::from_secs_f64((later.merge_seconds - earlier.merge_seconds).max(0.0));
        let from = earlier.asked.checked_sub(took).unwrap_or(earlier.asked);
        from..later.answered
    };
    ended.map(span).collect()
}

fn pairs(looks: &[Look]) -> impl Iterator<Item = (&Look, &Look)> {
    looks.iter().zip(looks.iter().skip(1))
}

/// Measures something, and says when the store flushed and merged meanwhile.
pub(super) fn watch<T>(
    server: &Server,
    measure: impl FnOnce() -> Result<T>,
) -> Result<(T, JobSpans)> {
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
        let looks = match watching.join() {
            Ok(looks) => looks?,
            Err(_) => bail!("who looks at the figures has failed"),
        };
        let spans = JobSpans {
            flushes: flushes(&looks),
            merges: merges(&looks),
        };
        Ok((measured?, spans))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks that begin ten seconds after one another, and last for one. The figures are those of [`FIGURES`].
    fn looks(begin: Instant, figures: &[[f64; 4]]) -> Vec<Look> {
        let look = |(number, figures): (u64, &[f64; 4])| {
            let [head_samples, flushes, merges, merge_seconds] = *figures;
            Look {
                asked: begin + Duration::from_secs(10 * number),
                answered: begin + Duration::from_secs(10 * number + 1),
                head_samples,
                flushes,
                merges,
                merge_seconds,
            }
        };
        (0..).zip(figures).map(look).collect()
    }

    #[test]
    fn a_flush_lasts_from_the_look_before_it_to_the_look_after_it() {
        let begin = Instant::now();
        let at = |number: u64| begin + Duration::from_secs(number);
        let spans = |figures: &[(f64, f64)]| {
            let figures = figures.iter();
            let figures: Vec<[f64; 4]> = figures
                .map(|(head, ended)| [*head, *ended, 0.0, 0.0])
                .collect();
            flushes(&looks(begin, &figures))
        };
        let long = [
            (5.0, 0.0),
            (9.0, 0.0),
            (1.0, 0.0),
            (2.0, 0.0),
            (3.0, 1.0),
            (4.0, 1.0),
        ];
        assert_eq!(spans(&long), [at(10)..at(41)]);
        let between_two_looks = [(5.0, 0.0), (1.0, 1.0), (2.0, 1.0)];
        assert_eq!(spans(&between_two_looks), [at(0)..at(11)]);
        let unfinished = [(5.0, 0.0), (1.0, 0.0), (2.0, 0.0)];
        assert_eq!(spans(&unfinished), [at(0)..at(21)]);
        assert_eq!(spans(&[(5.0, 0.0), (6.0, 0.0)]), []);
    }

    #[test]
    fn a_merge_lasts_as_long_as_it_has_taken_until_the_look_that_shows_its_end() {
        let begin = Instant::now() + Duration::from_secs(1000);
        let figures = [
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 1.0, 4.0],
            [0.0, 0.0, 1.0, 4.0],
            [0.0, 0.0, 3.0, 4.5],
        ];
        let at = |tenths: u64| begin + Duration::from_millis(100 * tenths);
        assert_eq!(
            merges(&looks(begin, &figures)),
            [at(60)..at(210), at(295)..at(410)]
        );
    }
}
