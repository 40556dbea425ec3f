//! What `seriesByTag` is given.

use regex::Regex;

/// Makes sure that each is a tag expression, and that together they ask for a tag that is there: what could be true of every
/// series is refused.
pub(super) fn check(expressions: &[String]) -> Result<(), String> {
    let mut asks = false;
    for expression in expressions {
        asks |= !matches_empty(expression)?;
    }
    if asks {
        Ok(())
    } else {
        Err("at least one tag expression must ask for a value that is not empty".to_owned())
    }
}

/// Whether it is true of a series that lacks the tag.
fn matches_empty(expression: &str) -> Result<bool, String> {
    let problem = || {
        format!(
            "`{expression}` is not a tag expression: write `tag=value`, `tag!=value`, `tag=~regex` or `tag!=~regex`"
        )
    };
    let at = expression.find([';', '!', '=']).unwrap_or(0);
    let (tag, rest) = expression.split_at_checked(at).ok_or_else(problem)?;
    let (is_negated, rest) = match rest.strip_prefix('!') {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let value = rest.strip_prefix('=').ok_or_else(problem)?;
    if tag.is_empty() || value.contains(';') {
        return Err(problem());
    }
    let is_match = match value.strip_prefix('~') {
        None => value.is_empty(),
        Some(pattern) => {
            let anchored = if pattern.starts_with('^') {
                pattern.to_owned()
            } else {
                format!("^({pattern})")
            };
            let regex = Regex::new(&anchored)
                .map_err(|_| format!("`{pattern}` is not a regular expression that can be used"))?;
            regex.is_match("")
        }
    };
    Ok(is_match != is_negated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_expression_must_ask_for_something() {
        for (expressions, is_fine) in [
            (&["name=cpu"][..], true),
            (&["name=cpu", "host!=a"], true),
            (&["host!="], true),
            (&["host!=a"], false),
            (&["host="], false),
            (&["host=~.*"], false),
            (&["host=~a.*"], true),
            (&["host!=~.+"], false),
            (&["host!=~.*"], true),
            (&["host=~("], false),
            (&["host"], false),
            (&["=a"], false),
            (&["a;b=c"], false),
            (&["host=a;b"], false),
            (&["a!b"], false),
        ] {
            let expressions: Vec<String> =
                expressions.iter().map(|own| (*own).to_owned()).collect();
            assert_eq!(check(&expressions).is_ok(), is_fine, "{expressions:?}");
        }
    }
}
