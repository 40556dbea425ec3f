//! Targets that are made with what they mean, and texts that mean nothing.

use super::*;
use base::limit;
use std::ops::Range;

/// A part of a target, and the form that it must be read as.
#[derive(Debug, Clone)]
struct Part {
    text: String,
    form: String,
    /// Whether calls may be piped after it.
    is_expression: bool,
}

impl Part {
    fn value(text: String, form: String) -> Self {
        Self {
            text,
            form,
            is_expression: false,
        }
    }

    fn expression(text: String, form: String) -> Self {
        Self {
            text,
            form,
            is_expression: true,
        }
    }
}

/// A piece of a path: as written, and as meant.
fn piece() -> impl Strategy<Value = (String, String)> {
    let plain = "[a-zA-Z0-9_:;=*?$%é-]{1,4}|\\[a-c\\]|\\.";
    let escaped = prop::sample::select(vec!['(', ')', '{', '}', ',', '\'', '"', '\\', '|', '=']);
    let braces = "\\{[a-z.]{0,3}(,[a-z*]{1,3}){0,2}(,\\{[a-z]{1,2},[a-z]{1,2}\\})?\\}";
    prop_oneof![
        4 => plain.prop_map(|text| (text.clone(), text)),
        1 => escaped.prop_map(|character| (format!("\\{character}"), character.to_string())),
        1 => braces.prop_map(|text| (text.clone(), text)),
    ]
}

/// With a dot after its first element, and so neither a word nor the name of a parameter.
fn path() -> impl Strategy<Value = Part> {
    ("[a-zA-Z_*]{1,6}", prop::collection::vec(piece(), 1..5)).prop_map(|(first, pieces)| {
        let (written, meant): (String, String) = pieces.into_iter().unzip();
        Part::expression(format!("{first}.{written}"), format!("<{first}.{meant}>"))
    })
}

/// A number or a text, which templates take too.
fn literal() -> impl Strategy<Value = Part> {
    let finite = any::<f64>().prop_filter("a number", |number| number.is_finite());
    let inside = prop_oneof![
        6 => "[^'\"\\\\\\pC]{1,4}",
        1 => prop::sample::select(vec!["\\\\", "\\'", "\\\"", "\\n"]).prop_map(str::to_owned),
    ];
    let texts = (prop::collection::vec(inside, 0..4), any::<bool>());
    prop_oneof![
        any::<i64>().prop_map(|number| Part::value(number.to_string(), number.to_string())),
        finite.prop_map(|number| Part::value(format!("{number:?}"), format!("{number:?}"))),
        texts.prop_map(|(pieces, is_double)| {
            let (inside, quote) = (pieces.concat(), if is_double { '"' } else { '\'' });
            Part::value(format!("{quote}{inside}{quote}"), format!("{inside:?}"))
        }),
    ]
}

fn word_value() -> impl Strategy<Value = Part> {
    let words = vec![
        "true", "TRUE", "false", "False", "none", "None", "inf", "Inf",
    ];
    prop::sample::select(words)
        .prop_map(|word| Part::value(word.to_owned(), word.to_ascii_lowercase()))
}

fn word() -> impl Strategy<Value = String> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,7}".prop_filter("a function", |name| name != "template")
}

fn gap() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "", " ", "\n ", "\u{a0}"])
}

/// Arguments by place and by name: their text in parentheses, without the first one where that is piped, and their forms.
fn arguments(placed: &[Part], named: &[(String, Part)], gap: &str) -> (String, Vec<String>) {
    let named_texts = named
        .iter()
        .map(|(name, part)| format!("{name}{gap}={gap}{}", part.text));
    let texts: Vec<String> = placed
        .iter()
        .map(|part| part.text.clone())
        .chain(named_texts)
        .collect();
    let named_forms = named
        .iter()
        .map(|(name, part)| format!("{name}={}", part.form));
    let forms = placed
        .iter()
        .map(|part| part.form.clone())
        .chain(named_forms);
    let text = texts.join(&format!("{gap},{gap}"));
    (text, forms.collect())
}

fn call(inner: impl Strategy<Value = Part> + Clone + 'static) -> impl Strategy<Value = Part> {
    let placed = prop::collection::vec(inner.clone(), 0..4);
    let named = prop::collection::vec((word(), inner), 0..3);
    (word(), placed, named, gap(), any::<bool>()).prop_map(
        |(name, placed, named, gap, is_piped)| {
            let (_, forms) = arguments(&placed, &named, gap);
            let form = format!("{name}({})", forms.join(" "));
            let text = match placed.split_first() {
                Some((first, rest)) if is_piped && first.is_expression => {
                    let (text, _) = arguments(rest, &named, gap);
                    format!("{}{gap}|{gap}{name}{gap}({gap}{text}{gap})", first.text)
                }
                _ => {
                    let (text, _) = arguments(&placed, &named, gap);
                    format!("{name}{gap}({gap}{text}{gap})")
                }
            };
            Part::expression(text, form)
        },
    )
}

