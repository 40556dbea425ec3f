//! The syntax tree of a target.

use std::ops::Range;

/// A part of a target, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    /// Its kind.
    pub kind: Kind,
    /// Its bytes in the target's text.
    pub span: Range<usize>,
}

impl Expression {
    /// The paths in it, each with its bytes in the target's text, in order. Those of templates hold variables and are left out,
    /// and so are those that stand by name alone: nothing is read for them.
    #[must_use]
    pub fn paths(&self) -> Vec<(&str, Range<usize>)> {
        let mut paths = Vec::new();
        self.find_paths(&mut paths);
        paths
    }

    fn find_paths<'e>(&'e self, paths: &mut Vec<(&'e str, Range<usize>)>) {
        match &self.kind {
            Kind::Path(path) => paths.push((path, self.span.clone())),
            Kind::Call(call) => call
                .arguments
                .iter()
                .for_each(|argument| argument.find_paths(paths)),
            _ => {}
        }
    }
}

/// The kinds of parts of a target.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A path with wildcards, as written but without backslashes.
    Path(String),
    /// A function and its arguments.
    Call(Call),
    /// `template(…)`.
    Template(Box<Template>),
    /// A whole number.
    Integer(i64),
    /// Any other number; `inf` too.
    Float(f64),
    /// A text in quotes, without them.
    Text(String),
    /// `true` or `false`.
    Boolean(bool),
    /// `none`.
    None,
}

/// A function and its arguments. `a|f(b)` is the same as `f(a,b)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function's name.
    pub name: String,
    /// Where the name stands.
    pub name_span: Range<usize>,
    /// The arguments by place.
    pub arguments: Vec<Expression>,
    /// The arguments by name.
    pub keywords: Vec<Keyword>,
}

/// An argument by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyword {
    /// The parameter's name.
    pub name: String,
    /// Its value.
    pub value: Expression,
}

/// An expression with variables (`$name`, `$1`) and what they stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The expression, in which variables are still paths and parts of paths.
    pub body: Expression,
    /// Values of `$1`, `$2`…
    pub arguments: Vec<Expression>,
    /// Values of variables with a name.
    pub keywords: Vec<Keyword>,
}
