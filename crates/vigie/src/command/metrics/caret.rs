//! Points at a mistake in a target: the server names the target and the column, and carets are printed below it.

use crate::error::Failure;
use crate::printable_text::{PrintableText, printable, shown};
use unicode_width::UnicodeWidthStr as _;
use wire::problem::{MonitoringBody, Position};

/// Characters of a target that are shown at most.
const SHOWN_MAX: usize = 72;
/// Characters of a longer one that are shown before the mistake.
const BEFORE_MAX: usize = 30;

/// The failure with the target below its message, where the server's `body` says a place in one of the `targets` that were sent.
pub(super) fn marked(mut failure: Failure, body: &[u8], targets: &[String]) -> Failure {
    let body: Option<MonitoringBody> = serde_json::from_slice(body).ok();
    let error = body.and_then(|body| body.errors.into_iter().next());
    let error = error.filter(|error| error.field.as_deref() == Some("target"));
    if let Some(position) = error.and_then(|error| error.position) {
        let target = position
            .number
            .checked_sub(1)
            .and_then(|place| targets.get(place));
        failure.mark = target
            .and_then(|target| mark(target, position))
            .map(Box::new);
    }
    failure
}

/// The target, and carets in a second line.
fn mark(target: &str, position: Position) -> Option<PrintableText> {
    let characters: Vec<char> = target.chars().collect();
    let at = position.column.checked_sub(1)?;
    if at > characters.len() {
        return None;
    }
    let begin = match characters.len() > SHOWN_MAX {
        true => at.saturating_sub(BEFORE_MAX),
        false => 0,
    };
    let end = characters.len().min(begin + SHOWN_MAX);
    let part = |from: usize, until: usize| -> String {
        let part = characters.get(from..until).unwrap_or_default();
        printable(&part.iter().collect::<String>())
    };
    let before = if begin > 0 { "…" } else { "" };
    let after = if end < characters.len() { "…" } else { "" };
    let blanks = before.width() + part(begin, at).width();
    let last = at.saturating_add(position.length).min(end);
    let carets = part(at, last).width().max(1);
    Some(shown!(
        "  {}{}{}\n  {}{}",
        before.to_owned(),
        part(begin, end),
        after.to_owned(),
        " ".repeat(blanks),
        "^".repeat(carets)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn caret_lines(target: &str, column: usize, length: usize) -> Option<String> {
        let position = Position {
            number: 1,
            column,
            length,
        };
        mark(target, position).map(PrintableText::into_string)
    }

    #[test]
    fn carets_stand_under_what_is_wrong() {
        let two = |target: &str, under: &str| Some(format!("  {target}\n  {under}"));
        assert_eq!(
            caret_lines("sumSerie(a.*)", 1, 8),
            two("sumSerie(a.*)", "^^^^^^^^")
        );
        assert_eq!(
            caret_lines("scale(a.b", 10, 0),
            two("scale(a.b", "         ^")
        );
        // Wide characters take two columns, and what is not seen is written out.
        assert_eq!(caret_lines("日(a", 3, 1), two("日(a", "   ^"));
        assert_eq!(
            caret_lines("a\u{1b}(x", 4, 1),
            two("a\\u{1b}(x", "        ^")
        );
        assert_eq!(caret_lines("a", 2, 5), two("a", " ^"));
        for (column, length) in [(0, 1), (3, 1), (usize::MAX, usize::MAX)] {
            assert_eq!(caret_lines("a", column, length), None);
        }
    }

    #[test]
    fn of_a_long_target_the_part_around_it_is_shown() {
        let long = format!("group({}b[)", "abc.def,".repeat(500));
        let at = long.find('[').unwrap() + 1;
        let text = caret_lines(&long, at, 1).unwrap();
        let (target, under) = text.split_once('\n').unwrap();
        assert!(target.width() <= SHOWN_MAX + 4, "{text}");
        assert_eq!(target.chars().nth(under.width() - 1), Some('['), "{text}");
    }

    #[test]
    fn only_a_place_of_a_target_that_was_sent_is_shown() {
        let body = |field: &str, number: i64| {
            format!(
                r#"{{"errors":[{{"code":"C","message":"m","field":"{field}","position":{{"number":{number},"column":1,"length":1}}}}]}}"#
            )
        };
        let targets = ["a(".to_owned()];
        let is_marked = |body: &str| {
            let failure = Failure::new(Kind::Failed, "m");
            marked(failure, body.as_bytes(), &targets).mark.is_some()
        };
        assert!(is_marked(&body("target", 1)));
        for body in [
            body("target", 2),
            body("target", 0),
            body("target", -1),
            body("from", 1),
            "<html>".to_owned(),
            r#"{"errors":[]}"#.to_owned(),
        ] {
            assert!(!is_marked(&body), "{body}");
        }
    }
}
