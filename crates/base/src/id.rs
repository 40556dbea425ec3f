//! Identifiers. Their text forms are IBM Cloud's, so that scripts and SDKs recognise them.

use std::fmt;
use std::str::FromStr;

/// A text that is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not {expected}")]
pub struct IdError {
    /// The expected form, for example `a GUID of 36 characters`.
    pub expected: &'static str,
}

/// Where the hyphens of a UUID are.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// The hexadecimal digit of a value below 16.
const fn digit(value: u8) -> u8 {
    match value {
        0..=9 => b'0' + value,
        _ => b'a' - 10 + value,
    }
}

/// Writes text whose bytes are all ASCII.
fn write_ascii(f: &mut fmt::Formatter<'_>, text: &[u8]) -> fmt::Result {
    f.write_str(std::str::from_utf8(text).map_err(|_| fmt::Error)?)
}

/// 128 random bits: what every generated identifier is made of.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid([u8; 16]);

impl Guid {
    /// Makes a version 4 UUID out of 16 random bytes (the caller brings the randomness; this crate has none).
    #[must_use]
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// 32 lower-case hexadecimal digits, the form of account GUIDs.
    #[must_use]
    pub fn to_hex(self) -> String {
        String::from_utf8_lossy(self.digits().as_flattened()).into_owned()
    }

    /// The digits of each byte. A token states some ten identifiers, so they are not left to the formatting of numbers.
    fn digits(self) -> [[u8; 2]; 16] {
        self.0.map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
    }

    fn write_hex(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_ascii(f, self.digits().as_flattened())
    }

    fn write_hyphenated(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.digits();
        let mut text = [b'-'; 36];
        text[..8].copy_from_slice(digits[..4].as_flattened());
        text[9..13].copy_from_slice(digits[4..6].as_flattened());
        text[14..18].copy_from_slice(digits[6..8].as_flattened());
        text[19..23].copy_from_slice(digits[8..10].as_flattened());
        text[24..].copy_from_slice(digits[10..].as_flattened());
        write_ascii(f, &text)
    }

    /// Reads 32 hexadecimal digits, with or without the four hyphens of a UUID.
    ///
    /// # Errors
    /// [`IdError`] when the text is anything else.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let error = IdError {
            expected: "a GUID of 32 hexadecimal digits",
        };
        let hyphenated = text.len() == 36;
        if !hyphenated && text.len() != 32 {
            return Err(error);
        }
        let mut bytes = [0_u8; 16];
        let mut digits = 0_usize;
        for (at, character) in text.bytes().enumerate() {
            if hyphenated && HYPHENS.contains(&at) {
                if character == b'-' {
                    continue;
                }
                return Err(error);
            }
            let value = match character {
                b'0'..=b'9' => character - b'0',
                b'a'..=b'f' => character - b'a' + 10,
                b'A'..=b'F' => character - b'A' + 10,
                _ => return Err(error),
            };
            let Some(byte) = bytes.get_mut(digits / 2) else {
                return Err(error);
            };
            *byte = (*byte << 4) | value;
            digits += 1;
        }
        if digits == 32 {
            Ok(Self(bytes))
        } else {
            Err(error)
        }
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_hyphenated(f)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

macro_rules! guid_id {
    ($(#[$doc:meta])* $name:ident, $write:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Guid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $write(self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Guid::parse(text).map(Self)
            }
        }
    };
}

guid_id!(
    /// An account: 32 hexadecimal digits, as in the token claim `account.bss`.
    AccountId, Guid::write_hex
);
guid_id!(
    /// An organization: a 36-character GUID; `o-<GUID>` in `X-Auth-Scope-Id`.
    OrgId, Guid::write_hyphenated
);
guid_id!(
    /// A space: a 36-character GUID; `s-<GUID>` in `X-Auth-Scope-Id`.
    SpaceId, Guid::write_hyphenated
);
guid_id!(
    /// An access policy: a 36-character GUID.
    PolicyId, Guid::write_hyphenated
);
guid_id!(
    /// A role that an account has made of actions: a 36-character GUID.
    CustomRoleId, Guid::write_hyphenated
);

guid_id!(
    /// A resource group: 32 hexadecimal digits.
    ResourceGroupId, Guid::write_hex
);
guid_id!(
    /// A resource instance: a 36-character GUID.
    InstanceId, Guid::write_hyphenated
);
guid_id!(
    /// The key of a resource instance: a 36-character GUID.
    ResourceKeyId, Guid::write_hyphenated
);

macro_rules! prefixed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $expected:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Guid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                self.0.write_hyphenated(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let error = IdError { expected: $expected };
                let guid = text.strip_prefix($prefix).ok_or_else(|| error.clone())?;
                Guid::parse(guid).map(Self).map_err(|_| error)
            }
        }
    };
}

