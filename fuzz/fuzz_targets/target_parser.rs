//! Any text is read as a target or refused; every path that was read stands where it says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use query::target::parse;

fuzz_target!(|text: &str| {
    match parse(text) {
        Ok(expression) => {
            for (path, span) in expression.paths() {
                let written = text.get(span).expect("a span of the text");
                let alone = parse(written).expect("a path, read alone");
                assert_eq!(alone.paths().first().map(|path| path.0), Some(path));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
