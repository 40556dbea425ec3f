use super::circle::Circle;
use super::*;
use std::collections::BTreeMap;

/// A crate of these files; the first is its root.
pub(super) fn krate(files: &[(&str, &str)]) -> Source {
    let texts: BTreeMap<PathBuf, &str> = files
        .iter()
        .map(|(name, text)| (PathBuf::from(name), *text))
        .collect();
    let mut read = |path: &Path| Ok(texts.get(path).map(|text| (*text).to_owned()));
    Source::read(Path::new(files[0].0), &mut read).unwrap()
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    circles("k", &krate(files))
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn one_direction_is_no_circle() {
    let files = [
        (
            "src/lib.rs",
            "mod a; mod b; pub use a::A; fn f() { b::g() }",
        ),
        ("src/a.rs", "use crate::b::B; pub struct A(B);"),
        ("src/b.rs", "pub struct B; pub fn g() {}"),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
}

#[test]
fn a_circle_is_found_whatever_form_its_paths_have() {
    let back = [
        "use crate::a::A; fn f(_: A) {}",
        "use super::a::A; fn f(_: A) {}",
        "use crate::{a::{self, A as Other}}; fn f(_: Other) {}",
        "use crate::a; fn f(_: a::A) {}",
        "use crate::a as other; fn f() { other::h() }",
        "use crate::a::*; fn f() {}",
        "fn f(_: crate::a::A) {}",
        "fn f() -> u8 { super::a::h(); 1 }",
        "fn f() { println!(\"{}\", crate::a::h()) }",
        "#[derive(X)] struct S { #[serde(with = \"crate::a\")] x: u8, #[clap(value_parser = crate::a::h)] y: u8 }",
        "fn f() { use crate::a::h; h() }",
        "impl crate::a::T for u8 {}",
        "pub(crate) use crate::a::A; fn f(_: A) {}",
        "mod inner { fn f() { crate::a::h() } }",
        "mod inner { fn f() { super::super::a::h() } }",
    ];
    for text in back {
        let files = [
            ("src/main.rs", "mod a; mod b;"),
            (
                "src/a.rs",
                "use crate::b::B; pub struct A(B); pub fn h() {} pub trait T {}",
            ),
            ("src/b.rs", &format!("pub struct B; {text}")),
        ];
        assert_eq!(found(&files), ["k crate: a b"], "{text}");
    }
}

#[test]
fn what_tests_use_is_free() {
    for text in [
        "#[cfg(test)] mod tests { use crate::a::A; }",
        "#[cfg(test)] use crate::a::A;",
        "#[cfg(test)] fn f(_: crate::a::A) {}",
        "#[test] fn f() { crate::a::h() }",
        "impl B { #[cfg(test)] fn f(_: crate::a::A) {} }",
        "#[cfg(test)] mod absent;",
    ] {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            (
                "src/a.rs",
                "use crate::b::B; pub struct A(B); pub fn h() {}",
            ),
            ("src/b.rs", &format!("pub struct B; {text}")),
        ];
        assert_eq!(found(&files), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_reexport_is_followed_to_where_it_is_defined_and_needs_nothing_itself() {
    // `log/frame.rs` uses what `log.rs` only re-exports: no circle.
    let files = [
        ("src/lib.rs", "pub mod log;"),
        (
            "src/log.rs",
            "mod frame; mod record; pub use frame::Frame; pub use self::record::Record;",
        ),
        (
            "src/log/frame.rs",
            "use super::Record; pub struct Frame(Record);",
        ),
        ("src/log/record.rs", "pub struct Record;"),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
    // Through a private import of the parent's, and through two re-exports and a glob.
    let files = [
        ("src/lib.rs", "mod a; mod b; mod c; pub use b::B;"),
        ("src/a.rs", "use crate::B; pub struct A(B);"),
        ("src/b.rs", "mod deep; pub use deep::*;"),
        ("src/b/deep.rs", "pub struct B; fn f() { crate::c::g() }"),
        ("src/c.rs", "use crate::a::A; pub fn g() {}"),
    ];
    assert_eq!(found(&files), ["k crate: a b c"]);
}

#[test]
fn a_folder_is_everything_below_it() {
    // No two files use one another, but the folders do.
    let files = [
        ("src/lib.rs", "mod client; mod output;"),
        ("src/client.rs", "mod send; mod name;"),
        (
            "src/client/send.rs",
            "fn f() { crate::output::screen::print() }",
        ),
        ("src/client/name.rs", "pub struct Name;"),
        ("src/output.rs", "pub mod screen; mod paint;"),
        ("src/output/screen.rs", "pub fn print() {}"),
        ("src/output/paint.rs", "use crate::client::name::Name;"),
    ];
    assert_eq!(found(&files), ["k crate: client output"]);
}

#[test]
fn a_folders_own_file_is_one_of_its_files() {
    let files = [
        ("src/lib.rs", "mod log;"),
        (
            "src/log.rs",
            "mod frame; use frame::frames; pub struct Record; fn f() { frames() }",
        ),
        ("src/log/frame.rs", "use super::Record; pub fn frames() {}"),
    ];
    assert_eq!(found(&files), ["k crate::log: frame self"]);
    let files = [
        (
            "src/lib.rs",
            "mod log; pub struct Root; fn f() { log::g() }",
        ),
        ("src/log/mod.rs", "pub fn g() {} fn h(_: crate::Root) {}"),
    ];
    assert_eq!(found(&files), ["k crate: log self"]);
}

#[test]
fn a_name_of_a_module_and_of_a_macro_in_it_are_told_apart() {
    let files = [
        ("src/main.rs", "mod shown; mod b;"),
        (
            "src/shown.rs",
            "macro_rules! shown { () => { $crate::shown::RulesComparison } } pub(crate) use shown; pub struct RulesComparison;",
        ),
        (
            "src/b.rs",
            "use crate::shown::{RulesComparison, shown}; fn f() { shown!() }",
        ),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
}

#[test]
fn a_function_that_shares_its_name_with_a_module_is_a_use_like_any_other() {
    for (a, b) in [
        // Defined beside the module, and named by its path or by an import.
        (
            "pub mod answer; pub fn answer() {}",
            "fn f() { crate::a::answer() }",
        ),
        (
            "pub mod answer; pub fn answer() {}",
            "use crate::a::answer; fn f() { answer() }",
        ),
        // Re-exported from it.
        (
            "pub mod answer; pub use answer::answer;",
            "fn f() { crate::a::answer() }",
        ),
    ] {
        let files = [
            ("src/lib.rs", "mod a; mod b;"),
            ("src/a.rs", a),
            ("src/a/answer.rs", "pub fn answer() { crate::b::g() }"),
            ("src/b.rs", &format!("pub fn g() {{}} {b}")),
        ];
        assert_eq!(found(&files), ["k crate: a b"], "{a} {b}");
    }
    // The module alone, of which nothing is used.
    let files = [
        ("src/lib.rs", "mod a; mod b;"),
        (
            "src/a.rs",
            "pub mod answer; pub fn answer() { crate::b::g() }",
        ),
        ("src/a/answer.rs", ""),
        ("src/b.rs", "use crate::a::answer; pub fn g() {}"),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let mut read =
        |path: &Path| Ok((path == Path::new("src/lib.rs")).then(|| "mod gone;".to_owned()));
    let error = Source::read(Path::new("src/lib.rs"), &mut read).unwrap_err();
    assert!(error.to_string().contains("mod gone"), "{error}");
}

fn pair(text: &str) -> Vec<Circle> {
    let files = [
        ("src/lib.rs", "mod a; mod b; mod c;"),
        ("src/a.rs", "use crate::b::B; pub struct A(B);"),
        ("src/b.rs", "pub struct B; use crate::c::C;"),
        ("src/c.rs", text),
    ];
    circles("k", &krate(&files))
}

#[test]
fn the_list_may_only_shrink() {
    let three = pair("pub struct C; use crate::a::A;");
    let two = pair("pub struct C; use crate::b::B;");
    let allowed = |text: &str| Allowed::parse(text).unwrap();
    let line = "k crate: a b c\n";
    assert_eq!(allowed(line).judge(&three), Vec::<String>::new());

    let unlisted = allowed("").judge(&three);
    assert_eq!(unlisted.len(), 1);
    assert!(
        unlisted[0].contains("`a` uses `b`: line 1 of `crate::a` names `crate::b::B`"),
        "{unlisted:?}"
    );

    // Smaller, and gone.
    assert_eq!(allowed(line).judge(&two).len(), 1);
    assert_eq!(allowed(line).judge(&[]).len(), 1);
    assert!(
        allowed(line)
            .shrunk(&two)
            .to_string()
            .ends_with("\nk crate: b c\n")
    );
    assert!(
        allowed(line)
            .shrunk(&[])
            .to_string()
            .lines()
            .all(|line| line.starts_with('#'))
    );

    // Larger, or elsewhere: neither is allowed, and shrinking does not let it in.
    for other in [
        "k crate: b c\n",
        "k crate::a: a b c\n",
        "other crate: a b c\n",
    ] {
        assert!(!allowed(other).judge(&three).is_empty(), "{other}");
        assert!(
            allowed(other).shrunk(&three).judge(&three).len() == 1,
            "{other}"
        );
    }
    assert!(Allowed::parse("k crate a b").is_err());
}
