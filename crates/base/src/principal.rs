//! The principal that acts: a person, a service, a profile that a workload has taken on, or an instance that an authorization lets
//! act. Keys and tokens stand for one, and roles are granted to one.

use crate::id::{Guid, IdError, InstanceId, ProfileId, ServiceId, UserId};
use std::fmt;
use std::str::FromStr;

/// The identity that acts. Its text is how messages, the log and the audit name it. Interfaces name it by its IAM id, which is
/// [`Self::iam_id`]; only of an instance that is another text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Principal {
    /// A person.
    User(UserId),
    /// A program with an identity of its own.
    Service(ServiceId),
    /// A trusted profile, which a workload assumes for a while, without a key.
    Profile(ProfileId),
    /// A resource instance, as which the service ID of one of its keys acts. It holds no roles and no keys, and is in no group: only
    /// authorizations give it anything. Its text here is short; its IAM id has its whole cloud resource name, which only the directory
    /// knows, and stands in tokens alone.
    Instance(InstanceId),
    /// The server itself, on behalf of somebody whom the audit names.
    Server,
}

impl Principal {
    /// The person, where it is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(user),
            _ => None,
        }
    }

    /// Its GUID, which no principal of another kind has; the server has none.
    #[must_use]
    pub const fn guid(self) -> Option<Guid> {
        match self {
            Self::User(UserId(guid))
            | Self::Service(ServiceId(guid))
            | Self::Profile(ProfileId(guid))
            | Self::Instance(InstanceId(guid)) => Some(guid),
            Self::Server => None,
        }
    }

    /// Its IAM id, by which bodies and policies name it. An instance has none without its cloud resource name, and the server none at all.
    #[must_use]
    pub fn iam_id(self) -> Option<String> {
        match self {
            Self::User(id) => Some(id.to_string()),
            Self::Service(id) => Some(id.to_string()),
            Self::Profile(id) => Some(id.to_string()),
            Self::Instance(_) | Self::Server => None,
        }
    }

    /// The principals that the GUID may be of: one of each kind that holds roles and keys.
    #[must_use]
    pub const fn of_guid(guid: Guid) -> [Self; 3] {
        [
            Self::User(UserId(guid)),
            Self::Service(ServiceId(guid)),
            Self::Profile(ProfileId(guid)),
        ]
    }
}

impl From<UserId> for Principal {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<ServiceId> for Principal {
    fn from(service: ServiceId) -> Self {
        Self::Service(service)
    }
}

impl From<ProfileId> for Principal {
    fn from(profile: ProfileId) -> Self {
        Self::Profile(profile)
    }
}

impl From<InstanceId> for Principal {
    fn from(instance: InstanceId) -> Self {
        Self::Instance(instance)
    }
}

impl FromStr for Principal {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let user = text.parse().map(Self::User);
        user.or_else(|_| text.parse().map(Self::Service))
            .or_else(|_| text.parse().map(Self::Profile))
            .map_err(|_: IdError| IdError {
                expected: "an IAM id like `IBMid-<GUID>` or `iam-ServiceId-<GUID>`",
            })
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Service(id) => id.fmt(f),
            Self::Profile(id) => id.fmt(f),
            Self::Instance(id) => write!(f, "crn-{id}"),
            Self::Server => f.write_str("server"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// A reader of one kind of IAM id must never accept another kind.
        #[test]
        fn each_kind_has_an_id_that_no_other_kind_is_read_from(bytes: [u8; 16]) {
            let guid = Guid::from_random(bytes);
            let user = Principal::from(UserId(guid));
            let service = Principal::Service(ServiceId(guid));
            let profile = Principal::Profile(ProfileId(guid));
            let instance = Principal::Instance(InstanceId(guid));
            for principal in [user, service, profile, instance, Principal::Server] {
                let text = principal.to_string();
                let reads_back = [
                    UserId::from_str(&text).map(Principal::User),
                    ServiceId::from_str(&text).map(Principal::Service),
                    ProfileId::from_str(&text).map(Principal::Profile),
                ];
                let found: Vec<_> = reads_back.into_iter().flatten().collect();
                // Nobody may name the others: they are given nothing by name.
                let is_named = ![instance, Principal::Server].contains(&principal);
                let named = is_named.then_some(principal);
                prop_assert_eq!(found, Vec::from_iter(named), "{}", text);
                prop_assert_eq!(text.parse::<Principal>().ok(), named);
                // What is shown is read back as an IAM id where it is one, and nowhere else.
                prop_assert_eq!(principal.iam_id(), is_named.then_some(text));
                prop_assert_eq!(Principal::of_guid(guid).contains(&principal), is_named);
                let expected = (principal != Principal::Server).then_some(guid);
                prop_assert_eq!(principal.guid(), expected);
            }
        }
    }

    #[test]
    fn only_a_person_is_a_user() {
        let guid = Guid::from_random([7; 16]);
        let person = UserId(guid);
        assert_eq!(Principal::from(person).user(), Some(person));
        for other in [
            Principal::Service(ServiceId(guid)),
            Principal::Profile(ProfileId(guid)),
            Principal::Instance(InstanceId(guid)),
            Principal::Server,
        ] {
            assert_eq!(other.user(), None, "{other}");
        }
        assert_eq!(Principal::Server.to_string(), "server");
    }
}
