use super::*;
use proptest::prelude::*;

const SCHEMAS: &str = "
# carbon's own
[carbon]
pattern = ^carbon\\.
retentions = 60:90d

[fast]
pattern = \\.cpu$
priority = 100
retentions = 1min:7d, 10s:6h

[default]
PATTERN: .*
retentions = 5m:1y
";

const AGGREGATIONS: &str = "
[sums]
pattern = \\.count$
xFilesFactor = 0
aggregationMethod = sum

[rest]
pattern = .*
xFilesFactor = 0.3
";

#[test]
fn the_first_rule_that_fits_counts() {
    let rules = Rules::parse(SCHEMAS, AGGREGATIONS).unwrap();
    for (name, step, method, share) in [
        ("carbon.agents.cpu", 60, Consolidation::Average, 0.3),
        ("web.cpu", 10, Consolidation::Average, 0.3),
        ("web.count", 300, Consolidation::Sum, 0.0),
        ("load;host=a.cpu", 10, Consolidation::Average, 0.3),
    ] {
        let view = View {
            step,
            method,
            x_files_factor: share,
        };
        assert_eq!(rules.view(name, 0), view, "{name}");
    }
    let kept = |name| {
        rules
            .retentions(name)
            .iter()
            .map(|retention| (retention.step, retention.kept))
    };
    assert_eq!(
        kept("web.cpu").collect::<Vec<_>>(),
        [(10, 21_600), (60, 604_800)]
    );
}

#[test]
fn without_rules_a_value_stands_for_a_minute() {
    let rules = Rules::parse("", "").unwrap();
    assert!(rules.has_no_step_rules() && rules.retentions("a").is_empty());
    let view = rules.view("a", 0);
    assert_eq!((view.step, view.x_files_factor), (60, 0.5));
}

#[test]
fn an_error_says_file_line_and_what_would_be_right() {
    let schemas = |text: &str| Rules::parse(text, "").unwrap_err().to_string();
    for (text, error) in [
        (
            "pattern = a",
            "line 1 of `storage-schemas.conf`: `pattern` stands before the first `[NAME]`",
        ),
        (
            "[a]\nnonsense",
            "line 2 of `storage-schemas.conf`: expected `[NAME]` or `KEY = VALUE`",
        ),
        (
            "[a]\nretentions = 1s:1d",
            "line 1 of `storage-schemas.conf`: the section `[a]` has no `pattern`",
        ),
        (
            "[a]\npattern = a",
            "line 1 of `storage-schemas.conf`: the section `[a]` has no `retentions`",
        ),
        (
            "[a]\npattern = a\npattern = b",
            "line 3 of `storage-schemas.conf`: `pattern` is there twice in its section",
        ),
        (
            "[a]\npattern = a\nretentions = 10s",
            "line 3 of `storage-schemas.conf`: `10s` is no retention: write `STEP:KEPT`, for example `10s:6h` or `60:1440`",
        ),
        (
            "[a]\npattern = a\nretentions = 10s:1d,15s:2d",
            "line 3 of `storage-schemas.conf`: 15 s is no multiple of the finer step 10 s",
        ),
        (
            "[a]\npattern = a\nretentions = 10s:1d,60s:1d",
            "line 3 of `storage-schemas.conf`: the retention of step 60 s reaches no further back than the finer one before it",
        ),
        (
            "[a]\npattern = a\nretention = 1s:1d",
            "line 3 of `storage-schemas.conf`: there is no key `retention` here; known are pattern, retentions, priority",
        ),
        (
            "[a]\n[a]",
            "line 2 of `storage-schemas.conf`: the section `[a]` is there twice",
        ),
    ] {
        assert_eq!(schemas(text), error, "{text}");
    }
    let error = schemas("[a]\npattern = (\nretentions = 1s:1d");
    assert!(
        error.starts_with("line 2 of `storage-schemas.conf`: the pattern is no regular expression"),
        "{error}"
    );
    let aggregations = |text: &str| Rules::parse("", text).unwrap_err().to_string();
    assert_eq!(
        aggregations("[a]\npattern = a\nxFilesFactor = 2"),
        "line 3 of `storage-aggregation.conf`: `xFilesFactor` is a number from 0 to 1, not `2`"
    );
    assert!(
        aggregations("[a]\npattern = a\naggregationMethod = mean")
            .contains("no aggregation method `mean`")
    );
}

