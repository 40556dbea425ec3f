//! The table `used_today`: counts with a daily limit.

use crate::error::IamError;
use base::time::Millis;
use db::Tx;

/// Counts one more use; returns the number of today.
pub(crate) async fn count_use(
    tx: &mut Tx,
    what: String,
    amount: i64,
    now: Millis,
) -> Result<u64, IamError> {
    let day = now.0.div_euclid(86_400_000);
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
