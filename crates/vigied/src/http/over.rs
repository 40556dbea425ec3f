//! Why a resource is exhausted.

use super::problem::Refusal;
use base::limit::{self, Limit};
use wire::code;

/// Why a resource is exhausted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Over {
    /// The limit of the resource as a whole.
    pub(crate) whole: &'static Limit,
    /// The limit that was reached: the same, or one of the shares.
    pub(crate) limit: &'static Limit,
    /// How much that limit allows.
    pub(crate) allowed: u64,
}

impl Over {
    /// Whether the good is used up, and not only a share of it.
    pub(crate) fn is_whole(&self) -> bool {
        self.limit == self.whole
    }

    /// The answer where this owner can never have what is needed: the same will not be accepted later either.
    pub(crate) fn never_fits(&self) -> Refusal {
        let (allowed, whole, unit) = (self.allowed, self.whole.name, self.whole.unit);
        let who = if self.limit == &limit::ACCOUNT_SHARE_PERCENT {
            "the account"
        } else {
            "this caller"
        };
        let part = match self.is_whole() {
            true => String::new(),
            false => format!("the `{}` ", self.limit.name),
        };
        let problem = code::BODY_TOO_LARGE.problem(format!(
            "the body needs more {unit}, packed and plain together, than {who} can ever have at once: {allowed}, {part}of `{whole}`"
        ));
        let hint = "send it in smaller parts, or not packed";
        Refusal(problem.hint(hint).limit(self.whole))
    }
}
