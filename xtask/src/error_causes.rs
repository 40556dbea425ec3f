//! Errors of `iam` are logged with their causes: what a failure of the database says alone is next to nothing.

/// Where this holds.
const SOURCES: &str = "crates/iam/src/";

/// How an error is logged without its causes.
const WITHOUT_CAUSES: [&str; 3] = ["%error,", "%error)", "error = %error"];

/// The mistakes in a file.
pub(crate) fn check(name: &str, text: &str) -> Vec<String> {
    if !name.starts_with(SOURCES) {
        return Vec::new();
    }
    let lines = (1..).zip(text.lines());
    let violations =
        lines.filter(|(_, line)| WITHOUT_CAUSES.iter().any(|word| line.contains(word)));
    violations
        .map(|(number, _)| {
            format!("{name}:{number}: an error is logged with its causes: `error = %Chain(&error)`")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_logged_with_its_causes() {
        for line in [
            "tracing::warn!(%error, \"it failed\");\n",
            "    %error,\n",
            "tracing::warn!(tries, error = %error, \"it failed\");\n",
        ] {
            assert_eq!(check("crates/iam/src/open.rs", line).len(), 1, "{line}");
            assert!(check("crates/vigied/src/net/listener.rs", line).is_empty());
        }
        let whole = "tracing::warn!(error = %Chain(&error), \"it failed\");\n";
        assert!(check("crates/iam/src/open.rs", whole).is_empty());
    }
}
