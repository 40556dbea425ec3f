//! Settings that are no more, and the variables that set what there is.

/// Settings of earlier versions, and what is in their place.
pub(super) const GONE: [(&str, &str); 1] = [(
    "metrics.allow_any_address",
    "the server's own metrics are read on the operators' listener; set `operations.listen = \"ADDRESS:PORT\"` and make a token with `vigied operations token`",
)];

/// The environment variable of a key.
pub(super) fn variable(key: &str) -> String {
    format!("VIGIE_{}", key.replace('.', "_").to_ascii_uppercase())
}
