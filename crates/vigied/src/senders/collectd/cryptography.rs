//! The secrets of collectd's senders, and what their packets are signed and encrypted by.

use crate::app::App;
use crate::config::Users;
use aws_lc_rs::cipher::{AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::{digest, hmac, iv::FixedLength};
use base::id::KeyId;
use base::secret::Secret;
use std::sync::Arc;
use wire::ingest::collectd::network::Cryptography;

/// The secrets of the users whose packets are accepted.
#[derive(Debug)]
pub(super) struct Secrets {
    users: Users,
    app: Arc<App>,
}

impl Secrets {
    pub(super) fn new(users: Users, app: &Arc<App>) -> Self {
        Self {
            users,
            app: Arc::clone(app),
        }
    }

    /// The key that speaks for a name.
    pub(super) fn key(&self, user: &str) -> Option<KeyId> {
        self.users.key(user)
    }
}

/// A digest, which has the length of its algorithm.
fn bytes<const N: usize>(digest: &[u8]) -> [u8; N] {
    digest.try_into().unwrap_or([0; N])
}

impl Cryptography for Secrets {
    fn password(&self, user: &str) -> Option<Secret<String>> {
        self.app.iam.sender_secret(self.users.key(user)?)
    }

    fn sha1(&self, text: &[u8]) -> [u8; 20] {
        bytes(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text).as_ref())
    }

    fn sha256(&self, text: &[u8]) -> [u8; 32] {
        bytes(digest::digest(&digest::SHA256, text).as_ref())
    }

    fn hmac_sha256(&self, key: &[u8], text: &[u8]) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        bytes(hmac::sign(&key, text).as_ref())
    }

    fn aes256_ofb(&self, key: &[u8; 32], vector: [u8; 16], text: &mut [u8]) -> bool {
        let key = UnboundCipherKey::new(&AES_256, key).and_then(DecryptingKey::ofb);
        let vector = DecryptionContext::Iv128(FixedLength::from(vector));
        key.and_then(|key| key.decrypt(text, vector).map(drop))
            .is_ok()
    }
}
