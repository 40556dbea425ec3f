//! Completion inside a target: the last path or function of what is typed, which may stand within calls.

use super::candidate::Candidate;
use query::table;

/// The typed part of a target.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypedTarget<'t> {
    /// The text before the path or function.
    before: &'t str,
    /// Its beginning.
    written: &'t str,
}

impl<'t> TypedTarget<'t> {
    /// `None` inside a text in quotes, or inside braces: nothing is known of them.
    pub(super) fn of(typed: &'t str) -> Option<Self> {
        let (mut at, mut quote, mut braces) = (0, None, 0_usize);
        for (place, character) in typed.char_indices() {
            match (quote, character) {
                (Some(open), _) if open == character => quote = None,
                (None, '\'' | '"') => quote = Some(character),
                (None, '{') => braces += 1,
                (None, '}') => braces = braces.saturating_sub(1),
                (None, '(' | ',' | '|') if braces == 0 => at = place + 1,
                _ => {}
            }
        }
        if quote.is_some() || braces > 0 {
            return None;
        }
        let rest = typed.get(at..)?;
        let at = at + rest.len() - rest.trim_start().len();
        let (before, written) = typed.split_at_checked(at)?;
        Some(Self { before, written })
    }

    /// The metrics that `metrics` knows for the beginning of a path, and functions once one has begun to be typed; each with
    /// what stands before it.
    pub(super) fn candidates(
        &self,
        metrics: impl FnOnce(&str) -> Vec<Candidate>,
    ) -> Vec<Candidate> {
        let mut all = match self.before.trim_end().ends_with('|') {
            // Behind a pipe comes a call.
            true => Vec::new(),
            false => metrics(self.written),
        };
        if !self.written.is_empty() {
            let fitting = functions().into_iter();
            let fitting = fitting.filter(|function| function.word.starts_with(self.written));
            all.extend(fitting.map(|function| Candidate {
                word: format!("{}(", function.word),
                ..function
            }));
        }
        for candidate in &mut all {
            candidate.word.insert_str(0, self.before);
        }
        all
    }
}

/// Every function, with what it does.
pub(super) fn functions() -> Vec<Candidate> {
    let all = table::all().flat_map(|function| {
        let first = function.summary.split_once(". ");
        let about = first.map_or(function.summary, |(first, _)| first);
        let about = about.trim_end_matches('.');
        function
            .names
            .iter()
            .map(move |name| Candidate::new(*name, about))
    });
    all.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_part_is_completed() {
        for (typed, expected) in [
            ("", Some(("", ""))),
            ("sho", Some(("", "sho"))),
            ("sumSeries(sho", Some(("sumSeries(", "sho"))),
            ("scale(a.b, ", Some(("scale(a.b, ", ""))),
            ("a.b|sca", Some(("a.b|", "sca"))),
            ("alias(a.b,'x, y',c", Some(("alias(a.b,'x, y',", "c"))),
            ("group({a,b}.c,d", Some(("group({a,b}.c,", "d"))),
            ("alias(a.b,'x", None),
            ("group({a,b", None),
        ] {
            let found = TypedTarget::of(typed);
            let found = found.as_ref().map(|found| (found.before, found.written));
            assert_eq!(found, expected, "{typed}");
        }
    }

    #[test]
    fn functions_and_metrics_come_with_what_stands_before_them() {
        let words = |typed: &str| -> Vec<String> {
            let part = TypedTarget::of(typed).unwrap();
            let all = part
                .candidates(|written| vec![Candidate::new(format!("{written}op.eu"), "metric")]);
            all.into_iter().map(|candidate| candidate.word).collect()
        };
        assert_eq!(words("scale(sh"), ["scale(shop.eu"]);
        assert!(words("scale(sumS").contains(&"scale(sumSeries(".to_owned()));
        assert_eq!(words("scale("), ["scale(op.eu"]);
        let piped = words("a.b|movingA");
        assert!(piped.contains(&"a.b|movingAverage(".to_owned()));
        assert!(piped.iter().all(|word| word.starts_with("a.b|moving")));
    }
}
