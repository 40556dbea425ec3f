//! As much of JSON Schema as the documents use, and not a word more: a keyword it does not know fails the test.

use serde_json::{Map, Value};

/// A committed OpenAPI document.
pub(crate) struct Document(Value);

impl Document {
    /// Reads it.
    pub(crate) fn committed(file: &str) -> Self {
        let path = format!("{}/../../openapi/{file}", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    /// One method of one path.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<&Value> {
        self.0["paths"].get(path)?.get(method.to_lowercase())
    }

    /// Every method of every path.
    pub(crate) fn operations(&self) -> impl Iterator<Item = &Value> {
        let paths = self.0["paths"].as_object().unwrap().values();
        paths.flat_map(|path| path.as_object().unwrap().values())
    }

    /// The schema that a reference names.
    pub(crate) fn resolve(&self, reference: &str) -> &Value {
        let pointer = reference.trim_start_matches('#');
        self.0.pointer(pointer).unwrap()
    }

    /// The types with a name.
    pub(crate) fn schemas(&self) -> &Map<String, Value> {
        self.0["components"]["schemas"].as_object().unwrap()
    }
}

/// Words that say nothing about what is valid.
const NOTES: [&str; 5] = ["description", "default", "format", "title", "examples"];

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the schema's type `{other}` is not known here"),
    }
}

/// The mistake in `value`, if any; a field that the schema does not name is one, too.
pub(crate) fn check(
    document: &Document,
    schema: &Value,
    value: &Value,
    at: &str,
) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        match word.as_str() {
            "$ref" => {
                check(
                    document,
                    document.resolve(rule.as_str().unwrap()),
                    value,
                    at,
                )?;
            }
            "type" => {
                let is_right = match rule {
                    Value::String(kind) => is_of(kind, value),
                    kinds => (kinds.as_array().unwrap().iter())
                        .any(|kind| is_of(kind.as_str().unwrap(), value)),
                };
                if !is_right {
                    return Err(format!("`{at}` is {value}, not of type {rule}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    if value.is_object() && value.get(name).is_none() {
                        return Err(format!("`{at}.{name}` is missing"));
                    }
                }
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    let at = format!("{at}.{name}");
                    let rule = rule.get(name);
                    let rule = rule.ok_or_else(|| format!("`{at}` is not in the document"))?;
                    check(document, rule, value, &at)?;
                }
            }
            "items" => {
                for (place, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, rule, value, &format!("{at}[{place}]"))?;
                }
            }
            "oneOf" | "anyOf" => {
                let matches = |rule: &&Value| check(document, rule, value, at).is_ok();
                let matching = rule.as_array().unwrap().iter().filter(matches).count();
                if matching == 0 || (word == "oneOf" && matching > 1) {
                    return Err(format!(
                        "`{at}` is {value}, which matches {matching} of {word} {rule}"
                    ));
                }
            }
            "prefixItems" => {
                let places = value.as_array().into_iter().flatten().enumerate();
                for ((place, value), rule) in places.zip(rule.as_array().unwrap()) {
                    check(document, rule, value, &format!("{at}[{place}]"))?;
                }
            }
            "minItems" | "maxItems" => {
                let (length, limit) = (value.as_array().map(Vec::len), rule.as_u64().unwrap());
                let length = length.map_or(limit, |length| u64::try_from(length).unwrap());
                let is_right = match word.as_str() {
                    "minItems" => length >= limit,
                    _ => length <= limit,
                };
                if !is_right {
                    return Err(format!("`{at}` holds {length}, against {word} {limit}"));
                }
            }
            "minimum" => {
                if value.as_f64() < rule.as_f64() && value.is_number() {
                    return Err(format!("`{at}` is {value}, less than {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    return Err(format!("`{at}` is {value}, none of {rule}"));
                }
            }
            // Said of all objects by `properties` above.
            "additionalProperties" if *rule == Value::Bool(false) => {}
            // Of objects whose names are not told.
            "additionalProperties" if rule.is_object() => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    check(document, rule, value, &format!("{at}.{name}"))?;
                }
            }
            // A name in JSON is text in any case.
            "propertyNames" => {}
            note if NOTES.contains(&note) => {}
            other => panic!("the schema's word `{other}` is not known here"),
        }
    }
    Ok(())
}
