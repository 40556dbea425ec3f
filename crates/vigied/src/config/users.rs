//! The value of `collectd.users`: which key speaks for a name that a sender signs or encrypts with:
//! `web7=ApiKey-…, web8=ApiKey-…`.

use super::key_list::KeyList;
use base::id::KeyId;
use std::collections::BTreeMap;
use std::str::FromStr;

const LIST: KeyList = KeyList {
    form: "must be entries like `web7=ApiKey-GUID`",
    entries_max: 4096,
};

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
        let all = LIST.read(text, name)?;
        Ok(Self(
            all.into_iter().map(|entry| (entry.0, entry.1)).collect(),
        ))
    }
}

fn name(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte));
    is_name.then(|| text.to_owned()).ok_or_else(|| {
        format!(
            "{}, with a name of letters, digits, `-`, `_`, `.` and `@`, at most {NAME_BYTES_MAX} of them",
            LIST.form
        )
    })
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
