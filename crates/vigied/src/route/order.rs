//! The order of a list, as `sort` and `order` of the identity interface ask for it.

use crate::failure::refused::check_length;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::error::{Kind, Problem};
use base::limit;
use std::cmp::Ordering;

/// How two entries are compared.
pub(super) type By<T> = fn(&T, &T) -> Ordering;

/// The order of a list.
pub(super) struct Order<T> {
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
        let by = match params.one("sort")?.filter(|text| !text.is_empty()) {
            None => usual.1,
            Some(asked) => {
                let mut known = [usual].into_iter().chain(others.iter().copied());
                let found = known.find(|(word, _)| *word == asked);
                found.map(|(_, by)| by).ok_or_else(|| {
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
        Ok(Self { by, reverse })
    }

    /// The order of two entries.
    pub(super) fn of_two(&self, a: &T, b: &T) -> Ordering {
        let order = (self.by)(a, b);
        if self.reverse { order.reverse() } else { order }
    }
}

/// The word of `sort`, one of these, and whether `-` before it asks for the reverse.
pub(super) fn signed_word(
    params: &Params,
    words: &[&'static str],
) -> Result<Option<(&'static str, bool)>, Refusal> {
    let Some(asked) = params.one("sort")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    check_length("sort", asked, &limit::WORD_BYTES)?;
    let (word, reverse) = match asked.strip_prefix('-') {
        Some(word) => (word, true),
        None => (asked, false),
    };
    if let Some(found) = words.iter().find(|own| **own == word) {
        return Ok(Some((*found, reverse)));
    }
    let words: Vec<String> = words.iter().map(|own| format!("`{own}`")).collect();
    let words = words.join(", ");
    let known = format!("one of {words}, with `-` before it in reverse");
    Err(unknown("sort", &known, asked))
}

/// The order that such a word asks for; without one, entries stay in their usual order.
pub(super) fn by_signed_word<T>(
    params: &Params,
    known: &[(&'static str, By<T>)],
) -> Result<Order<T>, Refusal> {
    let words: Vec<&'static str> = known.iter().map(|(own, _)| *own).collect();
    let any: By<T> = |_, _| Ordering::Equal;
    let (by, reverse) = match signed_word(params, &words)? {
        None => (any, false),
        Some((word, reverse)) => {
            let found = known.iter().find(|(own, _)| *own == word);
            (found.map_or(any, |(_, by)| *by), reverse)
        }
    };
    Ok(Order { by, reverse })
}

fn unknown(field: &'static str, words: &str, other: &str) -> Refusal {
    let message = format!("`{field}` is {words}, not `{other}`");
    Refusal(Problem::new(Kind::Invalid, "invalid_parameter", message).field(field))
}
