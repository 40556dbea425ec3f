//! Tokens whose signature was checked, so that checking one again costs a hash and a comparison.
//!
//! A token is found by a keyed hash of its text and then compared with the verified text, in full and in constant time:
//! a hash collision may cost time, but never accepts a forged token. This is no list of permissions: the directory is
//! asked at every use whether the token's key, session and user are still valid.

use crate::entropy;
use base::secret::{Secret, constant_time_eq};
use rapidhash::v3::{RapidSecrets, rapidhash_v3_seeded};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// Tokens remembered at most (about 3 kB each). Beyond it expired ones are dropped, and if that leaves more than half,
/// all: searching them for every new token would cost more than checking signatures again.
const TOKENS_MAX: usize = 32_768;

/// The remembered facts of a token.
pub(crate) trait Expires {
    /// When it expires, epoch seconds.
    fn expires_at(&self) -> i64;
}

struct Entry<T> {
    text: Secret<String>,
    value: Arc<T>,
}

/// The tokens this node has verified.
pub(crate) struct TokenCache<T> {
    /// A random key, so that nobody can choose tokens that collide. Made for the first token: some caches see API keys alone.
    secrets: OnceLock<RapidSecrets>,
    entries: RwLock<HashMap<u64, Entry<T>>>,
}

impl<T> std::fmt::Debug for TokenCache<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenCache(<hidden>)")
    }
}

impl<T> Default for TokenCache<T> {
    fn default() -> Self {
        Self {
            secrets: OnceLock::new(),
            entries: RwLock::default(),
        }
    }
}

impl<T: Expires> TokenCache<T> {
    fn place(&self, token: &str) -> u64 {
        let seed = || u64::from_le_bytes(entropy::bytes());
        let secrets = self.secrets.get_or_init(|| RapidSecrets::seed(seed()));
        rapidhash_v3_seeded(token.as_bytes(), secrets)
    }

    /// The entry of exactly this token.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<T>> {
        let place = self.place(token);
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(&place)?;
        constant_time_eq(entry.text.expose().as_bytes(), token.as_bytes())
            .then(|| Arc::clone(&entry.value))
    }

    /// Remembers a token that was verified at `now`, epoch seconds.
    pub(crate) fn insert(&self, token: &str, value: &Arc<T>, now: i64) {
        let place = self.place(token);
        let entry = Entry {
            text: Secret::new(token.to_owned()),
            value: Arc::clone(value),
        };
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= TOKENS_MAX {
            entries.retain(|_, entry| entry.value.expires_at() > now);
            if entries.len() > TOKENS_MAX / 2 {
                entries.clear();
            }
        }
        entries.insert(place, entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Until(i64);

    impl Expires for Until {
        fn expires_at(&self) -> i64 {
            self.0
        }
    }

    #[test]
    fn only_the_very_token_is_found() {
        let cache = TokenCache::default();
        cache.insert("header.claims.signature", &Arc::new(Until(10)), 0);
        assert_eq!(
            cache.get("header.claims.signature").as_deref(),
            Some(&Until(10))
        );
        for other in ["header.claims.signaturf", "header.claims.signatur", ""] {
            assert_eq!(cache.get(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_on_another_tokens_place_is_not_taken_for_it() {
        let cache = TokenCache::default();
        let entry = Entry {
            text: Secret::new("mine".to_owned()),
            value: Arc::new(Until(10)),
        };
        // As if both texts had the same hash.
        let place = cache.place("forged");
        cache.entries.write().unwrap().insert(place, entry);
        assert_eq!(cache.get("forged"), None);
    }

    #[test]
    fn a_full_cache_forgets_the_expired_first() {
        let cache = TokenCache::default();
        for number in 0..TOKENS_MAX {
            let expires_at = if number % 2 == 0 { 5 } else { 50 };
            cache.insert(&number.to_string(), &Arc::new(Until(expires_at)), 0);
        }
        cache.insert("new", &Arc::new(Until(50)), 10);
        assert_eq!(cache.get("0"), None);
        assert!(cache.get("1").is_some());
        assert!(cache.get("new").is_some());
        assert!(cache.entries.read().unwrap().len() <= TOKENS_MAX);
    }
}
