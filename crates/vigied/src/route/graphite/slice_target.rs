//! A slice of a pie that a target names with its size, `apples:5`, as graphite-web draws it.

/// The target that has this one series; `None` where the target is another.
pub(super) fn as_call(target: &str) -> Option<String> {
    let (name, size) = target.split_once(':')?;
    let size: f64 = size.trim().parse().ok()?;
    // A text may hold the other quotes as they are.
    let quote = ['"', '\''].into_iter().find(|mark| !name.contains(*mark))?;
    let is_drawn = size.is_finite() && !name.ends_with('\\');
    is_drawn.then(|| format!("alias(constantLine({size}),{quote}{name}{quote})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_number_is_a_slice() {
        for (target, call) in [
            ("apples:5", Some("alias(constantLine(5),\"apples\")")),
            ("a b: 2.5", Some("alias(constantLine(2.5),\"a b\")")),
            ("\"x\":1e3", Some("alias(constantLine(1000),'\"x\"')")),
            (":7", Some("alias(constantLine(7),\"\")")),
            ("apples", None),
            ("odd.x:y.load", None),
            ("apples:many", None),
            ("apples:inf", None),
            ("\"x's\":1", None),
            ("back\\:1", None),
        ] {
            assert_eq!(as_call(target).as_deref(), call, "{target}");
        }
    }
}
