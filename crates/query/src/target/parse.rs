//! Reads a target. The grammar is graphite-web's, but what it would leave unread at the end of a text is an error here, and
//! braces may hold dots and further braces.

use super::expression::{Call, Expression, Keyword, Kind, Template};
use super::scan::Scanner;
use crate::error::{Error, TargetError};
use base::limit;

/// Calls and templates inside one another.
pub(crate) const DEPTH_MAX: usize = limit::TARGET_DEPTH.default as usize;

/// Reads a target.
///
/// # Errors
/// [`Error::Target`] says what is wrong and at which column.
pub fn parse(text: &str) -> Result<Expression, Error> {
    let mut parser = Parser {
        scanner: Scanner::new(text),
        depth: 0,
        height: 0,
    };
    if text.len() as u64 > limit::TARGET_BYTES.default {
        let problem = TargetError::TooLong(text.len());
        return Err(parser.scanner.error(0..text.len(), problem));
    }
    let expression = parser.piped()?;
    parser.scanner.skip_blanks();
    if parser.scanner.rest().is_empty() {
        Ok(expression)
    } else {
        Err(parser.scanner.expected("the end of the target"))
    }
}

/// Reads what a text begins with: a call or template that is whole, or else a path. What follows it may be anything.
pub(super) fn parse_head(text: &str) -> Result<Expression, Error> {
    let scanner = Scanner::new(text);
    let mut parser = Parser {
        scanner,
        depth: 0,
        height: 0,
    };
    match parser.single() {
        Ok(expression) if !is_call_by_name(&expression) => return Ok(expression),
        _ => parser.scanner = scanner,
    }
    parser.scanner.skip_blanks();
    let start = parser.scanner.at;
    let path = parser.scanner.path()?;
    let path = path.ok_or_else(|| parser.scanner.expected("a path or a function"))?;
    Ok(Expression {
        kind: Kind::Path(path),
        span: start..parser.scanner.at,
    })
}

/// Whether it has arguments by name alone, which graphite-web does not take for a call.
fn is_call_by_name(expression: &Expression) -> bool {
    matches!(&expression.kind, Kind::Call(call) if call.arguments.is_empty() && !call.keywords.is_empty())
}

struct Parser<'t> {
    scanner: Scanner<'t>,
    /// Expressions that are being read, inside one another.
    depth: usize,
    /// Expressions inside one another of those that have been read at this depth, at most.
    height: usize,
}

