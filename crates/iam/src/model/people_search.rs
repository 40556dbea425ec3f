//! The filter of an account's people in a list: `search` and `user_id` of the list of users.

use super::address;
use super::directory::User;
use super::text;
use crate::refusal::Refusal;
use base::limit;

/// The words for the states of people in an account, in small letters.
const ACTIVE: &str = "active";
const PENDING: &str = "pending";

/// The attribute searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    /// The address and both names.
    Any,
    Address,
    GivenName,
    FamilyName,
    State,
}

/// The text searched for, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    attribute: Attribute,
    text: String,
    /// Whether it must be all of the attribute and not a part of it.
    is_whole: bool,
}

/// Somebody in a list of people. Members come before the invited; both are sorted by their addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonPlace {
    /// Whether they are invited; else they are a member.
    pub is_invited: bool,
    /// The address, as the list shows it.
    pub address: String,
}

/// The people that a list shows; everybody by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeopleSearch {
    conditions: [Option<Condition>; 2],
    place: Option<PersonPlace>,
}

impl PeopleSearch {
    /// Reads `search`, a part of an address or name, or `ATTRIBUTE:PART`, and `user_id`, a whole address. Letter case does not
    /// matter.
    ///
    /// # Errors
    /// When a text is too long or has invisible characters, and for an attribute that is not known.
    pub fn read(search: Option<&str>, user_id: Option<&str>) -> Result<Self, Refusal> {
        let given = |text: Option<&str>| {
            text.map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let searched = given(search).map(|text| condition(&text)).transpose()?;
        let named = given(user_id).map(|text| {
            text::check_stored("user_id", &text, &limit::LABEL_BYTES)?;
            Ok::<_, Refusal>(Condition {
                attribute: Attribute::Address,
                text: address::fold(&text),
                is_whole: true,
            })
        });
        Ok(Self {
            conditions: [searched, named.transpose()?],
            place: None,
        })
    }

    /// This search, read from after a place on; the number of those found stays.
    #[must_use]
    pub fn after(self, place: Option<PersonPlace>) -> Self {
        Self { place, ..self }
    }

    /// Whether a member comes after the place.
    pub(crate) fn reaches(&self, user: &User) -> bool {
        let place = self.place.as_ref();
        place.is_none_or(|place| !place.is_invited && user.email > place.address)
    }

    /// The address after which the invited are read; empty if all are.
    pub(crate) fn invited_after(&self) -> String {
        let place = self.place.as_ref().filter(|place| place.is_invited);
        place.map_or_else(String::new, |place| address::fold(&place.address))
    }

    /// Whether a member is shown.
    pub(crate) fn matches(&self, user: &User) -> bool {
        self.conditions.iter().flatten().all(|condition| {
            let has = |attribute: &str| condition.is_met_by(&attribute.to_lowercase());
            match condition.attribute {
                Attribute::Any => {
                    has(&user.email) || has(&user.given_name) || has(&user.family_name)
                }
                Attribute::Address => has(&user.email),
                Attribute::GivenName => has(&user.given_name),
                Attribute::FamilyName => has(&user.family_name),
                Attribute::State => condition.is_met_by(ACTIVE),
            }
        })
    }

    /// The patterns, for `LIKE` with `!` before what is meant literally, that the addresses of the invited must all fit; `None`
    /// if no invited person is shown. Of them nothing but the address is known.
    pub(crate) fn of_invited(&self) -> Option<[String; 2]> {
        let mut patterns = ["%".to_owned(), "%".to_owned()];
        for (condition, pattern) in self.conditions.iter().zip(&mut patterns) {
            let Some(condition) = condition else { continue };
            match condition.attribute {
                Attribute::Any | Attribute::Address => *pattern = condition.pattern(),
                Attribute::State if condition.is_met_by(PENDING) => {}
                Attribute::GivenName | Attribute::FamilyName | Attribute::State => return None,
            }
        }
        Some(patterns)
    }
}

impl Condition {
    fn is_met_by(&self, attribute: &str) -> bool {
        match self.is_whole {
            true => attribute == self.text,
            false => attribute.contains(&self.text),
        }
    }

