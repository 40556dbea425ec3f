//! Regular expressions of callers: what they take while they are read, and once they are compiled.

use super::allocator::{held, peak};
use super::world::MEBIBYTE;
use base::regex_memory::{TREE_BYTES_MAX, tree_bytes};
use base::selector::{Matcher, Op};
use query::schema::Rules;
use query::tags::TagExpression;
use query::tags::catalog::{self, Filter};
use regex::RegexBuilder;

/// Expressions that take the most memory for their length, each a few characters long.
const COSTLY: &[&str] = &[
    r"\w",
    r"(?i)\w",
    r"\W",
    r"[\w]",
    r"[^\w]",
    r"[\w-]",
    r"\pL",
    r"\PL",
    r"\p{Lu}",
    r"(?i)\p{Ll}",
    r"(?i)\p{any}",
    r"(?i)\P{any}",
    r"\d",
    r"\D",
    r"\s",
    r"\S",
    r"\b",
    ".",
    "a",
    "é",
    "(?i)k",
    "(?i)ss",
    "(?i)[ks]",
    "[^k]",
    "[k]",
    "[a-z]",
    "[[:alpha:]]",
    "[[[k]]]",
    "[a&&b]",
    "()",
    "(a)",
    "(?:a|b.)",
    "(?P<a>)",
    "a?",
    "(a*)",
    "a|",
    "|",
    ".|",
    ".?",
    "^",
    "(?i)",
    "a{1,2}",
    "[!-\u{10ffff}]",
    "(?i)[!-\u{10ffff}]",
    "(?x)( ?i)[!-\u{10ffff}]",
    "(?i)[ -\u{ff}]",
    "(?i)[[^k]]",
    "(?i)[k&&!-\u{10ffff}]",
];

/// The piece so often that there are so many letters of it.
fn long(piece: &str, letters: usize) -> String {
    piece.repeat(letters / piece.len())
}

fn rules(pattern: &str) -> String {
    let sections = 64 * 1024 / (pattern.len() + 40);
    let sections = (0..sections.clamp(1, 200))
        .map(|number| format!("[{number}]\npattern={pattern}\nretentions=1s:1d\n"));
    sections.collect()
}

#[test]
fn what_reading_an_expression_takes_is_told_before() {
    let mut more = Vec::new();
    let classes = (0..4096)
        .filter_map(char::from_u32)
        .filter(|character| character.is_alphanumeric())
        .collect::<String>();
    let lists = [
        format!("[{}]", long("a", 4000)),
        format!("(?i)[{classes}]"),
        format!("[{classes}]"),
        format!("(?i){classes}"),
    ];
    for text in COSTLY.iter().map(|piece| long(piece, 4096)).chain(lists) {
        let (_, most) = peak(|| RegexBuilder::new(&text).size_limit(0).build().is_ok());
        let estimate = tree_bytes(&text) as u64;
        if most > estimate + 64 * 1024 {
            let beginning: String = text.chars().take(16).collect();
            more.push(format!("{beginning}: {most} of {estimate} bytes"));
        }
    }
    assert!(more.is_empty(), "{more:#?}");
}

/// 64 KiB of `\w` took some 200 MB.
#[test]
fn no_expression_of_a_caller_takes_much_while_it_is_read() {
    let mut more = Vec::new();
    let mut check = |what: &str, text: &str, most: u64, bound: u64| {
        if most > bound {
            let beginning: String = text.chars().take(16).collect();
            more.push(format!("{what} {beginning}: {most} bytes"));
        }
    };
    for piece in COSTLY {
        let text = long(piece, 4090);
        let bound = TREE_BYTES_MAX as u64 + 3 * MEBIBYTE;
        let (_, most) = peak(|| {
            TagExpression::parse(&format!("a=~{text}"))
                .map(|expression| expression.condition().is_ok())
        });
        check("tag", &text, most, bound);
        let filter = Filter {
            pattern: Some(&text),
            limit: None,
        };
        let (_, most) = peak(|| catalog::tags([].iter(), filter, &mut || Ok::<_, ()>(())).is_ok());
        check("filter", &text, most, bound);
        let matched = long(piece, 2048);
        let (_, most) = peak(|| Matcher::new("a", Op::Regex, &matched).is_ok());
        // The states of an automaton, and its table while it is made: each has the bound of a table.
        check("matcher", &matched, most, bound + 10 * MEBIBYTE);
        let text = rules(&text);
        let (_, most) = peak(|| Rules::parse(&text, "").is_ok());
        check("rules", &text, most, 10 * MEBIBYTE);
        let text = rules(&long(piece, 300));
        let (_, most) = peak(|| Rules::parse(&text, "").is_ok());
        check("short rules", &text, most, 10 * MEBIBYTE);
    }
    assert!(more.is_empty(), "{more:#?}");
}

#[test]
fn compiled_rules_are_counted_as_what_they_take_at_the_least() {
    let mut more = Vec::new();
    let mut most_counted = 0;
    let patterns = COSTLY.iter().flat_map(|piece| {
        let many = [1, 100, 1000];
        many.map(|letters| long(piece, letters.max(piece.len())))
    });
    let others = [r"(a?){2000}b", r"(a{100}){100}", r"\w{20}", "^carbon\\."];
    for pattern in patterns.chain(others.map(str::to_owned)) {
        for text in [
            rules(&pattern),
            format!("[a]\npattern={pattern}\nretentions=1s:1d"),
        ] {
            let (rules, held) = held(|| {
                let rules = Rules::parse(&text, "").ok()?;
                let _ = rules.view(&"aé".repeat(100), 0);
                Some(rules)
            });
            let Some(rules) = rules else { continue };
            most_counted = rules.bytes().max(most_counted);
            if held > rules.bytes() + 4096 {
                let beginning: String = pattern.chars().take(16).collect();
                more.push(format!(
                    "{beginning} of {}: {held} of {} bytes",
                    pattern.len(),
                    rules.bytes()
                ));
            }
        }
    }
    assert!(more.is_empty(), "{more:#?}");
    assert!(most_counted > MEBIBYTE, "{most_counted}");
    // What people have is small.
    let usual = Rules::parse(
        "[carbon]\npattern = ^carbon\\.\nretentions = 60:90d\n[all]\npattern = .*\nretentions = 10s:6h,1m:30d",
        "",
    );
    let usual = usual.unwrap().bytes();
    assert!(usual < 100_000, "{usual}");
}
