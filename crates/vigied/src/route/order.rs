//! The order of a list, as `sort` and `order` of the identity interface ask for it.

use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::error::{Kind, Problem};
use std::cmp::Ordering;

/// How two entries are compared.
pub(super) type By<T> = fn(&T, &T) -> Ordering;

/// The order of a list.
pub(super) struct Order<T> {
    by: By<T>,
    reverse: bool,
}

impl<T> Order<T> {
    /// The order asked for; `usual` is that of a list for which nobody asks, and `others` are the further words of `sort`.
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

fn unknown(field: &'static str, words: &str, other: &str) -> Refusal {
    let message = format!("`{field}` is {words}, not `{other}`");
    Refusal(Problem::new(Kind::Invalid, "invalid_parameter", message).field(field))
}
