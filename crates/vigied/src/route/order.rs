//! The order of a list, as `sort` and `order` of the identity interface ask for it.

use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::limit;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The sort key of an entry. All keys of one order are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum SortKey<'e> {
    Text(Cow<'e, str>),
    Number(i64),
}

impl<'e> SortKey<'e> {
    /// Where all entries are equal.
    pub(super) const SAME: SortKey<'static> = SortKey::Number(0);

    pub(super) const fn text(text: &'e str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// The text of an id or a name that is made up for it.
    pub(super) fn from_display(value: &impl ToString) -> Self {
        Self::Text(Cow::Owned(value.to_string()))
    }
}

/// What entries are sorted by.
pub(super) type By<T> = for<'e> fn(&'e T) -> SortKey<'e>;

/// The order of a list.
pub(super) struct Order<T> {
    word: &'static str,
    by: By<T>,
    reverse: bool,
}

impl<T> Order<T> {
    /// The order asked for; `usual` is the default, and `others` are the further words of `sort`.
    pub(super) fn of(
        params: &Params,
        usual: (&'static str, By<T>),
        others: &[(&'static str, By<T>)],
    ) -> Result<Self, Refusal> {
        let (word, by) = match params.one("sort")?.filter(|text| !text.is_empty()) {
            None => usual,
            Some(asked) => {
                let mut known = [usual].into_iter().chain(others.iter().copied());
                let found = known.find(|(word, _)| *word == asked);
                found.ok_or_else(|| {
                    let others = others.iter().map(|(word, _)| format!(", `{word}`"));
                    let words = format!("`{}`{}", usual.0, others.collect::<String>());
                    unknown("sort", &format!("one of {words}"), asked)
                })?
            }
        };
        let reverse = match params.one("order")? {
            None | Some("" | "asc") => false,
            Some("desc") => true,
            Some(other) => return Err(unknown("order", "`asc` or `desc`", other)),
        };
        Ok(Self { word, by, reverse })
    }

    /// An order that nobody can choose.
    pub(super) fn fixed(by: By<T>) -> Self {
        Self {
            word: "",
            by,
            reverse: false,
        }
    }

    /// One in which all entries are equal.
    pub(super) fn unsorted() -> Self {
        Self::fixed(|_| SortKey::SAME)
    }

    /// An order for a test.
    #[cfg(test)]
    pub(super) fn tried(by: By<T>, reverse: bool) -> Self {
        let word = "name";
        Self { word, by, reverse }
    }

    /// The word of `sort`, with `-` before it in reverse.
    pub(super) fn name(&self) -> String {
        let sign = if self.reverse { "-" } else { "" };
        format!("{sign}{}", self.word)
    }

    /// The sort key of the entry.
    pub(super) fn key<'e>(&self, entry: &'e T) -> SortKey<'e> {
        (self.by)(entry)
    }

    /// The order of two entries that are sorted by these.
    pub(super) fn of_keys(&self, a: &SortKey<'_>, b: &SortKey<'_>) -> Ordering {
        let order = a.cmp(b);
        if self.reverse { order.reverse() } else { order }
    }

    /// The order of two entries.
    pub(super) fn of_two(&self, a: &T, b: &T) -> Ordering {
        self.of_keys(&self.key(a), &self.key(b))
    }
}

/// The word of `sort`, one of these, and whether `-` before it asks for the reverse.
pub(super) fn signed_word(
    params: &Params,
    words: &[&'static str],
) -> Result<Option<(&'static str, bool)>, Refusal> {
    let Some(asked) = params.word("sort", &limit::WORD_BYTES)? else {
        return Ok(None);
    };
    let (word, reverse) = match asked.strip_prefix('-') {
        Some(word) => (word, true),
        None => (asked, false),
    };
    if let Some(found) = words.iter().find(|known| **known == word) {
        return Ok(Some((*found, reverse)));
    }
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    let words = words.join(", ");
    let known = format!("one of {words}, with `-` before it in reverse");
    Err(unknown("sort", &known, asked))
}

/// The order that such a word asks for; without one, entries stay in their usual order.
pub(super) fn by_signed_word<T>(
    params: &Params,
    known: &[(&'static str, By<T>)],
) -> Result<Order<T>, Refusal> {
    let words: Vec<&'static str> = known.iter().map(|(word, _)| *word).collect();
    let Some((asked, reverse)) = signed_word(params, &words)? else {
        return Ok(Order::unsorted());
    };
    let found = known.iter().find(|(word, _)| *word == asked);
    Ok(found.map_or_else(Order::unsorted, |(word, by)| Order {
        word,
        by: *by,
        reverse,
    }))
}

fn unknown(field: &'static str, words: &str, other: &str) -> Refusal {
    let message = format!("`{field}` is {words}, not `{other}`");
    invalid(field, message)
}
