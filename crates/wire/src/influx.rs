//! The answers that clients of InfluxDB read: the error bodies of its two interfaces, and those to the probes that they send
//! before the first line.

use base::error::{Kind, Problem};
use base::invisible::escaped;
use serde::{Deserialize, Serialize};

/// The version whose interface is answered. Clients choose by it what they send, and some refuse a server without one.
pub const VERSION: &str = "1.8.10";

/// The error body of InfluxDB 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InfluxError {
    /// The error, and how to fix it.
    pub error: String,
}

/// The error body of InfluxDB 2.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InfluxMessage {
    /// InfluxDB's word for the kind of failure.
    pub code: String,
    /// The error, and how to fix it.
    pub message: String,
}

impl From<&Problem> for InfluxError {
    fn from(problem: &Problem) -> Self {
        let text = text(problem);
        // Clients look for these words, and make the database then.
        let error = if problem.code == crate::code::DOMAIN_NOT_FOUND.code {
            format!("database not found: {text}")
        } else {
            text
        };
        Self { error }
    }
}

impl From<&Problem> for InfluxMessage {
    fn from(problem: &Problem) -> Self {
        Self {
            code: word(problem.kind).to_owned(),
            message: text(problem),
        }
    }
}

fn text(problem: &Problem) -> String {
    let code = problem.code;
    match &problem.hint {
        Some(hint) => format!("{}; {} ({code})", escaped(&problem.message), escaped(hint)),
        None => format!("{} ({code})", escaped(&problem.message)),
    }
}

/// InfluxDB 2's word for a kind of failure.
#[must_use]
pub const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Invalid | Kind::HeadersTooLarge => "invalid",
        Kind::Unauthenticated => "unauthorized",
        Kind::Forbidden => "forbidden",
        Kind::NotFound => "not found",
        Kind::Method => "method not allowed",
        Kind::Conflict | Kind::Precondition => "conflict",
        Kind::TooLarge => "request too large",
        Kind::Busy => "too many requests",
        Kind::Internal => "internal error",
        Kind::Unavailable | Kind::Timeout => "unavailable",
    }
}

/// The answer of `GET /health`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InfluxHealth {
    /// The name of the check.
    pub name: String,
    /// In words.
    pub message: String,
    /// `pass` or `fail`.
    pub status: String,
    /// Nothing: what is looked at is for the operators.
    pub checks: Vec<String>,
    /// [`VERSION`].
    pub version: String,
}

impl InfluxHealth {
    /// The answer of a server that is ready, or is not.
    #[must_use]
    pub fn of(is_ready: bool) -> Self {
        let (status, message) = if is_ready {
            ("pass", "ready for writes")
        } else {
            ("fail", "not ready")
        };
        Self {
            name: "vigie".to_owned(),
            message: message.to_owned(),
            status: status.to_owned(),
            checks: Vec::new(),
            version: VERSION.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_find_the_words_that_they_look_for() {
        let problem = crate::code::DOMAIN_NOT_FOUND
            .problem("no space `x`")
            .hint("y");
        let text = InfluxError::from(&problem).error;
        assert_eq!(text, "database not found: no space `x`; y (BXNMSRI13E)");
        let message = InfluxMessage::from(&problem);
        assert_eq!(message.code, "not found");
        assert_eq!(message.message, "no space `x`; y (BXNMSRI13E)");
    }
}
