//! Passwords: Argon2id, a limit on checks at once, the same time for unknown names, and a pause after failures.

use crate::directory::User;
use crate::error::IamError;
use crate::service::Iam;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base::error::Kind;
use base::secret::Secret;
use db::Value;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use tokio::sync::OwnedSemaphorePermit;

/// Memory in KiB, passes and lanes: OWASP's second recommendation, 17 ms on one core.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);

/// Failures in a row that are forgiven at once.
const FAILURES_FREE: i64 = 10;

/// The pause after more failures.
const PAUSE_MILLISECONDS: i64 = 60_000;

/// Shortest and longest password, in bytes.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=1024;

fn hasher() -> Result<Argon2<'static>, IamError> {
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None)
        .map_err(|_| IamError::Crypto("set up password hashing"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<String, IamError> {
    let salt = crate::entropy::bytes::<16>();
    let hash = hasher()?
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|_| IamError::Crypto("hash the password"))?;
    Ok(hash.to_string())
}

/// What an unknown user's password is compared with, so that it takes as long as a known one's.
fn decoy() -> &'static str {
    static DECOY: OnceLock<String> = OnceLock::new();
    DECOY.get_or_init(|| hash(&crate::entropy::text()).unwrap_or_default())
}

/// Hashes a new password after checking its length.
pub(crate) async fn prepare(iam: &Iam, password: Secret<String>) -> Result<String, IamError> {
    if !LENGTH.contains(&password.expose().len()) {
        let (least, most) = (LENGTH.start(), LENGTH.end());
        return Err(IamError::invalid(
            "new_password",
            format!("a password has {least} to {most} bytes"),
        ));
    }
    let place = place(iam).await?;
    on_a_worker(move || {
        let _place = place;
        hash(password.expose())
    })
    .await
}

/// A password nobody has to remember: 20 characters, 119 bits.
#[must_use]
pub fn generate() -> Secret<String> {
    Secret::new(
        crate::entropy::text()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(20)
            .collect(),
    )
}

/// A place among the checks that run at once; who has to wait for one is counted.
async fn place(iam: &Iam) -> Result<OwnedSemaphorePermit, IamError> {
    let places = || Arc::clone(&iam.0.password_checks);
    if let Ok(place) = places().try_acquire_owned() {
        return Ok(place);
    }
    iam.0.password_waits.fetch_add(1, Ordering::Relaxed);
    let place = places().acquire_owned().await;
    place.map_err(|_| IamError::Crypto("check passwords: closing"))
}

async fn on_a_worker<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IamError> + Send + 'static,
) -> Result<T, IamError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| IamError::Crypto("finish the password check"))?
}

fn rejected() -> IamError {
    IamError::refused(
        Kind::Invalid,
        "BXNIM0602E",
        "The credentials you entered are invalid: user name or password is wrong",
    )
}

/// The user, if the password is his.
pub(crate) async fn check(
    iam: &Iam,
    username: &str,
    password: Secret<String>,
) -> Result<User, IamError> {
    let user = iam.directory().user_by_email(username).cloned();
    let place = place(iam).await?;
    let iam = iam.clone();
    // A task of its own, which ends as it would have although its caller hangs up: his guess is counted all the same, and
    // the place stays taken while the hashing goes on. There are never more of them than places.
    tokio::spawn(async move {
        // Failures are read and counted with the place held: a thousand guesses sent at once are not a thousand guesses
        // for free, as they would be if all of them read the count before the first was counted.
        let _place = place;
        compare(&iam, user, password).await
    })
    .await
    .map_err(|_| IamError::Crypto("finish the password check"))?
}

async fn compare(
    iam: &Iam,
    user: Option<User>,
    password: Secret<String>,
) -> Result<User, IamError> {
    let now = iam.0.clock.now();
    let mut stored = None;
    if let Some(user) = &user {
        let sql = "SELECT password, failures, failed_at FROM users WHERE guid = $1";
        if let Some(row) = iam
            .0
            .db
            .one(sql, &[Value::from(user.id.0.to_string())])
            .await?
        {
            let pause_ends = row.int("failed_at")?.saturating_add(PAUSE_MILLISECONDS);
            if row.int("failures")? >= FAILURES_FREE && now.0 < pause_ends {
                let seconds = pause_ends.saturating_sub(now.0) / 1000 + 1;
                let message = format!("Too many failed logins: wait {seconds} s, then try again");
                return Err(IamError::refused(Kind::Busy, "BXNIM0602E", message));
            }
            stored = row.text_or_none("password")?;
        }
    }
    let known = stored.is_some();
    let right = on_a_worker(move || {
        let stored = stored.unwrap_or_else(|| decoy().to_owned());
        Ok(hasher()?
            .verify_password(password.expose().as_bytes(), stored.as_str())
            .is_ok())
    })
    .await?;
    let Some(user) = user else {
        return Err(rejected());
    };
    let guid = Value::from(user.id.0.to_string());
    if right && known {
        let clear = "UPDATE users SET failures = 0 WHERE guid = $1 AND failures > 0";
        iam.0.db.execute(clear, &[guid]).await?;
        return Ok(user);
    }
    let count = "UPDATE users SET failures = failures + 1, failed_at = $2 WHERE guid = $1";
    iam.0.db.execute(count, &[guid, Value::from(now.0)]).await?;
    Err(rejected())
}
