//! The trusted profile that a request for a token of one names.

use crate::model::directory::{Directory, Profile};
use base::id::{AccountId, ProfileId};

/// The profile by one of these, or by several, which must all be its own.
#[derive(Debug, Clone, Default)]
pub struct WantedProfile {
    /// `Profile-…`, also with `iam-` before it.
    pub id: Option<String>,
    /// Its name, in the account of what the request proves.
    pub name: Option<String>,
    /// Its CRN.
    pub crn: Option<String>,
}

impl WantedProfile {
    /// The key of a question to other nodes about this profile with a credential.
    pub(super) fn asked_with<'w>(&'w self, credential: &'w str) -> [&'w str; 4] {
        let [id, name, crn] =
            [&self.id, &self.name, &self.crn].map(|part| part.as_deref().unwrap_or_default());
        [credential, id, name, crn]
    }

    /// The profile in an account, if all that was said is so.
    pub(super) fn find<'d>(
        &self,
        directory: &'d Directory,
        account: AccountId,
    ) -> Option<&'d Profile> {
        let by_id = |text: &str| -> Option<&'d Profile> {
            directory.profile(ProfileId::from_either(text).ok()?)
        };
        let found = [
            self.id.as_deref().map(by_id),
            self.crn.as_deref().map(|crn| by_id(id_in(crn, account)?)),
            (self.name.as_deref()).map(|name| directory.profile_by_name(account, name)),
        ];
        let mut named = found.into_iter().flatten();
        let first = named.next()??;
        let is_same = |other: Option<&Profile>| other.is_some_and(|other| other.id == first.id);
        (first.account == account && named.all(is_same)).then_some(first)
    }
}

/// The id in the CRN of a profile of an account.
fn id_in(crn: &str, account: AccountId) -> Option<&str> {
    let parts: Vec<&str> = crn.split(':').collect();
    let [
        "crn",
        "v1",
        _,
        _,
        "iam-identity",
        _,
        scope,
        "",
        "profile",
        id,
    ] = parts.as_slice()
    else {
        return None;
    };
    (scope.strip_prefix("a/")? == account.to_string()).then_some(*id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    #[test]
    fn a_profile_is_read_from_its_own_crn_alone() {
        let account = AccountId(Guid::from_random([7; 16]));
        let crn = |scope: &str, kind: &str| {
            format!("crn:v1:bluemix:public:iam-identity::{scope}::{kind}:Profile-x")
        };
        let account_scope = format!("a/{account}");
        assert_eq!(
            id_in(&crn(&account_scope, "profile"), account),
            Some("Profile-x")
        );
        let other = AccountId(Guid::from_random([9; 16]));
        for (crn, account) in [
            (crn(&account_scope, "profile"), other),
            (crn(&account_scope, "serviceid"), account),
            (crn("", "profile"), account),
            (format!("{}:", crn(&account_scope, "profile")), account),
            ("Profile-x".to_owned(), account),
        ] {
            assert_eq!(id_in(&crn, account), None, "{crn}");
        }
    }
}
