//! The table `used_today`: counts with a daily limit.

use crate::error::IamError;
use base::time::Millis;
use db::Tx;

const DAY: i64 = 86_400_000;

/// Counts one more use; returns the number of today.
pub(crate) async fn count_use(
    tx: &mut Tx,
    what: String,
    amount: i64,
    now: Millis,
) -> Result<u64, IamError> {
    let day = now.0.div_euclid(DAY);
    let old = "DELETE FROM used_today WHERE day < $1";
    tx.execute(old, &[day.into()]).await?;
    let sql = "INSERT INTO used_today (what, day, used) VALUES ($1, $2, $3) \
               ON CONFLICT (what, day) DO UPDATE SET used = used_today.used + $3 RETURNING used";
    let row = tx
        .one(sql, &[what.into(), day.into(), amount.into()])
        .await?;
    let used = row.map(|row| row.int("used")).transpose()?;
    Ok(u64::try_from(used.unwrap_or(amount)).unwrap_or(0))
}

/// In how many seconds the next day begins, and with it every count.
pub(crate) fn seconds_left(now: Millis) -> u64 {
    let left = DAY.saturating_sub(now.0.rem_euclid(DAY));
    u64::try_from(left).unwrap_or_default().div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_ends_at_midnight_and_not_before() {
        for (now, left) in [
            (0, 86_400),
            (1, 86_400),
            (1000, 86_399),
            (DAY - 1, 1),
            (DAY, 86_400),
        ] {
            assert_eq!(seconds_left(Millis(now)), left, "{now}");
        }
    }
}
