//! API keys, found by id or by the hash of their text. An entry is held once, and both indexes are sets of pointers to it: of all that a
//! directory has, there is most of keys.

use super::ApiKey;
use super::sharded::Sharded;
use base::id::KeyId;
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// SHA-256 of a key's text.
pub(crate) type KeyHash = [u8; 32];

macro_rules! indexed_by {
    ($(#[$doc:meta])* $name:ident, $field:ident: $type:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        struct $name(Arc<ApiKey>);

        impl Borrow<$type> for $name {
            fn borrow(&self) -> &$type {
                &self.0.$field
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.0.$field.hash(state);
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.$field == other.0.$field
            }
        }

        impl Eq for $name {}
    };
}

indexed_by!(
    /// An entry of the index by id.
    ById, id: KeyId
);
indexed_by!(
    /// An entry of the index by hash.
    ByHash, hash: KeyHash
);

/// The keys.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    by_id: Sharded<HashSet<ById>>,
    by_hash: Sharded<HashSet<ByHash>>,
}

impl Keys {
    /// The key with this id.
    pub(crate) fn get(&self, id: &KeyId) -> Option<&ApiKey> {
        self.by_id.of(id)?.get(id).map(|entry| entry.0.as_ref())
    }

    /// The key whose text has this hash.
    pub(crate) fn of_hash(&self, hash: &KeyHash) -> Option<&ApiKey> {
        let shard = self.by_hash.of(hash)?;
        shard.get(hash).map(|entry| entry.0.as_ref())
    }

    /// All of them, in no order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &ApiKey> {
        let entries = self.by_id.iter().flatten();
        entries.map(|entry| entry.0.as_ref())
    }

    /// Inserts or replaces a key.
    pub(crate) fn insert(&mut self, key: Arc<ApiKey>) {
        self.remove(&key.id);
        if let Some(shard) = self.by_hash.of_mut(&key.hash) {
            shard.replace(ByHash(Arc::clone(&key)));
        }
        if let Some(shard) = self.by_id.of_mut(&key.id) {
            shard.replace(ById(key));
        }
    }

    /// Removes the key, if it exists.
    pub(crate) fn remove(&mut self, id: &KeyId) {
        if self.get(id).is_none() {
            return;
        }
        let removed = self.by_id.of_mut(id).and_then(|shard| shard.take(id));
        if let Some(ById(key)) = removed
            && let Some(shard) = self.by_hash.of_mut(&key.hash)
        {
            shard.remove(&key.hash);
        }
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        let len = |keys: &Self| keys.by_id.iter().map(HashSet::len).sum::<usize>();
        let same = |key: &ApiKey| {
            let found = [other.get(&key.id), other.of_hash(&key.hash)];
            found.iter().all(|found| *found == Some(key))
        };
        len(self) == len(other) && self.values().all(same)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bounds::Narrowing;
    use base::id::{AccountId, Guid, UserId};
    use base::principal::Principal;
    use base::time::Millis;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn key(number: u8, name: u8) -> ApiKey {
        let guid = Guid::from_random([number; 16]);
        ApiKey {
            id: KeyId(guid),
            account: AccountId(guid),
            principal: Principal::User(UserId(guid)),
            made_by: None,
            name: name.to_string(),
            description: String::new(),
            narrowing: Narrowing::NONE,
            hash: [number; 32],
            locked: false,
            disabled: false,
            revision: 1,
            expires_at: None,
            created_at: Millis(0),
            modified_at: Millis(0),
        }
    }

    proptest! {
        #[test]
        fn both_indexes_hold_the_same_keys_and_copies_what_they_held(
            steps in prop::collection::vec((0_u8..20, prop::option::of(0_u8..9), any::<bool>()), 0..60)
        ) {
            let (mut tested, mut model) = (Keys::default(), HashMap::new());
            let mut copies = Vec::new();
            for (number, name, is_copied) in steps {
                if is_copied {
                    copies.push((tested.clone(), model.clone()));
                }
                match name {
                    Some(name) => {
                        tested.insert(Arc::new(key(number, name)));
                        model.insert(number, name);
                    }
                    None => {
                        tested.remove(&key(number, 0).id);
                        model.remove(&number);
                    }
                }
            }
            copies.push((tested, model));
            for (tested, model) in copies {
                prop_assert_eq!(tested.values().count(), model.len());
                for number in 0..20 {
                    let expected = model.get(&number).map(|name| key(number, *name));
                    prop_assert_eq!(tested.get(&key(number, 0).id), expected.as_ref());
                    prop_assert_eq!(tested.of_hash(&[number; 32]), expected.as_ref());
                }
                let mut again = Keys::default();
                for (number, name) in model {
                    again.insert(Arc::new(key(number, name)));
                }
                prop_assert!(tested == again);
            }
        }
    }
}
