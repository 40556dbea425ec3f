use super::*;
use proptest::prelude::*;

fn key(path: &str, labels: &[(&str, &str)]) -> SeriesKey<'static> {
    SeriesKey::new(path, labels.iter().copied()).unwrap()
}

fn matcher(name: &str, op: Op, value: &str) -> Matcher {
    Matcher::new(name, op, value).unwrap()
}

#[test]
fn a_label_that_is_not_there_is_empty() {
    for (op, value, label, fits) in [
        (Op::Equal, "a", "a", true),
        (Op::Equal, "a", "", false),
        (Op::Equal, "", "", true),
        (Op::NotEqual, "a", "", true),
        (Op::NotEqual, "", "", false),
        (Op::Regex, "a|ab", "ab", true),
        (Op::Regex, "a|ab", "abc", false),
        (Op::Regex, "b", "ab", false),
        (Op::Regex, "a)|(?:b", "b", false),
        (Op::Regex, ".*", "", true),
        (Op::Regex, ".+", "", false),
        (Op::Regex, ".+", "a.b/c\nd", true),
        (Op::Regex, "h[0-9]+\\.eu", "h17.eu", true),
        (Op::NotRegex, "a.*", "ab", false),
        (Op::NotRegex, "a.*", "", true),
    ] {
        let Ok(matcher) = Matcher::new("l", op, value) else {
            assert_eq!(
                value, "a)|(?:b",
                "no regular expression: brackets cannot be left"
            );
            continue;
        };
        assert_eq!(matcher.fits(label), fits, "{op} {value:?} {label:?}");
        let selector = Selector::new(None, vec![matcher]).unwrap();
        assert_eq!(
            selector.matches(&key("m", &[("l", label), ("z", "y")])),
            fits
        );
    }
}

#[test]
fn a_path_has_matchers_too_and_labels_may_be_asked_for() {
    let (plain, tagged) = (key("a.cpu", &[]), key("a.cpu", &[("host", "x")]));
    let any = |op, value| {
        let selector = Selector::all().with_path_matchers(vec![matcher("", op, value)]);
        selector.unwrap()
    };
    for (op, value, fits) in [
        (Op::Equal, "a.cpu", true),
        (Op::NotEqual, "a.cpu", false),
        (Op::Regex, "a\\..*", true),
        (Op::Regex, "a", false),
        (Op::NotRegex, "a.*", false),
    ] {
        assert_eq!(any(op, value).matches(&plain), fits, "{op} {value:?}");
        assert_eq!(any(op, value).matches(&tagged), fits, "{op} {value:?}");
    }
    for labelled in [true, false] {
        let selector = Selector::parse("a.*").unwrap().labelled(labelled);
        assert_eq!(selector.matches(&tagged), labelled);
        assert_eq!(selector.matches(&plain), !labelled);
    }
    let many = (0..=limit::MATCHERS_PER_SELECTOR.default).map(|_| matcher("", Op::Equal, "a"));
    let refused = Selector::all().with_path_matchers(many.collect());
    assert!(matches!(refused, Err(MatcherError::TooMany(_))));
}

#[test]
fn a_glob_is_for_graphites_text_or_for_the_path() {
    let (plain, tagged) = (key("a.cpu", &[]), key("a.cpu", &[("host", "x.y z")]));
    let named = |glob| Selector::parse(glob).unwrap();
    assert!(named("a.cpu").matches(&plain) && !named("a.cpu").matches(&tagged));
    assert!(named("a.cpu*").matches(&tagged) && named("*.*;host=x.y*").matches(&tagged));
    let exactly = crate::pattern::escape(&tagged.graphite());
    assert!(named(&exactly).matches(&tagged) && !named(&exactly).matches(&plain));
    let path = Pattern::parse("*.cpu").unwrap();
    let of_path = Selector::new(Some(path.clone()), Vec::new()).unwrap();
    assert!(of_path.matches(&plain) && of_path.matches(&tagged));
    let of_host = vec![matcher("host", Op::Regex, "x\\..*")];
    let of_host = Selector::new(Some(path), of_host).unwrap();
    assert!(!of_host.matches(&plain) && of_host.matches(&tagged));
    assert!(Selector::all().matches(&plain) && Selector::all().matches(&tagged));
}

#[test]
fn what_one_may_cost_has_a_limit_with_a_name() {
    let most = limit::MATCHERS_PER_SELECTOR.default as usize;
    let matchers = vec![matcher("a", Op::Equal, "b"); most + 1];
    let error = Selector::new(None, matchers).unwrap_err();
    assert_eq!(error.limit(), Some(&limit::MATCHERS_PER_SELECTOR));
    let long = "a".repeat(limit::LABEL_VALUE_BYTES.default as usize + 1);
    let error = Matcher::new("a", Op::Equal, &long).unwrap_err();
    assert_eq!(error.limit(), Some(&limit::LABEL_VALUE_BYTES));
    for text in [".*a.{20}", "(?:(?:a{100}){100}){100}"] {
        let begun = std::time::Instant::now();
        let error = Matcher::new("a", Op::Regex, text).unwrap_err();
        assert_eq!(error.limit(), Some(&limit::PATTERN_TABLE_BYTES), "{text}");
        assert!(begun.elapsed().as_secs() < 60, "{text}");
    }
    assert!(matches!(
        Matcher::new("a", Op::Regex, "a("),
        Err(MatcherError::Syntax(_))
    ));
    let few = vec![Selector::all(); limit::SELECTORS_PER_FILTER.default as usize];
    let one_more = few.iter().cloned().chain([Selector::all()]).collect();
    assert!(NameFilter::any(few).is_some() && NameFilter::any(one_more).is_none());
}

