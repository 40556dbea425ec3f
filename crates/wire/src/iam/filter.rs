//! The filters of the identity interface's lists: the part of SCIM's (RFC 7644 3.4.2.2) that the original has, as in
//! `name sw "ci" and (description co "build" or name ew_ci "test")`.
//!
//! A value begins with the text (`sw`), ends with it (`ew`) or contains it (`co`); with `_ci` letter case does not matter. `and`
//! binds more closely than `or`. How long a filter may be is for the caller to say.

/// Parentheses inside one another; more than any filter of its length needs.
const DEPTH_MAX: usize = 16;

/// The attributes of list entries that filters can compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attribute {
    /// Its name.
    Name,
    /// Its description.
    Description,
}

/// Why a text is no filter. No variant repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Where an attribute is expected.
    #[error("`name` or `description` is expected, or `(`")]
    Attribute,
    /// Where an operator is expected.
    #[error("`sw`, `ew` or `co` is expected after an attribute, also with `_ci`")]
    Operator,
    /// Where a text is expected.
    #[error("a text in double quotes is expected after an operator")]
    Text,
    /// Parentheses that do not fit.
    #[error("a `)` is missing")]
    Unclosed,
    /// More parentheses inside one another than anybody needs.
    #[error("it has more than {DEPTH_MAX} parentheses inside one another")]
    Depth,
    /// Something after the end.
    #[error("`and` or `or` is expected between conditions")]
    Rest,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter(Node);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Beginning,
    End,
    Anywhere,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Has {
        attribute: Attribute,
        part: Part,
        ignores_case: bool,
        text: String,
    },
    Both(Box<Node>, Box<Node>),
    Either(Box<Node>, Box<Node>),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// [`FilterError`] says what is expected where it cannot be read.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut reader = Reader {
            rest: text,
            depth: 0,
        };
        let node = reader.either()?;
        match reader.rest.trim_start().is_empty() {
            true => Ok(Self(node)),
            false => Err(FilterError::Rest),
        }
    }

    /// Whether it matches an entry with these values.
    pub fn matches<'v>(&self, value: impl Fn(Attribute) -> &'v str) -> bool {
        self.0.matches(&value)
    }
}

impl Node {
    fn matches<'v>(&self, value: &impl Fn(Attribute) -> &'v str) -> bool {
        match self {
            Self::Both(a, b) => a.matches(value) && b.matches(value),
            Self::Either(a, b) => a.matches(value) || b.matches(value),
            Self::Has {
                attribute,
                part,
                ignores_case: false,
                text,
            } => part.is_in(value(*attribute), text),
            Self::Has {
                attribute,
                part,
                ignores_case: true,
                text,
            } => part.is_in(&value(*attribute).to_lowercase(), &text.to_lowercase()),
        }
    }
}

impl Part {
    fn is_in(self, value: &str, text: &str) -> bool {
        match self {
            Self::Beginning => value.starts_with(text),
            Self::End => value.ends_with(text),
            Self::Anywhere => value.contains(text),
        }
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn either(&mut self) -> Result<Node, FilterError> {
        let mut node = self.both()?;
        while self.takes("or") {
            node = Node::Either(Box::new(node), Box::new(self.both()?));
        }
        Ok(node)
    }

    fn both(&mut self) -> Result<Node, FilterError> {
        let mut node = self.one()?;
        while self.takes("and") {
            node = Node::Both(Box::new(node), Box::new(self.one()?));
        }
        Ok(node)
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        let Some(rest) = self.rest.trim_start().strip_prefix('(') else {
            return self.condition();
        };
        self.rest = rest;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(FilterError::Depth);
        }
        let node = self.either()?;
        let after = self.rest.trim_start().strip_prefix(')');
        self.rest = after.ok_or(FilterError::Unclosed)?;
        self.depth -= 1;
        Ok(node)
    }

    fn condition(&mut self) -> Result<Node, FilterError> {
        let attribute = match self.word() {
            "name" => Attribute::Name,
            "description" => Attribute::Description,
            _ => return Err(FilterError::Attribute),
        };
        let (part, ignores_case) = match self.word() {
            "sw" => (Part::Beginning, false),
            "sw_ci" => (Part::Beginning, true),
            "ew" => (Part::End, false),
            "ew_ci" => (Part::End, true),
            "co" => (Part::Anywhere, false),
            "co_ci" => (Part::Anywhere, true),
            _ => return Err(FilterError::Operator),
        };
        Ok(Node::Has {
            attribute,
            part,
            ignores_case,
            text: self.text()?,
        })
    }