    fn pattern(&self) -> String {
        let literal: String = self
            .text
            .chars()
            .flat_map(|character| {
                let mark = matches!(character, '%' | '_' | '!').then_some('!');
                mark.into_iter().chain([character])
            })
            .collect();
        match self.is_whole {
            true => literal,
            false => format!("%{literal}%"),
        }
    }
}

fn condition(search: &str) -> Result<Condition, Refusal> {
    text::check_stored("search", search, &limit::LABEL_BYTES)?;
    let Some((attribute, part)) = search.split_once(':') else {
        return Ok(Condition {
            attribute: Attribute::Any,
            text: address::fold(search),
            is_whole: false,
        });
    };
    let attribute = match attribute.trim().to_ascii_lowercase().as_str() {
        "email" | "user_id" | "userid" => Attribute::Address,
        "firstname" => Attribute::GivenName,
        "lastname" => Attribute::FamilyName,
        "state" => Attribute::State,
        _ => {
            let message = "`search` takes a part of an address or name, or `email:`, `firstname:`, `lastname:` or `state:` and a part";
            return Err(Refusal::invalid("search", message));
        }
    };
    Ok(Condition {
        attribute,
        text: address::fold(part),
        is_whole: attribute == Attribute::State,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::{AccountId, Guid, UserId};
    use base::time::Millis;

    fn search(text: &str) -> PeopleSearch {
        PeopleSearch::read(Some(text), None).unwrap()
    }

    fn ada() -> User {
        let guid = Guid::from_random([7; 16]);
        User {
            id: UserId(guid),
            home: AccountId(guid),
            email: "Ada.Field@example.org".to_owned(),
            given_name: "Ada".to_owned(),
            family_name: "Feld".to_owned(),
            created_at: Millis(0),
            password_changed_at: Millis(0),
        }
    }

    #[test]
    fn members_are_found_by_what_is_known_of_them() {
        for (text, is_found) in [
            ("", true),
            (" ", true),
            ("ADA", true),
            ("feld", true),
            ("field@", true),
            ("bea", false),
            ("email:field", true),
            ("email:feld", false),
            ("userId: ADA.", true),
            ("firstname:ada", true),
            ("firstname:feld", false),
            ("lastname:FELD", true),
            ("state:ACTIVE", true),
            ("state:act", false),
            ("state:pending", false),
        ] {
            assert_eq!(search(text).matches(&ada()), is_found, "{text:?}");
        }
        let named = |text: &str| PeopleSearch::read(None, Some(text)).unwrap();
        assert!(named("ada.field@EXAMPLE.org").matches(&ada()));
        assert!(!named("ada").matches(&ada()));
        let both = PeopleSearch::read(Some("bea"), Some("ada.field@example.org")).unwrap();
        assert!(!both.matches(&ada()));
    }

    #[test]
    fn the_invited_are_found_by_their_address_alone() {
        let all = || "%".to_owned();
        for (text, expected) in [
            ("", Some(all())),
            ("Ada", Some("%ada%".to_owned())),
            ("email:a_b%c!", Some("%a!_b!%c!!%".to_owned())),
            ("state:Pending", Some(all())),
            ("state:active", None),
            ("firstname:ada", None),
        ] {
            let patterns = search(text).of_invited();
            assert_eq!(
                patterns.map(|pattern| pattern[0].clone()),
                expected,
                "{text:?}"
            );
        }
        let named = PeopleSearch::read(None, Some("A@example.org")).unwrap();
        let patterns = named.of_invited().unwrap();
        assert_eq!(patterns, [all(), "a@example.org".to_owned()]);
    }

    #[test]
    fn members_come_before_the_invited() {
        let after = |is_invited: bool, address: &str| {
            search("").after(Some(PersonPlace {
                is_invited,
                address: address.to_owned(),
            }))
        };
        for (place, is_reached, invited) in [
            (search(""), true, ""),
            (after(false, ""), true, ""),
            (after(false, "Ada.Field@example.com"), true, ""),
            (after(false, "Ada.Field@example.org"), false, ""),
            (after(true, "A@example.org"), false, "a@example.org"),
        ] {
            assert_eq!(place.reaches(&ada()), is_reached, "{place:?}");
            assert_eq!(place.invited_after(), invited, "{place:?}");
        }
    }

    #[test]
    fn what_cannot_be_searched_for_is_refused() {
        let long = "a".repeat(256);
        for wrong in ["phone:1", "a\u{200b}b", "x:y:z", long.as_str()] {
            assert!(PeopleSearch::read(Some(wrong), None).is_err(), "{wrong}");
        }
        assert!(PeopleSearch::read(None, Some("a\nb")).is_err());
    }
}
