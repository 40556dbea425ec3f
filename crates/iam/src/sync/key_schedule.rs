//! Signing keys by schedule. A successor is made ahead of its time, so that every node, and everybody who keeps the public keys
//! for a while, knows it when it begins to sign; the old key stays until all its tokens have expired. No token is refused
//! meanwhile. A key that a clock that was ahead has made would begin to sign when that time comes, and have no successor before: once
//! the clock is right, it is announced anew.

use super::key_store::{ANNOUNCED_MILLISECONDS, generate, new_name, open_all, sealed};
use crate::audit::{Action, Entries, Entry};
use crate::error::IamError;
use crate::repo::counters;
use crate::repo::signing_keys::{self, EncryptedSigningKey};
use crate::service::Iam;
use base::time::Millis;

/// How long an old key stays beyond the life of its tokens: the clocks of nodes differ.
const MARGIN_MILLISECONDS: i64 = 10 * 60_000;

/// The keys whose successor has signed for so long.
fn outlived(keys: &[EncryptedSigningKey], now: Millis, overlap: i64) -> Vec<&str> {
    let pairs = keys.iter().zip(keys.iter().skip(1));
    pairs
        .filter(|(_, next)| next.signs_from.plus(overlap) <= now)
        .map(|(old, _)| old.kid.as_str())
        .collect()
}

/// Brings the time of keys that begin to sign later than any key that is made now to that of one made now; returns their names.
fn announce_anew(keys: &mut [EncryptedSigningKey], now: Millis) -> Vec<String> {
    let signs_from = now.plus(ANNOUNCED_MILLISECONDS);
    let ahead = keys
        .iter_mut()
        .filter(|key| key.signs_from > signs_from.plus(MARGIN_MILLISECONDS));
    let brought = ahead.map(|key| {
        key.signs_from = signs_from;
        key.kid.clone()
    });
    brought.collect()
}

impl Iam {
    /// Makes a successor of a signing key that has signed for as long as the configuration says, and retires those whose tokens
    /// have all expired; announces anew those of a clock that was ahead. Without a schedule it only makes a key where none is left, as
    /// after `vigied keys retire-unreadable` on another node. Several nodes may do so at once: one makes the key.
    ///
    /// # Errors
    /// When the database fails, another encryption key is needed, or the file of the present one is gone.
    pub async fn keep_signing_keys_fresh(&self) -> Result<(), IamError> {
        let config = &self.0.config;
        let days = config.signing.key_days;
        let Some(key) = self.0.encryption_key.as_ref() else {
            return Ok(());
        };
        let (now, algorithm) = (self.0.clock.now(), config.signing.algorithm);
        let life = i64::from(days).saturating_mul(86_400_000);
        let overlap = config.access_token_seconds.saturating_mul(1000);
        let overlap = overlap.saturating_add(MARGIN_MILLISECONDS);
        let signs_from = now.plus(ANNOUNCED_MILLISECONDS);
        let is_due = |keys: &[EncryptedSigningKey]| {
            let newest = keys.last();
            newest.is_none_or(|newest| days > 0 && newest.signs_from.plus(life) <= signs_from)
        };
        let mut snapshot = self.0.db.snapshot().await?;
        let mut stored = signing_keys::in_service(&mut snapshot).await?;
        snapshot.end().await?;
        if days == 0 && !stored.is_empty() {
            return Ok(());
        }
        let was_ahead = !announce_anew(&mut stored, now).is_empty();
        let made = match is_due(&stored) {
            true => {
                // Under a key that is lost with the next start, it would be lost as well.
                self.check_encryption_key_file().await?;
                Some(generate(algorithm).await?)
            }
            false if !was_ahead && outlived(&stored, now, overlap).is_empty() => return Ok(()),
            false => None,
        };
        let mut tx = self.0.db.begin().await?;
        counters::lock_changes(&mut tx).await?;
        let mut stored = signing_keys::in_service(&mut tx).await?;
        let mut entries = Vec::new();
        for kid in announce_anew(&mut stored, now) {
            signing_keys::reschedule(&mut tx, &kid, signs_from).await?;
            entries.push(Entry::by_server(Action::SigningKeyRescheduled).on(&kid));
        }
        // Another node may have made it meanwhile.
        if let Some(der) = made.filter(|_| is_due(&stored)) {
            // Otherwise the other nodes could not decrypt it.
            open_all(&stored, key)?;
            let kid = new_name(&mut tx, now).await?;
            let begins = if stored.is_empty() { now } else { signs_from };
            let new = sealed(key, &kid, &der, begins)?;
            signing_keys::insert(&mut tx, &new, now).await?;
            let entry = Entry::by_server(Action::SigningKeyMade).on(&kid);
            entries.push(entry.with("algorithm", algorithm.name()));
        }
        for kid in outlived(&stored, now, overlap) {
            signing_keys::retire(&mut tx, kid, now).await?;
            entries.push(Entry::by_server(Action::SigningKeyRetired).on(kid));
        }
        if entries.is_empty() {
            return Ok(());
        }
        self.commit(tx, Entries::of(entries)).await
    }
}