    /// The next letters, digits and underscores, after blanks.
    fn word(&mut self) -> &'t str {
        let rest = self.rest.trim_start();
        let is_other = |character: char| !character.is_ascii_alphanumeric() && character != '_';
        let end = rest.find(is_other).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        self.rest = after;
        word
    }

    /// Whether this word is next; it is taken then.
    fn takes(&mut self, wanted: &str) -> bool {
        let before = self.rest;
        let is_next = self.word().eq_ignore_ascii_case(wanted);
        if !is_next {
            self.rest = before;
        }
        is_next
    }

    /// A text in double quotes, in which a backslash takes the next character as it is.
    fn text(&mut self) -> Result<String, FilterError> {
        let rest = self.rest.trim_start().strip_prefix('"');
        let rest = rest.ok_or(FilterError::Text)?;
        let mut text = String::new();
        let mut characters = rest.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = rest.get(at + 1..).unwrap_or_default();
                    return Ok(text);
                }
                '\\' => text.extend(characters.next().map(|(_, escaped)| escaped)),
                other => text.push(other),
            }
        }
        Err(FilterError::Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn matches(filter: &str, name: &str, description: &str) -> bool {
        let filter = Filter::parse(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        filter.matches(|attribute| match attribute {
            Attribute::Name => name,
            Attribute::Description => description,
        })
    }

    #[test]
    fn conditions_are_joined_as_they_say() {
        for (filter, is_through) in [
            (r#"name sw "ci""#, true),
            (r#"name sw "CI""#, false),
            (r#"name sw_ci "CI""#, true),
            (r#"name ew "build""#, true),
            (r#"name ew_ci "BUILD""#, true),
            (r#"name co "-b""#, true),
            (r#"name co_ci "-B""#, true),
            (r#"name co """#, true),
            (r#"description co "nightly""#, true),
            (r#"description co "ci""#, false),
            (r#"name sw "x" or name sw "ci" and name ew "build""#, true),
            (r#"(name sw "x" or name sw "ci") and name ew "x""#, false),
            (r#"name sw "x" or name sw "ci" and name ew "x""#, false),
            (r#"name sw "ci" OR name sw "x" AND name ew "x""#, true),
            (r#"  ( name  sw  "ci" )  "#, true),
            (r#"name sw"ci"and name ew"build""#, true),
        ] {
            assert_eq!(
                matches(filter, "ci-build", "the nightly one"),
                is_through,
                "{filter}"
            );
        }
        assert!(matches(r#"name co "a\"b\\c""#, r#"a"b\c"#, ""));
    }

    #[test]
    fn what_is_no_filter_is_told_where() {
        let deep = format!("{}name sw \"a\"{}", "(".repeat(17), ")".repeat(17));
        for (wrong, expected) in [
            ("", FilterError::Attribute),
            ("iam_id sw \"a\"", FilterError::Attribute),
            ("name", FilterError::Operator),
            ("name eq \"a\"", FilterError::Operator),
            ("name sw", FilterError::Text),
            ("name sw a", FilterError::Text),
            ("name sw \"a", FilterError::Text),
            ("name sw \"a\\\"", FilterError::Text),
            ("name sw \"a\" and", FilterError::Attribute),
            ("name sw \"a\" name sw \"b\"", FilterError::Rest),
            ("(name sw \"a\"", FilterError::Unclosed),
            ("name sw \"a\")", FilterError::Rest),
            (deep.as_str(), FilterError::Depth),
        ] {
            assert_eq!(Filter::parse(wrong), Err(expected), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = Filter::parse(&text);
        }

        #[test]
        fn a_part_of_a_name_is_found(before: String, part: String, after: String) {
            let escaped = part.replace('\\', "\\\\").replace('"', "\\\"");
            let name = format!("{before}{part}{after}");
            let filter = format!("name co \"{escaped}\"");
            prop_assert!(matches(&filter, &name, ""));
        }
    }
}