impl Parser<'_> {
    /// An expression and the calls that it is piped to.
    fn piped(&mut self) -> Result<Expression, Error> {
        if self.depth >= DEPTH_MAX {
            let at = self.scanner.at;
            return Err(self.scanner.error(at..at, TargetError::TooDeep));
        }
        let outside = std::mem::replace(&mut self.height, 0);
        let before = self.depth;
        self.depth += 1;
        let mut expression = self.single()?;
        self.height += 1;
        while self.scanner.take('|') {
            // All that stands before a pipe is inside the call after it.
            if before + self.height >= DEPTH_MAX {
                let at = self.scanner.at;
                return Err(self.scanner.error(at..at, TargetError::TooDeep));
            }
            self.scanner.skip_blanks();
            let mut outer = self
                .call()?
                .ok_or_else(|| self.scanner.expected("a function call behind `|`"))?;
            let span = expression.span.start..self.scanner.at;
            outer.arguments.insert(0, expression);
            self.height += 1;
            let kind = Kind::Call(outer);
            expression = Expression { kind, span };
        }
        self.height = self.height.max(outside);
        self.depth = before;
        Ok(expression)
    }

    /// A template, a call or a path.
    fn single(&mut self) -> Result<Expression, Error> {
        self.scanner.skip_blanks();
        let start = self.scanner.at;
        let kind = if let Some(call) = self.template()? {
            call
        } else if let Some(call) = self.call()? {
            Kind::Call(call)
        } else if let Some(path) = self.scanner.path()? {
            Kind::Path(path)
        } else {
            return Err(self.scanner.expected("a path or a function"));
        };
        let span = start..self.scanner.at;
        Ok(Expression { kind, span })
    }

    fn call(&mut self) -> Result<Option<Call>, Error> {
        let before = self.scanner;
        let start = before.at;
        let Some(name) = self.scanner.word() else {
            return Ok(None);
        };
        let name_span = start..self.scanner.at;
        if !self.scanner.take('(') {
            self.scanner = before;
            return Ok(None);
        }
        let (arguments, keywords) = self.arguments(Self::argument)?;
        Ok(Some(Call {
            name: name.to_owned(),
            name_span,
            arguments,
            keywords,
        }))
    }

    /// `template(expression, values…)`, whose values are numbers and texts. What is no such thing is read as a call, and
    /// refused when it is evaluated.
    fn template(&mut self) -> Result<Option<Kind>, Error> {
        let before = self.scanner;
        if self.scanner.word() != Some("template") || !self.scanner.take('(') {
            self.scanner = before;
            return Ok(None);
        }
        let body = self.piped()?;
        let (arguments, keywords) = if self.scanner.take(',') {
            self.arguments(Self::literal)?
        } else if self.scanner.take(')') {
            (Vec::new(), Vec::new())
        } else {
            return Err(self.scanner.expected("`,` or `)`"));
        };
        Ok(Some(Kind::Template(Box::new(Template {
            body,
            arguments,
            keywords,
        }))))
    }

    /// Arguments up to the parenthesis that ends them: by place, then by name.
    fn arguments(
        &mut self,
        value: fn(&mut Self) -> Result<Expression, Error>,
    ) -> Result<(Vec<Expression>, Vec<Keyword>), Error> {
        let (mut arguments, mut keywords) = (Vec::new(), Vec::new());
        if self.scanner.take(')') {
            return Ok((arguments, keywords));
        }
        loop {
            self.scanner.skip_blanks();
            if let Some(name) = self.keyword_name() {
                let value = value(self)?;
                let name = name.to_owned();
                keywords.push(Keyword { name, value });
            } else if keywords.is_empty() {
                arguments.push(value(self)?);
            } else {
                return Err(self
                    .scanner
                    .expected("`name=value`, as behind one there is nothing else"));
            }
            if self.scanner.take(')') {
                return Ok((arguments, keywords));
            }
            if !self.scanner.take(',') {
                return Err(self.scanner.expected("`,` or `)`"));
            }
        }
    }

    /// The name before a `=`.
    fn keyword_name(&mut self) -> Option<String> {
        let before = self.scanner;
        let name = self.scanner.word().map(str::to_owned);
        if name.is_some() && self.scanner.take('=') {
            return name;
        }
        self.scanner = before;
        None
    }

    fn argument(&mut self) -> Result<Expression, Error> {
        match self.word_value() {
            Some(expression) => Ok(expression),
            None => match self.literal_value()? {
                Some(expression) => Ok(expression),
                None => self.piped(),
            },
        }
    }

    fn literal(&mut self) -> Result<Expression, Error> {
        self.literal_value()?
            .ok_or_else(|| self.scanner.expected("a number or a text in quotes"))
    }

    /// `true`, `false`, `none` or `inf`, in any case, where nothing but the end of the argument comes after it.
    fn word_value(&mut self) -> Option<Expression> {
        self.scanner.skip_blanks();
        let before = self.scanner;
        let word = self.scanner.word()?.to_ascii_lowercase();
        let kind = match word.as_str() {
            "true" => Kind::Boolean(true),
            "false" => Kind::Boolean(false),
            "none" => Kind::None,
            "inf" => Kind::Float(f64::INFINITY),
            _ => {
                self.scanner = before;
                return None;
            }
        };
        if !self.ends_argument() {
            self.scanner = before;
            return None;
        }
        let span = before.at..self.scanner.at;
        Some(Expression { kind, span })
    }

    fn literal_value(&mut self) -> Result<Option<Expression>, Error> {
        self.scanner.skip_blanks();
        let start = self.scanner.at;
        let kind = match self.scanner.quoted()? {
            Some(text) => Kind::Text(text.to_owned()),
            None => match self.number() {
                Some(number) => number,
                None => return Ok(None),
            },
        };
        let span = start..self.scanner.at;
        Ok(Some(Expression { kind, span }))
    }

    /// A number, where nothing but the end of the argument comes after it: `5.load` is a path.
    fn number(&mut self) -> Option<Kind> {
        let before = self.scanner;
        let rest = before.rest();
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+')));
        let text = rest.get(..end.unwrap_or(rest.len()))?;
        let kind = number(text)?;
        self.scanner.at += text.len();
        if self.ends_argument() {
            return Some(kind);
        }
        self.scanner = before;
        None
    }

    fn ends_argument(&self) -> bool {
        let mut ahead = self.scanner;
        ahead.skip_blanks();
        matches!(ahead.peek(), None | Some(',' | ')'))
    }
}

/// `-3`, `2.5`, `1e3`, `1.5e-3`: digits on both sides of a point, and no `+`.
fn number(text: &str) -> Option<Kind> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_whole = |text: &str| is_digits(text.strip_prefix('-').unwrap_or(text));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let is_mantissa = match mantissa.split_once('.') {
        Some((whole, fraction)) => is_whole(whole) && is_digits(fraction),
        None => is_whole(mantissa),
    };
    if !is_mantissa || !exponent.is_none_or(is_whole) {
        return None;
    }
    match text.parse() {
        Ok(integer) => Some(Kind::Integer(integer)),
        Err(_) => text.parse().ok().map(Kind::Float),
    }
}
