//! Patterns against examples, a naive matcher, and the writing-out one of before.

mod any_depth;
mod names;
mod written_out;

use super::*;
use proptest::prelude::*;

fn fits(pattern: &str, path: &str) -> bool {
    Pattern::parse(pattern).unwrap().matches(path)
}

#[test]
fn wildcards_stay_inside_an_element() {
    assert!(fits("a.*.c", "a.b.c"));
    assert!(!fits("a.*", "a.b.c"));
    assert!(fits("*", "a"));
    assert!(fits("a*b*c", "aXXbYYc"));
    assert!(fits("a*b*c", "abc"));
    assert!(!fits("a*b*c", "acb"));
    assert!(fits("h?st", "host"));
    assert!(!fits("h?st", "hst"));
}

#[test]
fn sets_and_their_hyphens() {
    assert!(fits("cpu-[0-3]", "cpu-2"));
    assert!(!fits("cpu-[0-3]", "cpu-7"));
    assert!(fits("x[-a]", "x-"));
    assert!(fits("x[a-]", "x-"));
    assert!(fits("x[!a-c]", "xd"));
    assert!(!fits("x[!a-c]", "xb"));
    assert!(fits("x[a-cx-z]", "xy"));
}

#[test]
fn braces_nest_and_hold_wildcards() {
    assert!(fits("{a,b}.c", "b.c"));
    assert!(fits("x{1,2{3,4}}y", "x24y"));
    assert!(fits("x{1,2{3,4}}y", "x1y"));
    assert!(!fits("x{1,2{3,4}}y", "x2y"));
    assert!(fits("{cpu-*,mem}", "cpu-7"));
    assert!(fits("a{,b}", "a"));
    assert!(fits("[{]", "{") || Pattern::parse("[{]").is_ok());
}

/// A place in a text of ASCII.
fn at(byte: usize) -> TextPosition {
    let column = byte + 1;
    TextPosition { byte, column }
}

#[test]
fn errors_say_the_column_in_characters() {
    for (text, error) in [
        (
            "é.日..b",
            "the pattern has an empty element at column 5 (a dot too many)",
        ),
        ("日{é", "`{` at column 2 has no partner in its element"),
        ("日é[]", "the set of characters at column 3 is empty"),
        (
            "é\\*",
            "`\\` at column 2 makes '*' a character like others, which no series name holds",
        ),
        (
            "é日 x",
            "the pattern holds ' ' at column 3, which no series name holds",
        ),
        (
            "é日.",
            "the pattern has an empty element at column 4 (a dot too many)",
        ),
    ] {
        let refused = Pattern::parse(text).unwrap_err();
        assert_eq!(refused.to_string(), error);
        let place = refused.at().unwrap();
        assert_eq!(place, TextPosition::of(text, place.byte));
        let shifted = refused.shifted_by("日(").at().unwrap();
        let expected = (place.byte + 4, place.column + 2);
        assert_eq!((shifted.byte, shifted.column), expected);
    }
}

#[test]
fn errors_say_where() {
    assert_eq!(Pattern::parse(""), Err(PatternError::Empty));
    assert_eq!(
        Pattern::parse("a..b"),
        Err(PatternError::EmptyElement(at(2)))
    );
    assert_eq!(
        Pattern::parse("a.[b"),
        Err(PatternError::Unbalanced {
            character: '[',
            at: at(2)
        })
    );
    assert_eq!(
        Pattern::parse("a}"),
        Err(PatternError::Unbalanced {
            character: '}',
            at: at(1)
        })
    );
    assert_eq!(Pattern::parse("a.[]"), Err(PatternError::EmptySet(at(2))));
    assert_eq!(
        Pattern::parse("a b"),
        Err(PatternError::Character {
            character: ' ',
            at: at(1)
        })
    );
    let bomb = "{a,b}".repeat(20);
    assert!(fits(&bomb, &"ab".repeat(10)), "braces are not written out");
    let many = format!("{{{}}}", vec!["a"; 16_000].join(","));
    assert!(fits(&many, "a"), "as many as the bytes hold");
    let long = limit::PATTERN_BYTES.default as usize + 1;
    assert_eq!(
        Pattern::parse(&"a".repeat(long)),
        Err(PatternError::TooLong(long))
    );
    assert_eq!(
        Pattern::parse(&vec!["a"; 65].join(".")),
        Err(PatternError::TooDeep(65))
    );
}

