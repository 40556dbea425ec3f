//! Names and patterns are two grammars that must agree: what is a name is a pattern of that name alone.

use crate::name::{self, SeriesName};
use crate::pattern::{Pattern, PatternError, TextPosition, escape};
use proptest::prelude::*;

fn fits(pattern: &str, path: &str) -> bool {
    Pattern::parse(pattern).unwrap().matches(path)
}

#[test]
fn a_backslash_stands_for_what_follows_it() {
    assert!(fits(r"app[\-_]prd", "app-prd") && fits(r"app[\-_]prd", "app_prd"));
    assert!(!fits(r"app[\-_]prd", r"app\prd"));
    assert!(fits(r"a\-b\.c", "a-b.c"));
    assert!(fits(r"[a\-z]", "-") && !fits(r"[a\-z]", "b"));
    assert!(fits(r"[\!a]", "!") && fits(r"[\!a]", "a") && !fits(r"[\!a]", "b"));
    assert!(fits(r"a\;b=c\.d", "a;b=c.d"));
    for (pattern, at, character) in [(r"a.\*", 2, '*'), (r"\\a", 0, '\\'), (r"a\ b", 1, ' ')] {
        let at = TextPosition::of(pattern, at);
        let expected = Err(PatternError::Escaped { character, at });
        assert_eq!(Pattern::parse(pattern), expected);
    }
    let lonely = PatternError::Unbalanced {
        character: '\\',
        at: TextPosition { byte: 1, column: 2 },
    };
    assert_eq!(Pattern::parse(r"a\"), Err(lonely));
}

#[test]
fn the_dots_of_a_tag_part_nothing() {
    for pattern in [
        "cpu.*",
        "*.*",
        "cpu.load;host=*",
        "cpu.load;host=web2.*.org",
        "cpu.*;host=web?.example[.]org",
        "cpu.{load;host=web2.example.org,mem}",
        "*.load;host=[!a]eb2*",
        "**",
        "cpu.**",
        "**.load;*",
    ] {
        assert!(fits(pattern, "cpu.load;host=web2.example.org"), "{pattern}");
    }
    for pattern in [
        "cpu.*.*",
        "cpu.*.*.org",
        "*",
        "cpu.load",
        "cpu.load;host=web2",
        "cpu.load;host=*.example",
    ] {
        assert!(
            !fits(pattern, "cpu.load;host=web2.example.org"),
            "{pattern}"
        );
    }
    // Behind a brace a dot parts: not all its texts have tags.
    assert!(fits("a.{b;t=x,b}.c", "a.b.c"));
    assert!(fits("cpu.*", "cpu.load;host=web2.example.org"));
}

#[test]
fn tags_may_come_in_any_order() {
    for pattern in [
        "a;z=1;b=x.y",
        "a;b=x.y;z=1",
        "a;z=*;b=x.{y,z}",
        "?;z=[0-9];b=*",
    ] {
        assert!(fits(pattern, "a;b=x.y;z=1"), "{pattern}");
    }
    // Where a key is not written out, the order is that of the pattern.
    assert!(fits("a;*;z=1", "a;b=x;z=1") && !fits("a;z=1;*", "a;b=x;z=1"));
    assert!(fits("a;b=[;]", "a;b=;") && fits("a;{b,c}=1;d=2", "a;c=1;d=2"));
    assert!(matches!(
        Pattern::parse("a;z=1;b=[]"),
        Err(PatternError::EmptySet(TextPosition { byte: 8, column: 9 }))
    ));
}

#[test]
fn what_no_name_holds_is_refused_wherever_it_stands() {
    for pattern in [
        "a b",
        "a(b",
        "a\"",
        "a'",
        "a,b",
        "a[b,c]",
        "{[b,c],d}",
        "[']",
        "{ }",
        "a\u{feff}",
        "a\u{200b}b",
        "a[\u{202e}]",
        "a\u{1}",
    ] {
        assert!(
            matches!(Pattern::parse(pattern), Err(PatternError::Character { .. })),
            "{pattern}"
        );
    }
}

/// Texts that are names more often than not, with every character that has a meaning somewhere.
fn text() -> impl Strategy<Value = String> {
    "[a-b\\-!|`~^=é:.;/#%&+@$<>0-]{1,12}|[a-b][a-b.]{0,4}(;[a-c]=[a-b.;=~]{1,3}){0,3}|\\PC{1,6}"
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn every_name_is_its_own_pattern_and_no_other_names(one in text(), other in text()) {
        if let Ok(name) = SeriesName::parse(&one) {
            // As it was sent, as it is kept, and as a program writes it.
            for text in [one.as_str(), name.as_str(), escape(name.as_str()).as_str()] {
                let pattern = Pattern::parse(text).unwrap();
                prop_assert!(pattern.matches(name.as_str()), "{text}");
                prop_assert_eq!(pattern.literal(), Some(name.as_str().to_owned()));
                if let Ok(other) = SeriesName::parse(&other) {
                    prop_assert_eq!(pattern.matches(other.as_str()), name == other, "{} {}", text, other.as_str());
                }
            }
            prop_assert_eq!(escape(name.as_str()), name.as_str());
            // Everything above it, too.
            let mut above = name::parent(name.as_str());
            while let Some(path) = above {
                prop_assert_eq!(Pattern::parse(&escape(path)).unwrap().literal(), Some(path.to_owned()));
                above = name::parent(path);
            }
        }
    }

    #[test]
    fn a_name_is_completed_from_its_beginning(name in text(), half in 0_usize..12) {
        if let Ok(name) = SeriesName::parse(&name) {
            let name = name.as_str();
            let begin: String = name.chars().take(half).collect();
            let pattern = Pattern::parse(&(escape(&begin) + "*")).unwrap();
            // The node of the level that is being written.
            let depth = name::elements(&begin).count();
            let node: Vec<&str> = name::elements(name).take(depth).collect();
            prop_assert!(pattern.matches(&node.join(".")), "{} {}", begin, name);
        }
    }
}
