//! The filter `q` of Cloud Foundry's lists: `name:dev`, or `name IN dev,test` for any of several. Several filters have a `;` between
//! them, or come in a `q` each; all of them must be met.

use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::error::{Kind, Problem};
use base::id::OrgId;
use base::{excerpt, limit};
use std::collections::HashSet;
use std::hash::Hash;
use wire::problem::BAD_QUERY_PARAMETER;

/// The parameter.
pub(super) const NAME: &str = "q";

/// The operator between a filter word and its values, one of which must match.
const IN: &str = " IN ";

/// The filter words for organizations and spaces in Cloud Foundry. After a `;`, one of these words begins another filter; anything
/// else belongs to a name that has a semicolon.
const WORDS: [&str; 11] = [
    "app_guid",
    "auditor_guid",
    "billing_manager_guid",
    "developer_guid",
    "isolation_segment_guid",
    "manager_guid",
    "name",
    "organization_guid",
    "space_guid",
    "status",
    "user_guid",
];

/// A filter word that this server supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Criterion {
    Name,
    Organization,
}

impl Criterion {
    /// Those of organizations.
    pub(super) const OF_ORGS: &'static [Self] = &[Self::Name];
    /// Those of spaces.
    pub(super) const OF_SPACES: &'static [Self] = &[Self::Name, Self::Organization];

    const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Organization => "organization_guid",
        }
    }
}

/// The condition on the entries of a list; `None` fields allow all.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    names: Option<HashSet<String>>,
    orgs: Option<HashSet<OrgId>>,
}

impl Filter {
    /// The filter in a query, for a list with these criteria.
    pub(super) fn of(params: &Params, served: &[Criterion]) -> Result<Self, Refusal> {
        Self::read(&params.all(NAME), served)
    }

    fn read(texts: &[&str], served: &[Criterion]) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for part in texts.iter().flat_map(|text| parts(text)) {
            filter.add(part, served)?;
        }
        Ok(filter)
    }

    fn add(&mut self, part: &str, served: &[Criterion]) -> Result<(), Refusal> {
        let (word, rest) = word(part);
        let criterion = served.iter().find(|criterion| criterion.word() == word);
        let (Some(criterion), Some(values)) = (criterion, values(rest)) else {
            return Err(not_served(part, served));
        };
        for value in &values {
            check_length(NAME, value, &limit::LABEL_BYTES).map_err(refused)?;
        }
        match criterion {
            Criterion::Name => {
                let names = values.into_iter().map(str::to_owned).collect();
                narrow(&mut self.names, names);
            }
            // What is no GUID is of no organization.
            Criterion::Organization => {
                let orgs = values
                    .iter()
                    .filter_map(|value| value.parse::<OrgId>().ok());
                narrow(&mut self.orgs, orgs.collect());
            }
        }
        Ok(())
    }

    /// Whether an entry of this name is wanted.
    pub(super) fn has_name(&self, name: &str) -> bool {
        let names = self.names.as_ref();
        names.is_none_or(|names| names.contains(name))
    }

    /// Whether an entry of this organization is wanted.
    pub(super) fn has_org(&self, org: OrgId) -> bool {
        let orgs = self.orgs.as_ref();
        orgs.is_none_or(|orgs| orgs.contains(&org))
    }
}

/// Of what is wanted already, leaves what another filter wants, too.
fn narrow<T: Eq + Hash>(wanted: &mut Option<HashSet<T>>, also: HashSet<T>) {
    match wanted {
        Some(wanted) => wanted.retain(|one| also.contains(one)),
        None => *wanted = Some(also),
    }
}

/// The filters of a text.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut from) = (Vec::new(), 0);
    for (at, _) in text.match_indices(';') {
        let after = at + 1;
        if text.get(after..).is_some_and(begins_filter) {
            parts.extend(text.get(from..at));
            from = after;
        }
    }
    parts.extend(text.get(from..));
    parts
}

fn begins_filter(text: &str) -> bool {
    let (word, rest) = word(text);
    let is_compared = rest.starts_with([':', '<', '>']) || rest.starts_with(IN);
    is_compared && WORDS.contains(&word)
}

/// The word that a filter begins with, and the rest of it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let is_after = |character: char| !(character.is_ascii_lowercase() || character == '_');
    text.split_at(text.find(is_after).unwrap_or(text.len()))
}

