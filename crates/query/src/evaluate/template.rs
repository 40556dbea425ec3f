//! Substitutes the variables of templates, and finds the paths that a target will read.

use crate::bounded;
use crate::error::{Error, Fault, TargetError};
use crate::source::Path;
use crate::tags::TagExpression;
use crate::target::{Call, Expression, Kind, Template};
use crate::value::Value;
use base::limit;
use base::number;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

/// Is called with the cost of work, in points, before it is done; an error forbids it.
pub(super) type SpendPoints<'s> = dyn FnMut(usize) -> Result<(), Error> + 's;

/// A value of a variable.
enum VariableValue<'v> {
    /// Of the request.
    Text(&'v str),
    /// Of the target.
    Literal(Value),
}

/// Variables and their values, in the order in which they are replaced.
pub(super) struct Variables<'v>(Vec<(Cow<'v, str>, VariableValue<'v>)>);

impl<'v> Variables<'v> {
    /// Those of a template. What the request says about a variable counts more than what the target says.
    pub(super) fn new(
        template: &'v Template,
        requested: &'v BTreeMap<String, String>,
        spend: &mut SpendPoints<'_>,
    ) -> Result<Self, Error> {
        let count = template.keywords.len() + template.arguments.len() + requested.len();
        spend(count)?;
        let mut all = Vec::with_capacity(count);
        let mut known = HashSet::new();
        let given = |name: &str, default: &Expression| match requested.get(name) {
            Some(text) => VariableValue::Text(text),
            None => VariableValue::Literal(literal(default)),
        };
        for keyword in &template.keywords {
            known.insert(keyword.name.clone());
            all.push((
                Cow::Borrowed(keyword.name.as_str()),
                given(&keyword.name, &keyword.value),
            ));
        }
        for (argument, index) in template.arguments.iter().zip(1_usize..) {
            let name = index.to_string();
            let value = given(&name, argument);
            known.insert(name.clone());
            all.push((Cow::Owned(name), value));
        }
        let further = requested.iter().filter(|(name, _)| !known.contains(*name));
        all.extend(
            further.map(|(name, text)| (Cow::Borrowed(name.as_str()), VariableValue::Text(text))),
        );
        Ok(Self(all))
    }

    /// The value of a path that is a variable and nothing else; a text that is a number is one.
    pub(super) fn value(
        &self,
        path: &str,
        spend: &mut SpendPoints<'_>,
    ) -> Result<Option<Value>, Error> {
        let Some(name) = path.strip_prefix('$') else {
            return Ok(None);
        };
        spend(self.0.len())?;
        let given = self.0.iter().find(|(known, _)| known == name);
        Ok(given.map(|(_, given)| match given {
            VariableValue::Text(text) => of_text(text),
            VariableValue::Literal(Value::Text(text)) => of_text(text),
            VariableValue::Literal(value) => value.clone(),
        }))
    }

    /// A path with the values of its variables, which is no longer than a target may be.
    pub(super) fn replaced(
        &self,
        path: &str,
        spend: &mut SpendPoints<'_>,
    ) -> Result<String, Error> {
        let most = usize::try_from(limit::TARGET_BYTES.default).unwrap_or(usize::MAX);
        let mut path = path.to_owned();
        for (name, given) in &self.0 {
            if !path.contains('$') {
                break;
            }
            spend(1 + path.len() / 64)?;
            let variable = format!("${name}");
            if !path.contains(&variable) {
                continue;
            }
            let replacement = match given {
                VariableValue::Text(text) => Cow::Borrowed(*text),
                VariableValue::Literal(value) => Cow::Owned(literal_text(value)),
            };
            path = bounded::replaced(&path, &variable, &replacement, most)
                .map_err(|bytes| Error::target(&path, 0..0, TargetError::TooLong(bytes)))?;
        }
        Ok(path)
    }
}

fn of_text(text: &str) -> Value {
    match is_number(text).then(|| text.parse()) {
        Some(Ok(number)) => Value::Float(number),
        _ => Value::Text(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn literal_text(value: &Value) -> String {
    match value {
        Value::Float(float) => number::repr(*float),
        other => other.to_text(),
    }
}

fn literal(expression: &Expression) -> Value {
    match &expression.kind {
        Kind::Integer(number) => Value::Integer(*number),
        Kind::Float(number) => Value::Float(*number),
        Kind::Text(text) => Value::Text(text.clone()),
        _ => Value::None,
    }
}

/// The paths that an expression will read, as far as they are known before it is evaluated.
pub(super) fn paths(
    expression: &Expression,
    requested: &BTreeMap<String, String>,
    spend: &mut SpendPoints<'_>,
) -> Result<Vec<Path>, Error> {
    let mut found = Vec::new();
    collect(expression, requested, None, spend, &mut found)?;
    Ok(found)
}

fn collect(
    expression: &Expression,
    requested: &BTreeMap<String, String>,
    variables: Option<&Variables<'_>>,
    spend: &mut SpendPoints<'_>,
    found: &mut Vec<Path>,
) -> Result<(), Error> {
    spend(1)?;
    match &expression.kind {
        Kind::Path(path) => match variables {
            None => found.push(Path::Glob(path.clone())),
            Some(variables) if variables.value(path, spend)?.is_none() => {
                found.push(Path::Glob(variables.replaced(path, spend)?));
            }
            Some(_) => {}
        },
        Kind::Template(template) => {
            let variables = Variables::new(template, requested, spend)?;
            collect(&template.body, requested, Some(&variables), spend, found)?;
        }
        Kind::Call(call) if call.name == "seriesByTag" => {
            spend(compiling(call))?;
            found.extend(tag_path(call));
        }
        Kind::Call(call) => {
            for argument in &call.arguments {
                collect(argument, requested, variables, spend, found)?;
            }
        }
        _ => {}
    }
    Ok(())
}

/// Points that a regular expression of tags costs to compile: the deadline is checked before each.
const POINTS_PER_REGEX: usize = 1 << 16;

/// The cost of compiling the tag expressions of `seriesByTag`, in points.
pub(super) fn compiling(call: &Call) -> usize {
    let is_regex =
        |argument: &&Expression| matches!(&argument.kind, Kind::Text(text) if text.contains("=~"));
    let count = call.arguments.iter().filter(is_regex).count();
    count.saturating_mul(POINTS_PER_REGEX).saturating_add(1)
}

/// The tag expressions of `seriesByTag`.
pub(super) fn tag_path(call: &Call) -> Result<Path, Fault> {
    if call.arguments.is_empty() || !call.keywords.is_empty() {
        return Err(Fault::argument(
            "it takes tag expressions as texts, for example `\"name=cpu\"`",
        ));
    }
    let texts = call.arguments.iter().map(|argument| match &argument.kind {
        Kind::Text(text) => Ok(text.as_str()),
        _ => Err(Fault::argument(
            "each argument must be a tag expression in quotes",
        )),
    });
    let texts: Vec<&str> = texts.collect::<Result<_, _>>()?;
    let expressions = TagExpression::parse_all(texts)?;
    Ok(Path::Tags(expressions))
}
