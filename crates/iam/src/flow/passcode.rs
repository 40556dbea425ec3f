//! One-time codes for users whose password the command line must not see: ten characters, one use, five minutes.
//!
//! A code carries the bounds of the credential that asked for it: a session, a key's session, or a password. It ends
//! with that session and key and opens what they open; the session it begins ends with them too. A code from a session that a
//! password began is still a login by password, for accounts that refuse those: a program that is told the password gets both. One that
//! the password itself got is not: it comes from the page, and only a code gets it to a program.

use crate::audit::{Action, Credential, Entry};
use crate::entropy;
use crate::error::IamError;
use crate::model::bounds::CredentialBounds;
use crate::refusal::{Reason, Refusal, Remedy};
use crate::repo::passcodes::{self, StoredPasscode};
use crate::repo::principals::key;
use crate::repo::transactions::credentials;
use crate::repo::{refresh_tokens, sessions};
use crate::service::Iam;
use crate::token::issued::{PASSCODE, PASSWORD};
use base::secret::Secret;
use db::Tx;

const CHARACTERS: usize = 10;
const LIFE_SECONDS: i64 = 300;

/// Letters and digits that are not confused with one another; 32 of them, so each is five random bits.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";

/// A new code for the credential, in the transaction that verified it.
pub(crate) async fn issue(
    iam: &Iam,
    mut tx: Tx,
    bounds: &CredentialBounds,
    credential: Credential,
) -> Result<Secret<String>, IamError> {
    if !bounds.renewable() {
        return Err(IamError::Internal("issue a code for what is not renewable"));
    }
    let code: String = entropy::bytes::<CHARACTERS>()
        .iter()
        .map(|byte| {
            char::from(
                ALPHABET
                    .get(usize::from(byte % 32))
                    .copied()
                    .unwrap_or(b'a'),
            )
        })
        .collect();
    // A code takes the place of a password, which only users have.
    let user = bounds.principal().user().ok_or_else(|| {
        let message = "A one-time code is for a user, and this credential is not a user's";
        let refusal = Refusal::new(Reason::NotAllowed, message);
        IamError::Refused(refusal.remedy(Remedy::LogInByKey))
    })?;
    let now = iam.0.clock.now();
    passcodes::sweep(&mut tx, &key(user), now).await?;
    credentials::lock(&mut tx, bounds, now).await?;
    let root = bounds.root();
    let hash = entropy::sha256(code.as_bytes());
    // No longer than what it came from: that may get a later end meanwhile, which brings nothing back.
    let end = bounds.end(now, LIFE_SECONDS);
    passcodes::insert(&mut tx, &hash, user, bounds, end).await?;
    let others = iam.0.config.limits.passcodes_per_user.saturating_sub(1);
    passcodes::keep_newest(&mut tx, user, root.key, &hash, others).await?;
    let entry = Entry::by_principal(user, credential, Action::PasscodeMade);
    iam.commit_without_read_back(tx, entry.with_some("by_key", root.key))
        .await?;
    Ok(Secret::new(code))
}

/// The bounds of a code, and by which grant its login is. It only reads: whose code it is must be known before a turn of the account is
/// waited for, and the code is used up in that.
pub(crate) async fn find(
    iam: &Iam,
    code: &Secret<String>,
) -> Result<(CredentialBounds, &'static str), IamError> {
    let mut tx = iam.0.db.snapshot().await?;
    let mut found = passcodes::find(&mut tx, &hashed(code)).await?;
    let session = found.as_ref().and_then(|stored| stored.root.session);
    let mut is_by_password = false;
    if let Some(session) = session {
        is_by_password = refresh_tokens::is_session_of(&mut tx, session, PASSWORD).await?;
        // It is nobody's any more: nothing else about it is answered.
        if sessions::find_live(&mut tx, session).await?.is_none() {
            found = None;
        }
    }
    tx.end().await?;
    if let Some(stored) = &found {
        let asked = iam.sync_if_owner_unknown(code.expose(), stored.user.into(), stored.root.key);
        asked.await?;
    }
    let bounds = bounds_of(iam, found)?;
    Ok((bounds, if is_by_password { PASSWORD } else { PASSCODE }))
}

/// Uses a code up when the transaction commits, and locks what it came from.
pub(crate) async fn redeem(iam: &Iam, tx: &mut Tx, code: &Secret<String>) -> Result<(), IamError> {
    let taken = passcodes::take(tx, &hashed(code)).await?;
    let bounds = bounds_of(iam, taken)?;
    // The same answer as for an unknown code: the caller has shown no other proof.
    let locked = credentials::lock(tx, &bounds, iam.0.clock.now()).await;
    locked.map_err(|error| match error {
        IamError::Refused(_) => rejected(),
        other => other,
    })
}

fn hashed(code: &Secret<String>) -> [u8; 32] {
    entropy::sha256(code.expose().trim().as_bytes())
}

/// The bounds of a stored code that has not expired.
fn bounds_of(iam: &Iam, stored: Option<StoredPasscode>) -> Result<CredentialBounds, IamError> {
    let now = iam.0.clock.now();
    let live = stored.filter(|stored| stored.expires_at > now);
    let StoredPasscode {
        user,
        root,
        proven_at,
        ..
    } = live.ok_or_else(rejected)?;
    iam.derived(user.into(), proven_at, root)
}

fn rejected() -> IamError {
    IamError::refused(
        Reason::WrongProof,
        "Provided passcode is wrong, used up or older than five minutes, or the login it came from has ended",
    )
}
