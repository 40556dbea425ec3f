//! What lets a compute resource take on a trusted profile: one of its links, or one version of one of its rules. A token that was
//! issued because of it ends with it.

use super::profile::Profile;
use base::id::{IdError, ProfileLinkId, ProfileRuleId};
use std::fmt;
use std::str::FromStr;

/// What stands between the id of a rule and its version.
const VERSION: char = '@';

/// The link or rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A link, which never changes.
    Link(ProfileLinkId),
    /// A rule, and its version.
    Rule(ProfileRuleId, i64),
}

impl Profile {
    /// Whether the profile still has it.
    #[must_use]
    pub fn trusts(&self, by: Trust) -> bool {
        match by {
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
            Self::Link(id) => id.fmt(f),
            Self::Rule(id, revision) => write!(f, "{id}{VERSION}{revision}"),
        }
    }
}

impl FromStr for Trust {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let Some((id, revision)) = text.split_once(VERSION) else {
            return text.parse().map(Self::Link);
        };
        let revision = revision.parse().map_err(|_| IdError {
            expected: "the version of a rule",
        })?;
        Ok(Self::Rule(id.parse()?, revision))
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
            Trust::Link(ProfileLinkId(guid)),
            Trust::Rule(ProfileRuleId(guid), 3),
        ] {
            assert_eq!(trust.to_string().parse::<Trust>(), Ok(trust));
        }
        for text in [
            String::new(),
            "Link-".to_owned(),
            format!("ClaimRule-{guid}"),
            format!("ClaimRule-{guid}@x"),
            format!("Link-{guid}@1"),
        ] {
            assert!(text.parse::<Trust>().is_err(), "{text}");
        }
    }
}
