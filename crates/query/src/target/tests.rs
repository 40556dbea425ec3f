mod generated;

use super::*;
use proptest::prelude::*;

fn rendered(text: &str) -> String {
    parse(text).map_or_else(
        |error| format!("error: {error}"),
        |expression| form(&expression),
    )
}

/// The tree as a nested call, in which a text is in quotes and a keyword keeps its name.
fn form(expression: &Expression) -> String {
    match &expression.kind {
        Kind::Path(path) => format!("<{path}>"),
        Kind::Integer(number) => format!("{number}"),
        Kind::Float(number) => format!("{number:?}"),
        Kind::Text(text) => format!("{text:?}"),
        Kind::Boolean(boolean) => format!("{boolean}"),
        Kind::None => "none".to_owned(),
        Kind::Call(call) => {
            let arguments = call.arguments.iter().map(form);
            let keywords = call.keywords.iter();
            let keywords =
                keywords.map(|keyword| format!("{}={}", keyword.name, form(&keyword.value)));
            let all: Vec<_> = arguments.chain(keywords).collect();
            format!("{}({})", call.name, all.join(" "))
        }
        Kind::Template(template) => {
            let arguments = template.arguments.iter().map(form);
            let keywords = template.keywords.iter();
            let keywords =
                keywords.map(|keyword| format!("{}={}", keyword.name, form(&keyword.value)));
            let body = form(&template.body);
            let all: Vec<_> = [body]
                .into_iter()
                .chain(arguments)
                .chain(keywords)
                .collect();
            format!("template({})", all.join(" "))
        }
    }
}

#[test]
fn paths_calls_and_values_are_told_apart() {
    for (text, tree) in [
        ("a.b.c", "<a.b.c>"),
        ("a.*.{b,c}[0-9]?.d;x=y", "<a.*.{b,c}[0-9]?.d;x=y>"),
        ("a.{b.c,d{e,f}}", "<a.{b.c,d{e,f}}>"),
        (r"a\,b\(c\).d", "<a,b(c).d>"),
        (" sum( a.b , c ) ", "sum(<a.b> <c>)"),
        ("scale(a,-2.5e-3)", "scale(<a> -0.0025)"),
        ("f(a,5,5.0,5.load,-inf)", "f(<a> 5 5.0 <5.load> <-inf>)"),
        (
            "f(a,TRUE,None,inf,trueish)",
            "f(<a> true none inf <trueish>)",
        ),
        (r#"f(a,"x,y)",'it"s')"#, r#"f(<a> "x,y)" "it\"s")"#),
        ("f(a,func='sum',n=3)", r#"f(<a> func="sum" n=3)"#),
        ("a|scale(2)|alias('x')", r#"alias(scale(<a> 2) "x")"#),
        ("f(a | g(1), b)", "f(g(<a> 1) <b>)"),
        (
            "template(f($x.b,$1),7,'q')",
            r#"template(f(<$x.b> <$1>) 7 "q")"#,
        ),
        ("template(a.$n,n='b')", r#"template(<a.$n> n="b")"#),
        ("f()", "f()"),
        ("f(a=b.c)", "f(a=<b.c>)"),
    ] {
        assert_eq!(rendered(text), tree, "{text}");
    }
}

#[test]
fn an_error_says_where_it_is() {
    for (text, error) in [
        (
            "",
            "expected a path or a function at column 1, but the target ends there",
        ),
        (
            "f(a",
            "expected `,` or `)` at column 4, but the target ends there",
        ),
        (
            "f(a))",
            "expected the end of the target at column 5, but there is `)`",
        ),
        (
            "a.b junk",
            "expected the end of the target at column 5, but there is `j`",
        ),
        (
            "f(a,)",
            "expected a path or a function at column 5, but there is `)`",
        ),
        (
            "f(a,'x)",
            "the text that begins at column 5 has no closing quote",
        ),
        ("a.{b,c", "the brace at column 3 is never closed"),
        (
            "a|b",
            "expected a function call behind `|` at column 3, but there is `b`",
        ),
    ] {
        assert_eq!(rendered(text), format!("error: {error}"), "{text}");
    }
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}a{}", "f(".repeat(depth), ")".repeat(depth));
    assert!(parse(&nested(63)).is_ok());
    assert!(rendered(&nested(64)).contains("`target_depth` is 64"));
    assert!(parse(&format!("a{}", "|f()".repeat(63))).is_ok());
    assert!(rendered(&format!("a{}", "|f()".repeat(64))).contains("`target_depth` is 64"));
    // Pipes and parentheses count together.
    let both = |depth: usize, pipes: usize| {
        let piped = format!("){}", "|f()".repeat(pipes));
        format!("{}a{}", "f(".repeat(depth), piped.repeat(depth))
    };
    assert!(parse(&both(21, 2)).is_ok());
    assert!(rendered(&both(22, 2)).contains("`target_depth` is 64"));
    assert!(rendered(&both(2, 62)).contains("`target_depth` is 64"));
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in r#"[a-f0-9.,(){}'"|\\ =$\*\[\]é-]{0,60}"#) {
        if let Err(error) = parse(&text) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