fn template(body: impl Strategy<Value = Part> + 'static) -> impl Strategy<Value = Part> {
    let body = body.prop_filter("an expression", |part| part.is_expression);
    let placed = prop::collection::vec(literal(), 0..3);
    let named = prop::collection::vec((word(), literal()), 0..3);
    (body, placed, named, gap()).prop_map(|(body, placed, named, gap)| {
        let all: Vec<Part> = std::iter::once(body).chain(placed).collect();
        let (text, forms) = arguments(&all, &named, gap);
        Part::expression(
            format!("template{gap}({gap}{text}{gap})"),
            format!("template({})", forms.join(" ")),
        )
    })
}

fn expression() -> impl Strategy<Value = Part> {
    let leaf = prop_oneof![3 => path(), 1 => literal(), 1 => word_value()];
    let nested = leaf.prop_recursive(
        5,
        48,
        6,
        |inner| prop_oneof![4 => call(inner.clone()), 1 => template(inner)],
    );
    nested.prop_filter("an expression", |part| part.is_expression)
}

/// Every part stands where it says, inside of what it is a part of, and says the same when it is read alone.
fn spans_are_true(
    text: &str,
    expression: &Expression,
    outside: &Range<usize>,
) -> Result<(), TestCaseError> {
    let span = &expression.span;
    prop_assert!(outside.start <= span.start && span.end <= outside.end);
    let alone = text.get(span.clone());
    prop_assert!(alone.is_some_and(|alone| !alone.is_empty()), "{:?}", span);
    let (placed, named) = match &expression.kind {
        Kind::Call(call) => {
            prop_assert_eq!(text.get(call.name_span.clone()), Some(call.name.as_str()));
            prop_assert!(span.start <= call.name_span.start);
            let from_name = text.get(call.name_span.start..span.end);
            let is_call = |source: &str| source.starts_with(&call.name) && source.ends_with(')');
            prop_assert!(from_name.is_some_and(is_call), "{:?}", from_name);
            (&call.arguments, &call.keywords)
        }
        Kind::Template(template) => {
            spans_are_true(text, &template.body, span)?;
            (&template.arguments, &template.keywords)
        }
        Kind::Path(_) => {
            prop_assert_eq!(rendered(alone.unwrap_or_default()), form(expression));
            return Ok(());
        }
        _ => return Ok(()),
    };
    let values = placed
        .iter()
        .chain(named.iter().map(|argument| &argument.value));
    let mut all = values;
    all.try_for_each(|child| spans_are_true(text, child, span))
}

const TOKENS: &[&str] = &[
    "(",
    ")",
    ",",
    "|",
    "=",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    " ",
    "a",
    "a.b",
    "f",
    "f(",
    "template(",
    "$x",
    "1",
    "-",
    "1e5",
    "true",
    "inf",
    "*",
    "[",
    "]",
    "é",
    "\u{0}",
    "\u{202e}",
    "😀",
    "a|f()",
    "k=",
];

const WRAPPERS: &[(&str, &str)] = &[
    ("f(", ")"),
    ("", "|f()"),
    ("template(", ")"),
    ("template(", ",1,x='2')"),
    ("f(k=", ")"),
    ("f(b.c, 1,", ",'x')"),
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read(part in expression(), before in gap(), after in gap()) {
        let text = format!("{before}{}{after}", part.text);
        let read = parse(&text);
        prop_assert!(read.is_ok(), "{}: {:?}", text, read);
        let read = read.unwrap();
        prop_assert_eq!(form(&read), part.form, "{}", text);
        spans_are_true(&text, &read, &(0..text.len()))?;
    }

    #[test]
    fn any_tokens_are_read_or_refused_where_they_stand(
        tokens in prop::collection::vec(prop::sample::select(TOKENS), 0..80),
    ) {
        let text = tokens.concat();
        match parse(&text) {
            Ok(expression) => spans_are_true(&text, &expression, &(0..text.len()))?,
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_text_at_all_is_read_or_refused(text in any::<String>()) {
        if let Ok(expression) = parse(&text) {
            spans_are_true(&text, &expression, &(0..text.len()))?;
        }
    }

    #[test]
    fn however_it_is_nested_it_has_the_same_limit(
        wrappers in prop::collection::vec(prop::sample::select(WRAPPERS), 0..90),
    ) {
        let mut text = "a.b".to_owned();
        for (before, after) in &wrappers {
            text = format!("{before}{text}{after}");
        }
        match parse(&text) {
            Ok(_) => prop_assert!(wrappers.len() < DEPTH_MAX),
            Err(error) => {
                prop_assert!(wrappers.len() >= DEPTH_MAX, "{}", error);
                prop_assert!(error.to_string().contains("`target_depth` is 64"), "{}", error);
            }
        }
    }
}

#[test]
fn a_text_has_a_limit_whatever_it_holds() {
    let most = usize::try_from(limit::TARGET_BYTES.default).unwrap();
    assert!(parse(&"a".repeat(most)).is_ok());
    for token in TOKENS.iter().filter(|token| !token.trim().is_empty()) {
        let long = token.repeat(most / token.len() + 1);
        assert!(parse(&long).is_err(), "{token}");
        // Neither is one of the longest that are read a reason to stop.
        let _ = parse(&token.repeat(most / token.len()));
    }
}
