//! The signing keys in the database, shared by all its nodes: each is encrypted under the key of
//! `token::encryption_key`. Making or retiring one is a change like any other: every node learns of it at once from the
//! change log.

pub use crate::repo::signing_keys::StoredKey;

use crate::audit::{Action, Entries, Entry};
use crate::blocking::run_blocking;
use crate::config::IamConfig;
use crate::entropy;
use crate::error::IamError;
use crate::repo::changes;
use crate::repo::counters;
use crate::repo::signing_keys::{self, EncryptedSigningKey};
use crate::service::Iam;
use crate::token::encryption_key::EncryptionKey;
use crate::token::keyring::{KeyChange, KeyRing, SigningAlgorithm};
use crate::token::signing_key::SigningKey;
use crate::token::{encryption_key, key_folder};
use base::error_chain::Chain;
use base::time::Millis;
use db::{Db, Tx};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// How long a verifier may keep the public keys that it has read, in seconds.
pub const PUBLIC_KEYS_KEPT_SECONDS: i64 = 60;

/// A key is made this long before it begins to sign: twice as long as the public keys may be kept, so that everyone who keeps them has
/// read it by then.
pub(super) const ANNOUNCED_MILLISECONDS: i64 = 2 * 1000 * PUBLIC_KEYS_KEPT_SECONDS;

/// Nodes of one database ask for changes at least so often: until then another one could not verify what a new key has signed.
const LEARNED_MILLISECONDS: i64 = 1000;

/// When a new key begins to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// When everyone who keeps the public keys knows it.
    Announced,
    /// When every node knows it, within a second: the others must sign nothing more. Who keeps the public keys refuses its tokens at
    /// first.
    Now,
}

/// A new signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSigningKey {
    /// Its name.
    pub kid: String,
    /// From when on it signs.
    pub signs_from: Millis,
}

/// The signing keys in service that the encryption key does not open.
#[derive(Debug)]
pub struct UnreadableKeys {
    /// Their names.
    pub kids: Vec<String>,
    /// The file in which the encryption key was looked for.
    pub looked_at: String,
    /// Whether it was there.
    pub has_encryption_key: bool,
}

/// The encryption key found in its place, if any.
struct FoundEncryptionKey {
    looked_at: String,
    key: Option<EncryptionKey>,
}

impl FoundEncryptionKey {
    /// The stored keys that it does not decrypt.
    fn unreadable(&self, stored: &[EncryptedSigningKey]) -> UnreadableKeys {
        let is_opened = |stored: &&EncryptedSigningKey| {
            let key = self.key.as_ref();
            key.is_some_and(|key| open_one(stored, key).is_ok())
        };
        let unreadable = stored.iter().filter(|stored| !is_opened(stored));
        UnreadableKeys {
            kids: unreadable.map(|stored| stored.kid.clone()).collect(),
            looked_at: self.looked_at.clone(),
            has_encryption_key: self.key.is_some(),
        }
    }
}

/// How long a starting node waits for another to make a signing key where all were retired: nodes that run look every five seconds, and one
/// of them may have the encryption key. A key of this node's own would be one that it does not know.
const SUCCESSOR_MAX: Duration = Duration::from_secs(12);
const SUCCESSOR_PAUSE: Duration = Duration::from_millis(250);

/// Waits for a signing key where all were retired, as after `vigied keys retire-unreadable`, and other nodes may run.
async fn wait_for_successor(db: &Db) -> Result<(), IamError> {
    let begun = Instant::now();
    loop {
        let mut tx = db.snapshot().await?;
        let is_alone = tx.excludes_writers();
        let is_retired = signing_keys::newest(&mut tx).await?.is_some();
        let is_in_service = !signing_keys::in_service(&mut tx).await?.is_empty();
        tx.end().await?;
        if is_alone || !is_retired || is_in_service || begun.elapsed() >= SUCCESSOR_MAX {
            return Ok(());
        }
        if begun.elapsed() < SUCCESSOR_PAUSE {
            tracing::info!("every signing key is retired: waiting whether another node makes one");
        }
        tokio::time::sleep(SUCCESSOR_PAUSE).await;
    }
}

