//! JSON bodies that take no members but those they name.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Says of every JSON body of the document, and of all it is made of, that other members are refused.
pub(super) fn close_bodies(document: &mut Value) {
    let mut met = Vec::new();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let operations = paths
        .into_iter()
        .flat_map(Map::values_mut)
        .filter_map(Value::as_object_mut)
        .flat_map(Map::values_mut);
    for operation in operations {
        if let Some(body) = operation.pointer_mut("/requestBody/content/application~1json") {
            close(body, &mut met);
        }
    }
    let mut closed = BTreeSet::new();
    while let Some(reference) = met.pop() {
        let schema = reference.strip_prefix('#');
        let schema = schema.and_then(|pointer| document.pointer_mut(pointer));
        if let Some(schema) = schema
            && closed.insert(reference)
        {
            close(schema, &mut met);
        }
    }
}

/// Closes the objects that a schema describes itself, and tells the references it holds.
fn close(schema: &mut Value, met: &mut Vec<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get("$ref") {
                met.push(reference.clone());
            }
            if object.get("properties").is_some_and(Value::is_object) {
                let words = object.entry("additionalProperties");
                words.or_insert(Value::Bool(false));
            }
            object.values_mut().for_each(|part| close(part, met));
        }
        Value::Array(all) => all.iter_mut().for_each(|part| close(part, met)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn bodies_are_closed_however_deep_and_answers_are_not() {
        let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        let content = |name: &str| json!({"application/json": {"schema": reference(name)}});
        let object = |of: Value| json!({"type": "object", "properties": {"a": of}});
        let mut document = json!({
            "paths": {"/x": {"post": {
                "requestBody": {"content": content("Asked")},
                "responses": {"200": {"content": content("Told")}},
            }}},
            "components": {"schemas": {
                "Asked": object(json!({"type": "array", "items": reference("Part")})),
                "Part": object(json!({"oneOf": [{"type": "null"}, reference("Asked")]})),
                "Told": object(json!({"type": "string"})),
            }},
        });
        close_bodies(&mut document);
        let closed = |name: &str| {
            let schemas = &document["components"]["schemas"];
            schemas[name]["additionalProperties"].clone()
        };
        assert_eq!(closed("Asked"), false);
        assert_eq!(closed("Part"), false);
        assert_eq!(closed("Told"), Value::Null);
    }
}
