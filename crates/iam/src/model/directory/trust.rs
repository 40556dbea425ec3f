//! The part of a trusted profile that permits to take it on: an identity, a link, or one version of a rule. A token that was issued
//! because of it ends with it, even if an equal one is created later: somebody else may hold the token by then.

use super::profile::Profile;
use base::id::{IdError, ProfileLinkId, ProfileRuleId};
use base::time::Millis;
use std::fmt;
use std::str::FromStr;

/// The separator between the id of a rule and its version.
const VERSION: char = '@';

/// The text in place of an id for an identity.
const IDENTITY: &str = "Identity";

/// The identity, link or rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// An identity, by the time when it was added: no two changes of a profile's identities have the same time.
    Named(Millis),
    /// A link, which never changes.
    Link(ProfileLinkId),
    /// A rule, and its version.
    Rule(ProfileRuleId, i64),
}

impl Profile {
    /// Whether a compute resource may still have the profile because of it: that is no identity.
    #[must_use]
    pub fn trusts_resource(&self, by: Trust) -> bool {
        match by {
            Trust::Named(_) => false,
            Trust::Link(id) => self.links.iter().any(|link| link.id == id),
            Trust::Rule(id, revision) => {
                let mut rules = self.rules.iter();
                rules.any(|rule| rule.id == id && rule.revision == revision)
            }
        }
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(at) => write!(f, "{IDENTITY}{VERSION}{}", at.0),
            Self::Link(id) => id.fmt(f),
            Self::Rule(id, revision) => write!(f, "{id}{VERSION}{revision}"),
        }
    }
}

impl FromStr for Trust {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((id, version)) = text.split_once(VERSION) else {
            return text.parse().map(Self::Link);
        };
        let version: i64 = version.parse().map_err(|_| IdError {
            expected: "the version of a rule, or the time of an identity",
        })?;
        match id {
            IDENTITY => Ok(Self::Named(Millis(version))),
            id => Ok(Self::Rule(id.parse()?, version)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    #[test]
    fn each_is_read_back_from_its_text() {
        let guid = Guid::from_random([7; 16]);
        for trust in [
            Trust::Named(Millis(1_764_341_234_567)),
            Trust::Link(ProfileLinkId(guid)),
            Trust::Rule(ProfileRuleId(guid), 3),
        ] {
            assert_eq!(trust.to_string().parse::<Trust>(), Ok(trust));
        }
        for text in [
            String::new(),
            "Link-".to_owned(),
            "Identity".to_owned(),
            "Identity@soon".to_owned(),
            format!("ClaimRule-{guid}"),
            format!("ClaimRule-{guid}@x"),
            format!("Link-{guid}@1"),
        ] {
            assert!(text.parse::<Trust>().is_err(), "{text}");
        }
    }
}