/// Each of them had the whole of it, and took as long: a selector of sixty-four cost sixty-four times as much as one.
#[test]
fn the_matchers_of_a_selector_have_one_bound_together() {
    let mut budget = MatcherBudget::default();
    // Some two thousand states.
    let text = "[ab]*a[ab]{10}";
    let mut matchers = Vec::new();
    let refused = loop {
        match Matcher::with_budget(&mut budget, "a", Op::Regex, text) {
            Ok(matcher) => matchers.push(matcher),
            Err(refused) => break refused,
        }
    };
    assert!((4..64).contains(&matchers.len()), "{}", matchers.len());
    assert_eq!(refused.limit(), Some(&limit::PATTERN_TABLE_BYTES));
    let message = refused.to_string();
    let most = limit::PATTERN_TABLE_BYTES.default;
    assert!(message.contains(&(most + 1).to_string()), "{message}");
    assert!(message.ends_with(&format!("is {most}")), "{message}");
    // Nothing is tried any more, however small, and what needs no table goes on.
    let next = Matcher::with_budget(&mut budget, "a", Op::NotRegex, "b");
    assert!(matches!(next, Err(MatcherError::TooLarge(_))));
    matchers.push(Matcher::with_budget(&mut budget, "a", Op::Equal, "ab").unwrap());
    assert!(Selector::new(None, matchers).unwrap().table_bytes() <= most);
    // What is read has one bound, too: classes in either case are large, and their tables small.
    let mut budget = MatcherBudget::default();
    let text = format!("(?i){}", "[k]".repeat(12));
    let read = [(); 3].map(|()| Matcher::with_budget(&mut budget, "a", Op::Regex, &text).is_ok());
    assert_eq!(read, [true, true, false]);
    assert!(Matcher::with_budget(&mut budget, "a", Op::Regex, "b").is_ok());
}

#[test]
fn a_filter_is_any_of_its_selectors() {
    let filter = |globs: &[&str]| {
        let globs = globs.iter().map(|glob| Selector::parse(glob).unwrap());
        NameFilter::any(globs.collect()).unwrap()
    };
    let both = filter(&["app.*", "db.**"]);
    for (path, is_in) in [
        ("app.a", true),
        ("app.a.b", false),
        ("db.a.b", true),
        ("x", false),
    ] {
        assert_eq!(both.matches(&key(path, &[])), is_in, "{path}");
    }
    assert!(!filter(&[]).matches(&key("app.a", &[])));
}

proptest! {
    /// One step for a byte, and the same answer as by the definition.
    #[test]
    fn an_expression_fits_the_whole_value_or_not_at_all(
        words in prop::collection::vec("[ab]{0,3}", 1..5),
        value in "[abc]{0,4}",
    ) {
        let regex = matcher("l", Op::Regex, &words.join("|"));
        prop_assert_eq!(regex.fits(&value), words.contains(&value));
        let not = matcher("l", Op::NotRegex, &words.join("|"));
        prop_assert_eq!(not.fits(&value), !words.contains(&value));
    }

    /// A selector means what all of its matchers mean, in whatever order they stand, also several for one label.
    #[test]
    fn a_selector_means_what_each_of_its_matchers_means(
        parts in prop::collection::vec(("[hl]", 0_usize..4, "[ab]{0,2}"), 0..5),
        labels in prop::collection::btree_map("[hlz]", "[ab]{1,2}", 0..3),
        glob in prop::option::of("[ab*?]{1,3}"),
        path in "[ab]{1,3}",
    ) {
        let ops = [Op::Equal, Op::NotEqual, Op::Regex, Op::NotRegex];
        let pairs = labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let key = SeriesKey::new(&path, pairs).unwrap();
        let means = |(name, op, value): &(String, usize, String)| {
            let label = labels.get(name).map_or("", String::as_str);
            (label == value) == (op % 2 == 0)
        };
        let glob = glob.map(|glob| Pattern::parse(&glob).unwrap());
        let fits = glob.as_ref().is_none_or(|glob| glob.matches(&path));
        let expected = fits && parts.iter().all(means);
        let mut matchers: Vec<_> = parts
            .iter()
            .map(|(name, op, value)| matcher(name, ops[*op], value))
            .collect();
        for _ in 0..matchers.len().max(1) {
            let selector = Selector::new(glob.clone(), matchers.clone()).unwrap();
            prop_assert_eq!(selector.matches(&key), expected, "{:?}", selector);
            prop_assert_eq!(selector.fits_matchers(key.path(), &key.labels()), parts.iter().all(means));
            if !matchers.is_empty() {
                matchers.rotate_left(1);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "([a-c.*+?|()\\[\\]{}^$\\\\0-9]|\\PC){0,20}", value in "\\PC{0,9}") {
        if let Ok(matcher) = Matcher::new("l", Op::Regex, &text) {
            let _ = matcher.fits(&value);
        }
    }
}