/// Loads the keys at the start: imports keys from files, and makes the first key if there is none.
pub(crate) async fn open(
    db: &Db,
    config: &IamConfig,
    now: Millis,
) -> Result<(KeyRing, EncryptionKey), IamError> {
    key_folder::make(&config.keys)?;
    let path = encryption_key::path(&config.keys, config.encryption_key.as_deref());
    let files = key_folder::read_all(&config.keys)?;
    wait_for_successor(db).await?;
    let mut tx = db.begin().await?;
    counters::lock_changes(&mut tx).await?;
    let stored = signing_keys::in_service(&mut tx).await?;
    let key = match EncryptionKey::read(&path)? {
        Some(key) => key,
        // A new encryption key would decrypt none of the existing signing keys.
        None if !stored.is_empty() => {
            return Err(IamError::NoEncryptionKey {
                path: path.display().to_string(),
            });
        }
        None => EncryptionKey::create(&path)?,
    };
    let mut keys = open_all(&stored, &key)?;
    for file in &files {
        let sealed = sealed(&key, &file.kid, &file.der, now)?;
        if signing_keys::insert(&mut tx, &sealed, now).await? {
            keys.extend(SigningKey::of(&file.kid, &file.der, now));
        }
    }
    keys.sort_by(|a, b| a.kid.cmp(&b.kid));
    if keys.is_empty() {
        let der = generate(config.signing.algorithm).await?;
        let kid = new_name(&mut tx, now).await?;
        signing_keys::insert(&mut tx, &sealed(&key, &kid, &der, now)?, now).await?;
        keys.extend(SigningKey::of(&kid, &der, now));
    }
    changes::number(&mut tx).await?;
    #[expect(
        clippy::disallowed_methods,
        reason = "the server's own keys, as it starts: no change that anybody made"
    )]
    tx.commit().await?;
    for file in files {
        file.remove(&config.keys)?;
    }
    Ok((KeyRing::of(keys), key))
}

/// Reads an encryption key, on a disk that may hang.
async fn read_key(path: PathBuf) -> Result<Option<EncryptionKey>, IamError> {
    run_blocking(move || Ok(EncryptionKey::read(&path)?)).await
}

async fn required_key(path: PathBuf) -> Result<EncryptionKey, IamError> {
    let missing = IamError::NoEncryptionKey {
        path: path.display().to_string(),
    };
    read_key(path).await?.ok_or(missing)
}

/// The encryption key, if it is the one that the signing keys of this database are encrypted with.
pub(crate) async fn own_encryption_key(
    db: &Db,
    folder: &Path,
    named: Option<&Path>,
) -> Result<EncryptionKey, IamError> {
    let path = encryption_key::path(folder, named);
    let key = required_key(path).await?;
    let mut tx = db.snapshot().await?;
    let stored = signing_keys::in_service(&mut tx).await?;
    tx.end().await?;
    open_all(&stored, &key)?;
    Ok(key)
}

/// A key in its stored form.
pub(super) fn sealed(
    key: &EncryptionKey,
    kid: &str,
    der: &[u8],
    signs_from: Millis,
) -> Result<EncryptedSigningKey, IamError> {
    Ok(EncryptedSigningKey {
        kid: kid.to_owned(),
        bytes: key.seal(kid, der)?,
        with: key.name.clone(),
        signs_from,
    })
}

pub(super) fn open_all(
    stored: &[EncryptedSigningKey],
    key: &EncryptionKey,
) -> Result<Vec<SigningKey>, IamError> {
    stored
        .iter()
        .map(|stored_key| open_one(stored_key, key))
        .collect()
}

fn open_one(stored: &EncryptedSigningKey, key: &EncryptionKey) -> Result<SigningKey, IamError> {
    let kid = &stored.kid;
    if stored.with != key.name {
        return Err(IamError::OtherEncryptionKey {
            kid: kid.clone(),
            path: key.path.display().to_string(),
        });
    }
    let der = key.open(kid, &stored.bytes)?;
    SigningKey::of(kid, &der, stored.signs_from).ok_or_else(|| IamError::Stored {
        value: kid.clone(),
        expected: "a signing key",
    })
}

