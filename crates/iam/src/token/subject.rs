//! The subject of a token, with its claims: users have a name and an address, other principals do not.

use crate::model::directory::{Directory, OWN_REALM, User};
use crate::refusal::{Reason, Refusal};
use base::id::{InstanceId, ProfileId, ServiceId};
use base::principal::Principal;

/// The principal of a token, with what its claims need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A user.
    User(Box<User>),
    /// A service, with its name.
    Service(ServiceId, Option<String>),
    /// A trusted profile, with its name.
    Profile(ProfileId, Option<String>),
    /// A resource instance, as which somebody acts.
    Instance {
        /// Its id.
        id: InstanceId,
        /// Its cloud resource name.
        crn: String,
        /// Its name.
        name: String,
    },
}

impl Subject {
    /// The principal, if it exists.
    pub(crate) fn find(directory: &Directory, principal: Principal) -> Option<Self> {
        if !directory.exists(principal) {
            return None;
        }
        match principal {
            Principal::User(id) => directory.user(id).cloned().map(Self::from),
            Principal::Service(id) => {
                let name = directory.service(id).map(|service| service.name.clone());
                Some(Self::Service(id, name))
            }
            Principal::Profile(id) => {
                let name = directory.profile(id).map(|profile| profile.name.clone());
                Some(Self::Profile(id, name))
            }
            Principal::Instance(id) => {
                let instance = directory.instance(id)?;
                Some(Self::Instance {
                    id,
                    crn: directory.crn_of(instance),
                    name: instance.name.clone(),
                })
            }
            Principal::Server => None,
        }
    }

    /// Its id.
    #[must_use]
    pub fn principal(&self) -> Principal {
        match self {
            Self::User(user) => user.id.into(),
            Self::Service(id, _) => (*id).into(),
            Self::Profile(id, _) => (*id).into(),
            Self::Instance { id, .. } => (*id).into(),
        }
    }

    /// The user, if it is one.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        match self {
            Self::User(user) => Some(user),
            Self::Service(..) | Self::Profile(..) | Self::Instance { .. } => None,
        }
    }

    /// The user of a UAA token: Cloud Foundry knows no other principals.
    pub(crate) fn require_user(&self) -> Result<&User, Refusal> {
        let message = "UAA tokens are for users: a service or profile uses IAM tokens";
        self.user()
            .ok_or_else(|| Refusal::new(Reason::NotAllowed, message))
    }

    /// The part of the IAM id before the identifier.
    #[must_use]
    pub const fn realm(&self) -> &'static str {
        match self {
            Self::User(_) => OWN_REALM,
            Self::Service(..) | Self::Profile(..) => "iam",
            Self::Instance { .. } => "crn",
        }
    }

    /// The IAM id, as tokens have it. That of an instance has its cloud resource name; of the others it is [`Principal::iam_id`].
    #[must_use]
    pub fn iam_id(&self) -> String {
        format!("{}-{}", self.realm(), self.identifier())
    }

    /// The part of the IAM id after the realm.
    #[must_use]
    pub fn identifier(&self) -> String {
        match self {
            Self::User(user) => user.id.0.to_string(),
            Self::Service(id, _) => id.object_id(),
            Self::Profile(id, _) => id.object_id(),
            Self::Instance { crn, .. } => crn.clone(),
        }
    }

    /// The claim `sub`: a user's address, otherwise the identifier.
    #[must_use]
    pub fn sub(&self) -> String {
        match self {
            Self::User(user) => user.email.clone(),
            Self::Service(..) | Self::Profile(..) | Self::Instance { .. } => self.identifier(),
        }
    }

    /// The claim `sub_type`; users have none.
    #[must_use]
    pub const fn sub_type(&self) -> Option<&'static str> {
        match self {
            Self::User(_) => None,
            Self::Service(..) => Some("ServiceId"),
            Self::Profile(..) => Some("Profile"),
            Self::Instance { .. } => Some("CRN"),
        }
    }

    /// The name to show.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::User(user) => user.full_name(),
            Self::Service(_, Some(name))
            | Self::Profile(_, Some(name))
            | Self::Instance { name, .. } => name.clone(),
            Self::Service(_, None) | Self::Profile(_, None) => self.identifier(),
        }
    }
}

impl From<User> for Subject {
    fn from(user: User) -> Self {
        Self::User(Box::new(user))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    #[test]
    fn the_iam_id_is_the_realm_and_the_identifier() {
        let guid = Guid::from_random([7; 16]);
        for subject in [
            Subject::Service(ServiceId(guid), None),
            Subject::Profile(ProfileId(guid), None),
        ] {
            assert_eq!(Some(subject.iam_id()), subject.principal().iam_id());
            assert_eq!(subject.sub(), subject.identifier());
            let kind = subject.sub_type().unwrap();
            assert_eq!(subject.identifier(), format!("{kind}-{guid}"));
        }
    }
}
