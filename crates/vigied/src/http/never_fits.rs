//! The refusal of a body that is larger than the account may ever have: it must not be sent again as it is.

use super::limit_exceeded::LimitExceeded;
use super::problem::Refusal;
use base::limit;
use wire::code;

impl LimitExceeded {
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
