//! How long values of which distance are kept: `10s:6h,1min:7d`.

use super::error::Problem;

/// Values of one distance, and how long they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Seconds between values; positive.
    pub step: i64,
    /// Seconds that they are kept; a multiple of the step.
    pub kept: i64,
}

/// The longest time that can be kept: ten thousand years.
const SECONDS_MAX: i64 = 10_000 * 365 * 86_400;

/// Reads retentions; the finest comes first, however they are written.
pub(super) fn parse(text: &str) -> Result<Vec<Retention>, Problem> {
    let parts = text.split(',').map(str::trim);
    let mut all = parts.map(one).collect::<Result<Vec<_>, _>>()?;
    all.sort_by_key(|retention| retention.step);
    for pair in all.windows(2) {
        let [fine, coarse] = pair else { continue };
        if fine.step == coarse.step {
            return Err(Problem::SameStep(fine.step));
        }
        if coarse.step % fine.step != 0 {
            let (fine, coarse) = (fine.step, coarse.step);
            return Err(Problem::Multiple { fine, coarse });
        }
        if coarse.kept <= fine.kept {
            return Err(Problem::Shorter(coarse.step));
        }
    }
    Ok(all)
}

/// `STEP:KEPT`. A number without a unit is seconds before the colon, and a count of values after it.
fn one(text: &str) -> Result<Retention, Problem> {
    let wrong = || Problem::Retention(text.to_owned());
    let (step, kept) = text.split_once(':').ok_or_else(wrong)?;
    let (number, unit) = amount(step.trim()).ok_or_else(wrong)?;
    let step = number.checked_mul(unit.unwrap_or(1)).ok_or_else(wrong)?;
    let (number, unit) = amount(kept.trim()).ok_or_else(wrong)?;
    let kept = number.checked_mul(unit.unwrap_or(step)).ok_or_else(wrong)?;
    if step < 1 || kept < step || kept > SECONDS_MAX {
        return Err(wrong());
    }
    let kept = kept - kept % step;
    Ok(Retention { step, kept })
}

/// A number and the seconds of its unit. Here `m` is a minute.
fn amount(text: &str) -> Option<(i64, Option<i64>)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = unit.trim().to_lowercase();
    let is = |word: &str| !unit.is_empty() && word.starts_with(&unit);
    let seconds = match unit.as_str() {
        "" => None,
        _ if is("seconds") => Some(1),
        _ if is("minutes") => Some(60),
        _ if is("hours") => Some(3600),
        _ if is("days") => Some(86_400),
        _ if is("weeks") => Some(7 * 86_400),
        _ if is("years") => Some(365 * 86_400),
        _ => return None,
    };
    Some((number.parse().ok()?, seconds))
}
