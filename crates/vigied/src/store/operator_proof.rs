//! The right to act on the whole store, for the operator only.

use base::scope::Operator;

/// For figures that only the operators' listener tells, and for backups, which are asked for on the operators' socket or with
/// the data folder in hand.
pub(crate) const fn as_operator() -> Operator {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes it")]
    Operator::granted()
}
