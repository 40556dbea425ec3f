//! How long a revoked key goes on opening things, on two nodes of one PostgreSQL with many keys, while others change things.
//!
//! `VIGIE_TEST_POSTGRES_URL=… cargo bench -p benches --bench revocation`, with `KEYS`, `REVOKED` and `CHANGES` (per second) for
//! other numbers. The measurement is that of the test of the same name in `crates/iam`. It fails where the p99 is above a
//! second, or fewer than nine tenths of the changes were made.

#![expect(clippy::print_stdout, reason = "a benchmark's figures are its output")]

#[path = "../../crates/iam/tests/it/revocation/measure.rs"]
mod measure;

use measure::{Failure, Numbers, PROMISED, quantile};

fn number(name: &str, default: usize) -> Result<usize, Failure> {
    Ok(std::env::var(name).map_or(Ok(default), |text| text.parse())?)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let numbers = Numbers {
        keys: number("KEYS", 100_000)?,
        revoked: number("REVOKED", 1000)?,
        changes: number("CHANGES", 100)?,
    };
    let Some(address) = testing::postgres("revocation") else {
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let figures = measure::run(&address, folder.path(), numbers).await?;
    let made = figures.changes as f64 / figures.took.as_secs_f64();
    println!(
        "{} keys; a node starts in {:.2} s; {:.0} other changes a second, {} in all of {} due, during {} of {} revocations",
        numbers.keys,
        figures.start.as_secs_f64(),
        made,
        figures.changes,
        figures.attempts,
        figures.accompanied,
        numbers.revoked
    );
    for (what, times) in [
        ("acknowledged after", &figures.acknowledged),
        ("refused by both after", &figures.accepted),
    ] {
        let at = |thousandths| quantile(times, thousandths).as_secs_f64() * 1000.0;
        println!(
            "{what:<24} p50 {:>7.1} ms   p99 {:>7.1} ms   longest {:>7.1} ms",
            at(500),
            at(990),
            at(1000)
        );
    }
    println!(
        "polls meanwhile          p50 {:>7}      p99 {:>7}",
        quantile(&figures.polls, 500),
        quantile(&figures.polls, 990)
    );
    let needed = 0.9 * numbers.changes as f64;
    if made < needed {
        return Err(format!(
            "{made:.1} other changes a second are fewer than {needed:.1}: the machine is too slow or too busy for `CHANGES`"
        )
        .into());
    }
    let p99 = quantile(&figures.accepted, 990);
    if p99 > PROMISED {
        return Err(format!("p99 of {p99:?} is more than {PROMISED:?}").into());
    }
    Ok(())
}
