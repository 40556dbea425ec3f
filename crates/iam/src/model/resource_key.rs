//! A key of a resource instance: a service ID that was made for it, with an API key and a role in the instance's space.

use super::directory::{NamedRole, Stamp};
use base::id::{InstanceId, KeyId, ResourceKeyId, ServiceId};

/// The key, without the secret of its API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceKey {
    /// Its id.
    pub id: ResourceKeyId,
    /// The instance it belongs to.
    pub instance: InstanceId,
    /// The service ID that was made for it.
    pub service: ServiceId,
    /// The API key of the service ID that was made with it.
    pub api_key: KeyId,
    /// Whether there is that API key still: whoever manages the account's API keys can delete it alone.
    pub has_api_key: bool,
    /// Its name; several may have the same.
    pub name: String,
    /// The role that its service ID was given in the space when it was made. Nothing is decided by it: policies can change.
    pub role: NamedRole,
    /// When it was created, and by whom.
    pub created: Stamp,
    /// When it was changed last, and by whom.
    pub modified: Stamp,
}
