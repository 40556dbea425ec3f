//! The right to act on the whole store, for the operator only.

use base::scope::Operator;

/// For the figures of the operators' listener, and for backups, which need the control socket or the data folder.
pub(crate) const fn as_operator() -> Operator {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes it")]
    Operator::granted()
}
