//! Any lines are tag expressions or refused; what was read is read again from what it shows, and finds something to say of any
//! value.

#![no_main]

use libfuzzer_sys::fuzz_target;
use query::tags::TagExpression;

fuzz_target!(|input: (&str, &str)| {
    let (text, value) = input;
    for line in text.lines().take(20) {
        let Ok(expression) = TagExpression::parse(line) else {
            continue;
        };
        let text = expression.to_string();
        assert_eq!(TagExpression::parse(&text).as_ref(), Ok(&expression));
        let condition = expression.condition().expect("it was read");
        let _ = condition.fits(value);
    }
    if let Ok(all) = TagExpression::parse_all(text.lines()) {
        let is_found = |expression: &TagExpression| {
            expression
                .condition()
                .is_ok_and(|condition| condition.fits(""))
        };
        assert!(!all.iter().all(is_found), "they would find everything");
    }
});