/// A new key, in PKCS#8.
pub(super) async fn generate(algorithm: SigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, IamError> {
    let made = tokio::task::spawn_blocking(move || algorithm.generate());
    let der = made.await.ok().flatten();
    der.ok_or(IamError::Crypto("make a signing key"))
}

/// A name for a new key that sorts after all others.
pub(super) async fn new_name(tx: &mut Tx, now: Millis) -> Result<String, IamError> {
    // The name begins with the time, so the newest key is the last by name, even if the clock went back.
    let newest = signing_keys::newest(tx).await?;
    let newest = newest.and_then(|kid| kid.split('-').next()?.parse::<i64>().ok());
    let instant = newest.map_or(now.0, |newest| now.0.max(newest.saturating_add(1)));
    let random = entropy::guid().to_hex();
    let random: String = random.chars().take(8).collect();
    Ok(format!("{instant:014}-{random}"))
}

impl Iam {
    /// Makes a key that signs on every node. It is encrypted under the key in that folder or in the named file.
    ///
    /// # Errors
    /// When that key is missing or is not the one of the other signing keys.
    pub async fn make_signing_key(
        &self,
        folder: &Path,
        named: Option<&Path>,
        algorithm: SigningAlgorithm,
        begins: Begins,
    ) -> Result<NewSigningKey, IamError> {
        self.check_encryption_key_file().await?;
        let key = required_key(encryption_key::path(folder, named)).await?;
        let now = self.0.clock.now();
        let der = generate(algorithm).await?;
        let mut tx = self.0.db.begin().await?;
        counters::lock_changes(&mut tx).await?;
        // Otherwise the other nodes could not decrypt it.
        open_all(&signing_keys::in_service(&mut tx).await?, &key)?;
        let kid = new_name(&mut tx, now).await?;
        let signs_from = match begins {
            Begins::Announced => now.plus(ANNOUNCED_MILLISECONDS),
            Begins::Now => now.plus(LEARNED_MILLISECONDS),
        };
        let new = sealed(&key, &kid, &der, signs_from)?;
        signing_keys::insert(&mut tx, &new, now).await?;
        let entry = Entry::by_operator(Action::SigningKeyMade).on(&kid);
        let entry = entry.with("algorithm", algorithm.name());
        self.commit(tx, entry).await?;
        Ok(NewSigningKey { kid, signs_from })
    }

    /// The algorithms of the keys in service, by their names, as far as the key in that folder or in the named file opens them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn signing_key_algorithms(
        &self,
        folder: &Path,
        named: Option<&Path>,
    ) -> Result<HashMap<String, SigningAlgorithm>, IamError> {
        let path = encryption_key::path(folder, named);
        let Ok(Some(key)) = read_key(path).await else {
            return Ok(HashMap::new());
        };
        let mut tx = self.0.db.snapshot().await?;
        let stored = signing_keys::in_service(&mut tx).await?;
        tx.end().await?;
        let opened = stored
            .iter()
            .filter_map(|stored| open_one(stored, &key).ok());
        Ok(opened
            .map(|key| (key.kid.clone(), key.algorithm()))
            .collect())
    }

    /// Retires a key on every node; only its name is left. Returns the name of the key that signs now. The last one cannot be retired: make its successor first; nor the one that
    /// signs, as long as the others are only announced.
    ///
    /// # Errors
    /// [`IamError::LastKey`], [`IamError::NoSuccessorYet`], [`IamError::NoSuchKey`], and when the database fails.
    pub async fn retire_signing_key(&self, kid: &str) -> Result<String, IamError> {
        let mut tx = self.0.db.begin().await?;
        counters::lock_changes(&mut tx).await?;
        let known = signing_keys::in_service(&mut tx).await?;
        if !known.iter().any(|known| known.kid == kid) {
            return Err(IamError::NoSuchKey {
                kid: kid.to_owned(),
            });
        }
        if known.len() == 1 {
            return Err(IamError::LastKey);
        }
        let now = self.0.clock.now();
        let others = || known.iter().filter(|known| known.kid != kid);
        let first = others().min_by_key(|other| other.signs_from);
        if let Some(first) = first.filter(|first| first.signs_from > now) {
            return Err(IamError::NoSuccessorYet {
                successor: first.kid.clone(),
                signs_from: first.signs_from,
            });
        }
        signing_keys::retire(&mut tx, kid, now).await?;
        let entry = Entry::by_operator(Action::SigningKeyRetired).on(kid);
        self.commit(tx, entry).await?;
        let signing = others().filter(|other| other.signs_from <= now);
        let signing = signing.max_by(|one, other| one.kid.cmp(&other.kid));
        Ok(signing.map_or_else(String::new, |signing| signing.kid.clone()))
    }

    /// Whether the encryption key is still in the file that the server read it from at its start. A server goes on without the file,
    /// and its next start would fail. Without a key in memory there is nothing to check.
    ///
    /// # Errors
    /// [`IamError::EncryptionKeyGone`], and when the file is there and cannot be read.
    pub async fn check_encryption_key_file(&self) -> Result<(), IamError> {
        let Some(key) = &self.0.encryption_key else {
            return Ok(());
        };
        let stored = read_key(key.path.clone()).await?;
        match stored.is_some_and(|stored| stored.name == key.name) {
            true => Ok(()),
            false => Err(IamError::EncryptionKeyGone {
                path: key.path.display().to_string(),
            }),
        }
    }

    /// Whether the encryption key in that folder or in the named file opens the signing keys in service.
    ///
    /// # Errors
    /// [`IamError::NoEncryptionKey`], [`IamError::OtherEncryptionKey`], and when the file or the database cannot be read.
    pub async fn check_encryption_key(
        &self,
        folder: &Path,
        named: Option<&Path>,
    ) -> Result<(), IamError> {
        let opens = own_encryption_key(&self.0.db, folder, named);
        opens.await.map(drop)
    }

    /// Finds the signing keys in service that the encryption key in that folder or in the named file does not open, be it lost or another
    /// one.
    ///
    /// # Errors
    /// When the file is there and cannot be read, or is not that of the running server, and when the database fails.
    pub async fn unreadable_signing_keys(
        &self,
        folder: &Path,
        named: Option<&Path>,
    ) -> Result<UnreadableKeys, IamError> {
        let found = self.found_encryption_key(folder, named).await?;
        let mut tx = self.0.db.snapshot().await?;
        let stored = signing_keys::in_service(&mut tx).await?;
        tx.end().await?;
        Ok(found.unreadable(&stored))
    }

    /// Retires them. The next start makes another where none is left.
    ///
    /// # Errors
    /// As [`Self::unreadable_signing_keys`].
    pub async fn retire_unreadable_signing_keys(
        &self,
        folder: &Path,
        named: Option<&Path>,
    ) -> Result<UnreadableKeys, IamError> {
        let found = self.found_encryption_key(folder, named).await?;
        let now = self.0.clock.now();
        let mut tx = self.0.db.begin().await?;
        counters::lock_changes(&mut tx).await?;
        let found = found.unreadable(&signing_keys::in_service(&mut tx).await?);
        if found.kids.is_empty() {
            tx.end().await?;
            return Ok(found);
        }
        let mut entries = Vec::with_capacity(found.kids.len());
        for kid in &found.kids {
            signing_keys::retire(&mut tx, kid, now).await?;
            entries.push(Entry::by_operator(Action::SigningKeyRetired).on(kid));
        }
        self.commit(tx, Entries::of(entries)).await?;
        Ok(found)
    }

    async fn found_encryption_key(
        &self,
        folder: &Path,
        named: Option<&Path>,
    ) -> Result<FoundEncryptionKey, IamError> {
        self.check_encryption_key_file().await?;
        let path = encryption_key::path(folder, named);
        Ok(FoundEncryptionKey {
            looked_at: path.display().to_string(),
            key: read_key(path).await?,
        })
    }

    /// Every key, retired ones included, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stored_signing_keys(&self) -> Result<Vec<StoredKey>, IamError> {
        signing_keys::all(&self.0.db).await
    }

    /// Reads the signing keys again. This also happens whenever one changes.
    ///
    /// # Errors
    /// When they cannot be read: then the present ones stay in service.
    pub async fn reread_keys(&self) -> Result<KeyChange, IamError> {
        // Before the turn, so that nobody who has it waits for a connection.
        let mut tx = self.0.db.snapshot().await?;
        let turn = self.0.reload.lock().await;
        let stored = signing_keys::in_service(&mut tx).await?;
        tx.end().await?;
        let change = self.replace_keys(&stored);
        drop(turn);
        Ok(change)
    }

    /// Replaces the keys in service by the stored ones; called under the lock of the directory's reader. A key that
    /// cannot be decrypted here must not keep the others from being added or removed.
    pub(crate) fn replace_keys(&self, stored: &[EncryptedSigningKey]) -> KeyChange {
        let Some(key) = &self.0.encryption_key else {
            return KeyChange::default();
        };
        let mut keys = Vec::new();
        for stored_key in stored {
            match open_one(stored_key, key) {
                Ok(key) => keys.push(key),
                Err(error) => {
                    tracing::error!(error = %Chain(&error), "a signing key is not taken up");
                }
            }
        }
        let (ring, change) = self.0.keys.load().replaced(keys, self.0.clock.now());
        self.0.keys.store(Arc::new(ring));
        if !(change.taken_up.is_empty() && change.out_of_service.is_empty()) {
            tracing::info!(
                taken_up = ?change.taken_up,
                out_of_service = ?change.out_of_service,
                signing = change.signing,
                "the signing keys have changed"
            );
        }
        change
    }
}