#[test]
fn literals_and_prefixes_help_the_index() {
    let of = |text: &str| {
        let pattern = Pattern::parse(text).unwrap();
        let element = pattern.sole_element_at(&pattern.first()).unwrap();
        let literal = element.literal().map(str::to_owned);
        (literal, element.literal_prefix().to_owned())
    };
    assert_eq!(of("ab"), (Some("ab".to_owned()), "ab".to_owned()));
    assert_eq!(of("x{b,a,b}"), (None, "x".to_owned()));
    assert_eq!(of("web-?*"), (None, "web-".to_owned()));
}

#[test]
fn the_walk_can_skip_to_the_next_character_that_fits() {
    let pattern = Pattern::parse("a[c-e]{x,z}.q").unwrap();
    let mut progress = pattern.start();
    assert!(!pattern.allows(&progress, 'b'));
    assert_eq!(pattern.next_allowed(&mut progress, 'b'), None);
    assert_eq!(pattern.next_allowed(&mut progress, '-'), Some('a'));
    pattern.step(&mut progress, 'a');
    assert_eq!(pattern.next_allowed(&mut progress, 'b'), Some('c'));
    pattern.step(&mut progress, 'd');
    assert_eq!(pattern.next_allowed(&mut progress, 'y'), Some('z'));
    pattern.step(&mut progress, 'z');
    assert!(pattern.can_end_element(&progress) && !pattern.is_match(&progress));
    pattern.step(&mut progress, '.');
    pattern.step(&mut progress, 'q');
    assert!(pattern.is_match(&progress));
    pattern.step(&mut progress, 'q');
    assert!(!pattern.can_match(&progress));
}

/// Work is counted, not timed: no name and no pattern makes a character cost more than the pattern's own length.
#[test]
fn matching_is_linear_in_the_name_for_every_pattern_that_parses() {
    let star = format!("{}z", "*y".repeat(16_383));
    let many = format!("{{{}}}", vec!["*yyy?"; 5400].join(","));
    let loops = format!("{}z", "{*,*y}".repeat(5400));
    let nested = format!("{}*z{}", "{".repeat(16_000), "}".repeat(16_000));
    for pattern in [star, many, loops, nested] {
        let compiled = Pattern::parse(&pattern).unwrap();
        let bound = 4 * pattern.len() as u64;
        let mut progress = compiled.start();
        progress.take_work();
        for _ in 0..200 {
            compiled.step(&mut progress, 'y');
            let work = progress.take_work();
            assert!(work <= bound, "{work} for {}", &pattern[..12]);
        }
    }
}

/// This took 3.4 s of processor time when braces were expanded.
#[test]
fn a_pattern_of_the_greatest_length_is_compiled_in_one_pass() {
    let digits = "{0,1,2,3,4,5,6,7,8,9}".repeat(2);
    let text = format!("{digits}{{0,1,2,3,4,5,6,7,8}}{}", "{a}".repeat(10_900));
    let room = limit::PATTERN_BYTES.default as usize - text.len();
    assert!(room < 100);
    let pattern = Pattern::parse(&text).unwrap();
    assert!(!pattern.matches(&format!("999{}", "a".repeat(10_900))));
    assert!(pattern.matches(&format!("998{}", "a".repeat(10_900))));
}

/// Tables grow with the states and with the characters told apart; both at once are refused before they are made.
#[test]
fn the_tables_of_a_pattern_are_bounded() {
    let different = |count: u32| -> String {
        (0..count)
            .filter_map(|at| char::from_u32(0x4e00 + 2 * at))
            .collect()
    };
    let states = "ab".repeat(8000);
    let varied = format!("{states}[{}]", different(5000));
    assert_eq!(Pattern::parse(&varied), Err(PatternError::TooVaried));
    let split: Vec<String> = (0..60)
        .map(|_| format!("{}[{}]", "ab".repeat(60), different(130)))
        .collect();
    assert!(Pattern::parse(&split.join(".")).is_ok());
    // A list of names in another script.
    let names: Vec<String> = (0..1500_u32)
        .map(|at| {
            let one = |by: u32| char::from_u32(0x4e00 + at * by % 500).unwrap();
            format!("{}{}-{at}", one(7), one(13))
        })
        .collect();
    let list = format!("{{{}}}", names.join(","));
    assert!(Pattern::parse(&list).unwrap().matches(&names[777]));
}

