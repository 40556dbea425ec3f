//! Settings that were removed, and the environment variables of the others.

/// Settings of earlier versions, and what replaces them.
pub(super) const REMOVED: [(&str, &str); 1] = [(
    "metrics.allow_any_address",
    "the server's own metrics are on the operators' listener; set `operations.listen = \"ADDRESS:PORT\"` and make a token with `vigied operations token`",
)];

/// The environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("VIGIE_{}", key.replace('.', "_").to_ascii_uppercase())
}