prefixed_id!(
    /// An API key's identifier (not its secret): `ApiKey-<GUID>`.
    KeyId, "ApiKey-", "an API key id like `ApiKey-<GUID>`"
);
prefixed_id!(
    /// A login session: `C-<GUID>`, as in the token claim `session_id`.
    SessionId, "C-", "a session id like `C-<GUID>`"
);
prefixed_id!(
    /// A person's IAM id: `IBMid-<GUID>`, as in the token claim `iam_id`.
    UserId, "IBMid-", "an IAM id like `IBMid-<GUID>`"
);

prefixed_id!(
    /// A service's IAM id: `iam-ServiceId-<GUID>`.
    ServiceId, "iam-ServiceId-", "an IAM id like `iam-ServiceId-<GUID>`"
);
prefixed_id!(
    /// A group of service IDs: `ServiceIdGroup-<GUID>`.
    ServiceGroupId, "ServiceIdGroup-", "the id of a group of service IDs like `ServiceIdGroup-<GUID>`"
);
prefixed_id!(
    /// A trusted profile's IAM id: `iam-Profile-<GUID>`.
    ProfileId, "iam-Profile-", "an IAM id like `iam-Profile-<GUID>`"
);
prefixed_id!(
    /// An access group: `AccessGroupId-<GUID>`.
    AccessGroupId, "AccessGroupId-", "an access group id like `AccessGroupId-<GUID>`"
);
prefixed_id!(
    /// A dynamic rule of an access group: `ClaimRule-<GUID>`.
    GroupRuleId, "ClaimRule-", "a rule id like `ClaimRule-<GUID>`"
);

prefixed_id!(
    /// A claim rule of a trusted profile: `ClaimRule-<GUID>`.
    ProfileRuleId, "ClaimRule-", "a rule id like `ClaimRule-<GUID>`"
);
prefixed_id!(
    /// A link of a trusted profile to a compute resource: `Link-<GUID>`.
    ProfileLinkId, "Link-", "a link id like `Link-<GUID>`"
);

impl AccessGroupId {
    /// The public access group of an account, whose GUID it has: its name in IBM Cloud, `AccessGroupId-PublicAccess`, is the
    /// same in every account.
    #[must_use]
    pub const fn public(account: AccountId) -> Self {
        Self(account.0)
    }
}

/// What comes before the id of an object in its IAM id.
const IAM: &str = "iam-";

macro_rules! object_id {
    ($name:ident, $like:literal) => {
        impl $name {
            #[doc = concat!("The id of the object: its IAM id without `iam-`, like `", $like, "`.")]
            #[must_use]
            pub fn object_id(self) -> String {
                self.to_string().split_off(IAM.len())
            }

            /// Reads the IAM id, or the id of the object.
            ///
            /// # Errors
            /// When the text is neither.
            pub fn from_either(text: &str) -> Result<Self, IdError> {
                let object_id = text.strip_prefix(IAM).unwrap_or(text);
                format!("{IAM}{object_id}").parse()
            }
        }
    };
}

object_id!(ServiceId, "ServiceId-<GUID>");
object_id!(ProfileId, "Profile-<GUID>");

/// The number under which the samples of one domain (an account, organization or space) are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(pub u32);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn account_ids_are_hex_and_spaces_are_hyphenated() {
        let guid = Guid::parse("0123456789ABCDEF0123456789abcdef").unwrap();
        assert_eq!(
            AccountId(guid).to_string(),
            "0123456789abcdef0123456789abcdef"
        );
        assert_eq!(
            SpaceId(guid).to_string(),
            "01234567-89ab-cdef-0123-456789abcdef"
        );
        assert_eq!(
            KeyId(guid).to_string().parse::<KeyId>().unwrap(),
            KeyId(guid)
        );
        assert!(
            "01234567-89ab-cdef-0123-456789abcdef"
                .parse::<KeyId>()
                .is_err()
        );
    }

    #[test]
    fn an_object_is_named_by_its_id_or_by_its_iam_id() {
        let guid = Guid::from_random([7; 16]);
        let (service, profile) = (ServiceId(guid), ProfileId(guid));
        assert_eq!(service.object_id(), format!("ServiceId-{guid}"));
        assert_eq!(profile.object_id(), format!("Profile-{guid}"));
        for text in [service.to_string(), service.object_id()] {
            assert_eq!(ServiceId::from_either(&text), Ok(service));
            assert!(ProfileId::from_either(&text).is_err(), "{text}");
        }
        for wrong in ["", "iam-", "ServiceId-", &format!("iam-{service}")] {
            assert!(ServiceId::from_either(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_guid_reads_back(bytes: [u8; 16]) {
            let guid = Guid::from_random(bytes);
            prop_assert_eq!(Guid::parse(&guid.to_string()).unwrap(), guid);
            prop_assert_eq!(Guid::parse(&guid.to_hex()).unwrap(), guid);
            let number = u128::from_be_bytes(*guid.as_bytes());
            prop_assert_eq!(guid.to_hex(), format!("{number:032x}"));
            prop_assert_eq!(guid.to_string().replace('-', ""), AccountId(guid).to_string());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = Guid::parse(&text);
        }
    }
}