#[test]
fn an_error_names_a_key_as_it_is_written() {
    let schemas = |text: &str| Rules::parse(text, "").unwrap_err().to_string();
    let aggregations = |text: &str| Rules::parse("", text).unwrap_err().to_string();
    for (message, expected) in [
        (
            schemas("PatteRn = a"),
            "`PatteRn` stands before the first `[NAME]`",
        ),
        (
            schemas("[a]\nPattern = a\nPATTERN = b"),
            "`PATTERN` is there twice in its section",
        ),
        (
            schemas("[a]\npattern = a\nmaxRetention = 1s:1d"),
            "there is no key `maxRetention` here; known are pattern, retentions, priority",
        ),
        (
            aggregations("[a]\npattern = a\nXFF = 1"),
            "there is no key `XFF` here; known are pattern, xFilesFactor, aggregationMethod",
        ),
        (
            aggregations("[a]\npattern = a\nXFilesfactor = 2"),
            "`XFilesfactor` is a number from 0 to 1, not `2`",
        ),
    ] {
        assert!(message.ends_with(expected), "{message}");
    }
    let written = "[a]\nPATTERN = ^a\nRetentions = 10s:1d";
    let methods = "[a]\nPattern = ^a\nXFILESFACTOR = 0\nAggregationmethod = sum";
    let view = Rules::parse(written, methods).unwrap().view("a", 0);
    assert_eq!((view.step, view.x_files_factor), (10, 0.0));
}

#[test]
fn a_file_has_limits() {
    let rule = |index: u64| format!("[r{index}]\npattern = a{index}\nretentions = 1s:1d\n");
    let text = |rules: u64| (0..rules).map(rule).collect::<String>();
    let most = limit::SCHEMA_RULES.default;
    assert!(Rules::parse(&text(most), "").is_ok());
    let error = Rules::parse(&text(most + 1), "").unwrap_err();
    assert!(matches!(error.problem, Problem::TooMany(_)), "{error}");
    // The first beyond is told before anything after it is read.
    let error = Rules::parse(&format!("{}no setting", text(most + 2)), "").unwrap_err();
    let all = usize::try_from(most + 2).unwrap();
    assert_eq!(error.problem, Problem::TooMany(all));
    let first_beyond = usize::try_from(3 * most + 1).unwrap();
    assert_eq!(error.line, first_beyond);
    let keys = (0..1000).map(|index| format!("key{index} = 1\n"));
    let error = Rules::parse(&format!("[a]\n{}", keys.collect::<String>()), "").unwrap_err();
    assert_eq!(error.line, 2, "{error}");
    let large = "[a]\npattern = (a{100}){100}b{100}\nretentions = 1s:1d";
    assert!(Rules::parse(&format!("{large}\n# {}", "x".repeat(70_000)), "").is_err());
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in r"(\[[a-z]\]\n|pattern ?[=:] ?[a-z.*(]{0,4}\n|retentions = [0-9smhdwy:, ]{0,20}\n|[ -~]{0,8}\n){0,8}") {
        match Rules::parse(&text, &text) {
            Ok(rules) => prop_assert!(rules.view("a.b", 0).step > 0),
            Err(error) => prop_assert!(error.line >= 1),
        }
    }
}

#[test]
fn a_pattern_that_is_to_blame_is_named_by_its_line() {
    let rule = |name: usize, pattern: &str| {
        format!("[r{name}]\npattern = {pattern}\nretentions = 1s:1d\n")
    };
    let refused = |patterns: &[&str]| {
        let rules = patterns.iter().enumerate();
        let text: String = rules.map(|(name, pattern)| rule(name, pattern)).collect();
        Rules::parse(&text, "").unwrap_err().to_string()
    };
    assert_eq!(
        refused(&["^a", "b", "(", "["]),
        "line 8 of `storage-schemas.conf`: the pattern is no regular expression: unclosed group"
    );
    // One that is too large alone, and many that are so together.
    let large = "(a{100}){900}b";
    assert!(refused(&["^a", large, "b"]).starts_with("line 5 of"));
    assert!(refused(&[r"\w{3}"; 150]).contains("too large"));
    let long = "a".repeat(4097);
    assert_eq!(
        refused(&["^a", &long]),
        "line 5 of `storage-schemas.conf`: the pattern has 4097 bytes, and `regex_bytes` is 4096"
    );
    // A mistake is found though the patterns are too large as well.
    assert!(refused(&[large, "("]).contains("unclosed group"));
}

#[test]
fn the_step_is_that_of_the_first_retention_that_reaches_back_so_far() {
    let rules = "[a]\npattern = ^a\nretentions = 10s:6h,1m:30d,15m:1y\n";
    let rules = Rules::parse(rules, "").unwrap();
    for (age, step) in [
        (0, 10),
        (6 * 3600, 10),
        (6 * 3600 + 1, 60),
        (30 * 86_400, 60),
        (31 * 86_400, 900),
        (10 * 365 * 86_400, 900),
    ] {
        assert_eq!(rules.view("a", age).step, step, "{age}");
        assert_eq!(rules.view("b", age).step, 60, "{age}");
    }
    assert_eq!((rules.finest_step(), rules.widest_step()), (10, 900));
}

