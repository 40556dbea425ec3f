//! The value of `collectd.users`: which key speaks for a name that a sender signs or encrypts with:
//! `web7=ApiKey-…, web8=ApiKey-…`.

use base::id::KeyId;
use std::collections::BTreeMap;
use std::str::FromStr;

/// Maximum entries of a list.
const ENTRIES_MAX: usize = 4096;

/// The longest name of a user.
const NAME_BYTES_MAX: usize = 64;

/// Names, and the key of each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Users(BTreeMap<String, KeyId>);

impl Users {
    /// The key that speaks for a name.
    pub(crate) fn key(&self, name: &str) -> Option<KeyId> {
        self.0.get(name).copied()
    }

    /// Each name and its key.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, KeyId)> {
        self.0.iter().map(|(name, key)| (name.as_str(), *key))
    }
}

impl FromStr for Users {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let count = text.split(',').count();
        if count > ENTRIES_MAX {
            return Err(format!(
                "must have at most {ENTRIES_MAX} entries, not {count}"
            ));
        }
        let mut all = BTreeMap::new();
        for own in text.split(',') {
            let form = "must be entries like `web7=ApiKey-GUID`";
            // What stands there may be the key or a password by mistake, so it is not repeated.
            let (name, key) = own.split_once('=').ok_or(form)?;
            let name = name.trim();
            let is_name = !name.is_empty()
                && name.len() <= NAME_BYTES_MAX
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
            if !is_name {
                return Err(format!(
                    "{form}, with a name of letters, digits, `-`, `_`, `.` and `@`, at most {NAME_BYTES_MAX} of them"
                ));
            }
            let key = key.trim().parse().map_err(|_| {
                format!("{form}: behind `{name}=` belongs the id of a key (not its text), as `vigie iam api-keys` shows it")
            })?;
            if all.insert(name.to_owned(), key).is_some() {
                return Err(format!("must name `{name}` once"));
            }
        }
        Ok(Self(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "ApiKey-01234567-89ab-cdef-0123-456789abcdef";

    #[test]
    fn names_have_keys_and_nothing_secret_is_repeated() {
        let users: Users = format!("web7={ONE}, web-8@a.b = {ONE}").parse().unwrap();
        assert_eq!(users.key("web7").unwrap().to_string(), ONE);
        assert_eq!(users.entries().count(), 2);
        assert_eq!(users.key("web9"), None);
        assert_eq!("".parse::<Users>().unwrap().entries().count(), 0);
        for (text, expected) in [
            ("web7=vgk_secret".to_owned(), "the id of a key"),
            ("vgk_secret".to_owned(), "must be entries like"),
            (format!("we b={ONE}"), "a name of letters"),
            (format!("={ONE}"), "a name of letters"),
            (format!("a={ONE},a={ONE}"), "must name `a` once"),
        ] {
            let error = text.parse::<Users>().unwrap_err();
            assert!(
                error.contains(expected) && !error.contains("secret"),
                "{error}"
            );
        }
    }
}
