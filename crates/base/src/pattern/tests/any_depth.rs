//! `**`, against a matcher that tries every way.

use crate::name;
use crate::pattern::Pattern;
use proptest::prelude::*;

fn fits(pattern: &str, path: &str) -> bool {
    Pattern::parse(pattern).unwrap().matches(path)
}

#[test]
fn any_number_of_elements() {
    for (pattern, path, expected) in [
        ("**", "a", true),
        ("**", "a.b.c", true),
        ("a.**", "a", false),
        ("a.**", "a.b", true),
        ("a.**", "a.b.c", true),
        ("a.**.d", "a.d", true),
        ("a.**.d", "a.b.c.d", true),
        ("a.**.d", "a.b.c", false),
        ("**.a", "a", true),
        ("**.**.**", "a", true),
        ("a.**.b.**.c", "a.x.b.y.b.c", true),
        ("a.**.b.**", "a.b", false),
        ("a**b", "axyb", true),
        ("a**b", "a.b", false),
        ("**b", "a.b", false),
        ("***", "a.b", false),
        ("{**,a}", "a.b", false),
        ("a.**.x", "a.b;t=c.x", false),
    ] {
        assert_eq!(fits(pattern, path), expected, "{pattern} {path}");
    }
    let pattern = Pattern::parse("**.b").unwrap();
    assert_eq!(pattern.literal(), None);
}

/// However many `**` there are, a character costs no more than the pattern is long.
#[test]
fn many_of_them_cost_no_more_than_the_pattern_is_long() {
    let hostile = [
        vec!["**.y"; 64].join("."),
        vec!["**.*y*"; 64].join("."),
        vec!["**"; 10_000].join("."),
        vec![format!("**.{}", "*y".repeat(250)); 60].join("."),
        vec![format!("**.{{{}}}", vec!["*y"; 160].join(",")); 60].join("."),
    ];
    for text in hostile {
        let pattern = Pattern::parse(&text).unwrap();
        let bound = 4 * text.len() as u64;
        let mut progress = pattern.start();
        progress.take_work();
        for _ in 0..64 {
            for character in "yyyyyyyy.".chars() {
                pattern.step(&mut progress, character);
                let work = progress.take_work();
                assert!(work <= bound, "{work} for {}", &text[..8]);
            }
        }
    }
}

/// Element by element, with every number of elements for each `**`.
fn naive(pattern: &[&str], path: &[&str]) -> bool {
    match pattern {
        [] => path.is_empty(),
        ["**"] => !path.is_empty(),
        ["**", rest @ ..] => (0..=path.len()).any(|skip| naive(rest, &path[skip..])),
        [element, rest @ ..] => match path {
            [] => false,
            [first, below @ ..] => fits(element, first) && naive(rest, below),
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn a_naive_matcher_agrees(
        pattern in prop::collection::vec("\\*\\*|[ab]|\\*|a\\*|\\{a,b\\}|b;t=\\*", 1..7),
        path in prop::collection::vec("[ab]{1,2}", 1..7),
        tags in "|;t=a.b",
    ) {
        let text = pattern.join(".");
        let path = format!("{}{tags}", path.join("."));
        let elements: Vec<&str> = name::elements(&path).collect();
        // Behind a tag dots part nothing in a pattern either.
        let pattern: Vec<&str> = name::elements(&text).collect();
        prop_assert_eq!(fits(&text, &path), naive(&pattern, &elements), "{} {}", text, path);
    }
}