/// Its rows alone were counted, which are a small part of it.
#[test]
fn what_an_element_takes_is_counted() {
    let bytes = |text: &str| Pattern::parse(text).unwrap().table_bytes();
    let one = bytes("a");
    assert!(one > 512, "{one}");
    assert_eq!(bytes(&["a"; 64].join(".")), 64 * one);
    assert!(bytes("{a,b}") > one);
}

/// Reads the pattern anew for every text, trying everything.
fn naive(pattern: &[char], text: &[char]) -> bool {
    let Some((first, rest)) = pattern.split_first() else {
        return text.is_empty();
    };
    match first {
        '*' => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
        '?' => !text.is_empty() && naive(rest, &text[1..]),
        '[' => {
            let end = rest.iter().position(|c| *c == ']').unwrap();
            let set: String = rest[..end].iter().collect();
            let (set, negated) = match set.strip_prefix('!') {
                Some(set) => (set.to_owned(), true),
                None => (set, false),
            };
            let set: Vec<char> = set.chars().collect();
            let holds = |c: char| match set.as_slice() {
                [low, '-', high] => (*low..=*high).contains(&c),
                all => all.contains(&c),
            };
            text.split_first()
                .is_some_and(|(c, text)| holds(*c) != negated && naive(&rest[end + 1..], text))
        }
        '{' => {
            let (mut depth, mut end) = (1, 0);
            while depth > 0 {
                depth += i32::from(rest[end] == '{') - i32::from(rest[end] == '}');
                end += 1;
            }
            let mut depth = 0;
            rest[..end - 1]
                .split(|c| {
                    depth += i32::from(*c == '{') - i32::from(*c == '}');
                    depth == 0 && *c == ','
                })
                .any(|choice| naive(&[choice, &rest[end..]].concat(), text))
        }
        other => text.first() == Some(other) && naive(rest, &text[1..]),
    }
}

fn element() -> impl Strategy<Value = String> {
    let leaf = "[abX*?-]{1,3}|\\[!?(a-b|[abX]{1,3}|-a|a-)\\]";
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.concat()),
            prop::collection::vec(inner, 1..4)
                .prop_map(|choices| format!("{{{}}}", choices.join(","))),
        ]
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-c*?\\[\\]{},.!é;=\\\\-]{0,24}", path in "[a-c.é;=]{0,12}") {
        if let Ok(pattern) = Pattern::parse(&text) {
            let _ = pattern.matches(&path);
        }
    }

    #[test]
    fn a_naive_matcher_agrees(pattern in element(), text in "[abxX-]{0,5}") {
        let characters: Vec<char> = pattern.chars().collect();
        let expected = !text.is_empty() && naive(&characters, &text.chars().collect::<Vec<_>>());
        prop_assert_eq!(!text.is_empty() && fits(&pattern, &text), expected, "{} {}", pattern, text);
    }

    #[test]
    fn the_matcher_that_writes_braces_out_agrees(pattern in element(), text in "[abxX-]{1,6}") {
        if let Some(expected) = written_out::matches(&pattern, &text) {
            prop_assert_eq!(fits(&pattern, &text), expected, "{} {}", pattern, text);
        }
    }

    #[test]
    fn a_literal_is_all_that_fits(pattern in "[abé]{1,3}", text in "[abé]{1,3}") {
        let compiled = Pattern::parse(&pattern).unwrap();
        prop_assert_eq!(compiled.literal(), Some(pattern.clone()));
        prop_assert_eq!(compiled.matches(&text), pattern == text);
    }

    #[test]
    fn no_fitting_text_is_skipped(pattern in element(), text in "[abxX-]{1,5}") {
        let pattern = Pattern::parse(&pattern).unwrap();
        if pattern.matches(&text) {
            let mut progress = pattern.start();
            for character in text.chars() {
                prop_assert!(pattern.allows(&progress, character));
                prop_assert!(pattern.can_match(&progress));
                for before in ['!', '-', 'W', 'a'] {
                    if before < character && !pattern.allows(&progress, before) {
                        let next = pattern.next_allowed(&mut progress, before);
                        prop_assert!(next.is_some_and(|next| next <= character), "{next:?}");
                        prop_assert!(next.is_some_and(|next| pattern.allows(&progress, next)));
                    }
                }
                pattern.step(&mut progress, character);
            }
            prop_assert!(pattern.is_match(&progress));
        }
    }

    #[test]
    fn a_name_matches_itself(path in "[a-c]{1,4}(\\.[a-c]{1,4}){0,3}") {
        prop_assert!(fits(&path, &path));
        prop_assert!(fits(&vec!["*"; path.split('.').count()].join("."), &path));
    }
}
