//! Variables of templates, and what a target will read.

use crate::source::Path;
use crate::tags::TagExpression;
use crate::target::{Call, Expression, Kind, Template};
use crate::value::Value;
use base::number;
use std::collections::BTreeMap;

/// Variables and their values, in the order in which they are replaced.
pub(super) struct Variables(Vec<(String, Value)>);

impl Variables {
    /// Those of a template. What the request says about a variable counts more than what the target says.
    pub(super) fn new(template: &Template, requested: &BTreeMap<String, String>) -> Self {
        let keywords = template.keywords.iter();
        let mut all: Vec<(String, Value)> = keywords
            .map(|own| (own.name.clone(), literal(&own.value)))
            .collect();
        let places = template.arguments.iter().zip(1_usize..);
        all.extend(places.map(|(own, place)| (place.to_string(), literal(own))));
        for (name, value) in requested {
            let value = Value::Text(value.clone());
            match all.iter_mut().find(|(own, _)| own == name) {
                Some((_, own)) => *own = value,
                None => all.push((name.clone(), value)),
            }
        }
        Self(all)
    }

    /// The value of a path that is a variable and nothing else; a text that is a number is one.
    pub(super) fn value(&self, path: &str) -> Option<Value> {
        let name = path.strip_prefix('$')?;
        let (_, value) = self.0.iter().find(|(own, _)| own == name)?;
        Some(match value {
            Value::Text(text) if is_number(text) => match text.parse() {
                Ok(number) => Value::Float(number),
                Err(_) => value.clone(),
            },
            _ => value.clone(),
        })
    }

    /// A path with the values of its variables.
    pub(super) fn replaced(&self, path: &str) -> String {
        let mut path = path.to_owned();
        for (name, value) in &self.0 {
            path = path.replace(&format!("${name}"), &shown(value));
        }
        path
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

fn shown(value: &Value) -> String {
    match value {
        Value::Float(float) => number::repr(*float),
        other => other.shown(),
    }
}

fn literal(expression: &Expression) -> Value {
    match &expression.kind {
        Kind::Integer(own) => Value::Integer(*own),
        Kind::Float(own) => Value::Float(*own),
        Kind::Text(own) => Value::Text(own.clone()),
        _ => Value::None,
    }
}

/// What an expression will read, as far as can be known before.
pub(super) fn paths(
    expression: &Expression,
    requested: &BTreeMap<String, String>,
    found: &mut Vec<Path>,
) {
    collect(expression, requested, None, found);
}

fn collect(
    expression: &Expression,
    requested: &BTreeMap<String, String>,
    variables: Option<&Variables>,
    found: &mut Vec<Path>,
) {
    match &expression.kind {
        Kind::Path(path) => match variables {
            None => found.push(Path::Glob(path.clone())),
            Some(own) if own.value(path).is_none() => found.push(Path::Glob(own.replaced(path))),
            Some(_) => {}
        },
        Kind::Template(own) => {
            let variables = Variables::new(own, requested);
            collect(&own.body, requested, Some(&variables), found);
        }
        Kind::Call(call) if call.name == "seriesByTag" => found.extend(tag_path(call)),
        Kind::Call(call) => {
            for argument in &call.arguments {
                collect(argument, requested, variables, found);
            }
        }
        _ => {}
    }
}

/// The tag expressions of `seriesByTag`.
pub(super) fn tag_path(call: &Call) -> Result<Path, String> {
    if call.arguments.is_empty() || !call.keywords.is_empty() {
        return Err("it takes tag expressions as texts, for example `\"name=cpu\"`".to_owned());
    }
    let texts = call.arguments.iter().map(|own| match &own.kind {
        Kind::Text(text) => Ok(text.as_str()),
        _ => Err("each argument must be a tag expression in quotes".to_owned()),
    });
    let texts: Vec<&str> = texts.collect::<Result<_, _>>()?;
    let expressions = TagExpression::parse_all(texts).map_err(|error| error.to_string())?;
    Ok(Path::Tags(expressions))
}