/// The values of which one must be met, by what follows the word of a filter.
fn values(rest: &str) -> Option<Vec<&str>> {
    let one = rest.strip_prefix(':').map(|value| vec![value]);
    one.or_else(|| Some(rest.strip_prefix(IN)?.split(',').collect()))
}

fn not_served(part: &str, served: &[Criterion]) -> Refusal {
    let form = |criterion: &Criterion| match criterion {
        Criterion::Name => "`name:NAME`",
        Criterion::Organization => "`organization_guid:GUID`",
    };
    let forms: Vec<&str> = served.iter().map(form).collect();
    let message = format!(
        "the filter `{}` is not served here: `{NAME}` is {}, and with `{IN}` for `:` any of several values with commas between them",
        excerpt::beginning(part),
        forms.join(" or ")
    );
    refused(Problem::new(Kind::Invalid, BAD_QUERY_PARAMETER, message))
}

fn refused(problem: Problem) -> Refusal {
    let problem = Problem {
        code: BAD_QUERY_PARAMETER,
        ..problem
    };
    Refusal(problem.field(NAME))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "11111111-2222-3333-4444-555555555555";
    const OTHER: &str = "99999999-2222-3333-4444-555555555555";

    fn of_spaces(texts: &[&str]) -> Filter {
        Filter::read(texts, Criterion::OF_SPACES).unwrap()
    }

    fn org(text: &str) -> OrgId {
        text.parse().unwrap()
    }

    #[test]
    fn every_filter_must_be_met() {
        let none = of_spaces(&[]);
        assert!(none.has_name("dev") && none.has_org(org(GUID)));
        let both = format!("name:dev;organization_guid:{GUID}");
        let second = format!("organization_guid IN {GUID}");
        for texts in [&[both.as_str()][..], &["name IN dev", second.as_str()]] {
            let filter = of_spaces(texts);
            assert!(filter.has_name("dev") && !filter.has_name("test"));
            assert!(filter.has_org(org(GUID)) && !filter.has_org(org(OTHER)));
        }
        let twice = of_spaces(&["name IN a,b", "name IN b,c"]);
        let found = ["a", "b", "c"].map(|name| twice.has_name(name));
        assert_eq!(found, [false, true, false]);
        let no_guid = of_spaces(&["organization_guid:x"]);
        assert!(!no_guid.has_org(org(GUID)));
    }

    #[test]
    fn any_value_of_a_list_will_do() {
        let filter = of_spaces(&[&format!("name IN a,b c,;organization_guid IN x,{GUID}")]);
        let found = ["a", "b c", "", "d"].map(|name| filter.has_name(name));
        assert_eq!(found, [true, true, true, false]);
        assert!(filter.has_org(org(GUID)) && !filter.has_org(org(OTHER)));
        // Of one name, not of two.
        let filter = of_spaces(&["name:a,b"]);
        assert!(filter.has_name("a,b") && !filter.has_name("a"));
    }

    #[test]
    fn a_name_may_have_what_stands_between_filters() {
        for name in ["a;b", "a:b", "a;names:b", "a;name", "a IN b", ";"] {
            let filter = of_spaces(&[&format!("name:{name}")]);
            assert_eq!(filter.names, Some(HashSet::from([name.to_owned()])));
        }
    }

    #[test]
    fn what_is_not_served_is_refused_by_its_text() {
        for text in [
            "",
            "name",
            "status:active",
            "name>a",
            "name<=a",
            "Name:a",
            "name in a",
            "a;name:b",
        ] {
            let Refusal(problem) = Filter::read(&[text], Criterion::OF_SPACES).unwrap_err();
            assert_eq!(problem.code, BAD_QUERY_PARAMETER, "{text}");
            assert_eq!(problem.field.as_deref(), Some(NAME), "{text}");
        }
        let more = format!("name:a;organization_guid:{GUID}");
        let Refusal(problem) = Filter::read(&[&more], Criterion::OF_ORGS).unwrap_err();
        let named = format!("`organization_guid:{GUID}`");
        assert!(problem.message.contains(&named), "{problem}");
        let long = format!("name IN a,{}", "x".repeat(256));
        let Refusal(problem) = Filter::read(&[&long], Criterion::OF_ORGS).unwrap_err();
        assert_eq!(problem.limit, Some(&limit::LABEL_BYTES));
        assert_eq!(problem.code, BAD_QUERY_PARAMETER);
    }
}