/// Nothing was checked until all patterns were read and compiled.
#[test]
fn reading_rules_hears_before_each_pattern_and_each_part_that_it_is_over() {
    let rule = |index: usize| format!("[r{index}]\npattern = a{index}$\nretentions = 1s:1d\n");
    let text: String = (0..50).map(rule).collect();
    let checked = |most: usize| {
        let mut checks = 0;
        let read = Rules::parse_checked(&text, "", &mut || {
            checks += 1;
            if checks > most { Err("over") } else { Ok(()) }
        });
        (read.map(drop), checks)
    };
    let (read, checks) = checked(usize::MAX);
    assert_eq!(read, Ok(()));
    assert!((51..200).contains(&checks), "{checks}");
    for most in [0, 20, 49, 50, checks - 1] {
        let over = Err(ParseError::Stopped("over"));
        assert_eq!(checked(most), (over, most + 1), "{most}");
    }
    // The other file, too.
    let aggregation = "[a]\npattern = a\nxFilesFactor = 0\n";
    let mut checks = 0;
    let read = Rules::parse_checked("", aggregation, &mut || {
        checks += 1;
        Err("over")
    });
    assert_eq!(
        (read.map(drop), checks),
        (Err(ParseError::Stopped("over")), 1)
    );
}

/// The bound on the patterns together had no name.
#[test]
fn patterns_that_are_too_large_together_are_refused_by_the_name_of_the_limit() {
    let rules = |pattern: &str, count: usize| {
        let rule = |index: usize| format!("[r{index}]\npattern = {pattern}\nretentions = 1s:1d\n");
        let text: String = (0..count).map(rule).collect();
        Rules::parse(&text, "").map(drop)
    };
    let word = r"\w".repeat(30);
    for (pattern, count, limit) in [
        (word.as_str(), 10, &limit::SCHEMA_READING_BYTES),
        ("[a-z]{900}", 100, &limit::SCHEMA_COMPILED_BYTES),
        ("(a{100}){900}", 1, &limit::SCHEMA_COMPILED_BYTES),
    ] {
        let error = rules(pattern, count).unwrap_err();
        assert_eq!(error.problem.limit(), Some(limit), "{pattern}: {error}");
        assert!(error.to_string().contains(limit.name), "{error}");
        assert!(error.line > 1 && error.line <= 3 * count, "{error}");
    }
    assert_eq!(rules("^a", 100), Ok(()));
}

/// A file of rules was compared with a name at once, which took about a second for the largest rules and the longest names.
#[test]
fn a_name_is_compared_in_parts_with_a_look_before_each() {
    let rule = |name: usize, pattern: &str| {
        format!(
            "[r{name}]\npattern = {pattern}\nretentions = {}s:1d\n",
            name + 1
        )
    };
    let patterns: Vec<String> = (0..7).map(|index| format!(r"\w\w{index}$")).collect();
    let text: String = patterns
        .iter()
        .enumerate()
        .map(|(index, pattern)| rule(index, pattern))
        .collect();
    let rules = Rules::parse(&text, "").unwrap();
    let checked = |name: &str, most: usize| {
        let mut checks = Vec::new();
        let view = rules.view_checked(name, 0, &mut |cost| {
            checks.push(cost);
            if checks.len() > most { Err(()) } else { Ok(()) }
        });
        (view.map(|view| view.step), checks)
    };
    let (view, checks) = checked("none-of-them", usize::MAX);
    assert_eq!(view, Ok(DEFAULT_STEP));
    assert!(checks.len() > 4, "{checks:?}");
    assert!(
        checks.iter().all(|check| *check <= (1 << 17) * 12),
        "{checks:?}"
    );
    assert_eq!(checked("none-of-them", 2).0, Err(()));
    // The first that fits counts, whatever part it is in, and the parts after it are not compared.
    for (index, name) in [(0, "abcd0"), (4, "abcd4"), (6, "abcd6")] {
        let (view, _) = checked(name, usize::MAX);
        let first = patterns
            .iter()
            .position(|pattern| regex::Regex::new(pattern).unwrap().is_match(name));
        assert_eq!(view, Ok(first.unwrap() as i64 + 1), "{name} {index}");
    }
    assert_eq!(checked("abcd0", usize::MAX).1.len(), 1);
}
