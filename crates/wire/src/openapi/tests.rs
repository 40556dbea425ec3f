use super::*;
use serde_json::json;
use std::collections::BTreeSet;

fn committed(file: &str, document: &Value) {
    let path = format!("{}/../../openapi/{file}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        let text = serde_json::to_string_pretty(document).unwrap() + "\n";
        std::fs::write(&path, text).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&text).unwrap_or_default();
    assert!(
        committed == *document,
        "openapi/{file} is not what the code says: run `VIGIE_UPDATE=1 cargo test -p wire openapi` and look at the change"
    );
}

#[test]
fn the_committed_documents_are_these() {
    committed("vigie.json", &vigie_document());
    committed("iam.json", &iam_document());
}

#[test]
fn every_reference_leads_somewhere() {
    for document in [vigie_document(), iam_document()] {
        let mut references = BTreeSet::new();
        collect_references(&document, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}

fn collect_references(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get("$ref") {
                into.insert(reference.clone());
            }
            map.values()
                .for_each(|value| collect_references(value, into));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| collect_references(value, into)),
        _ => {}
    }
}

#[test]
fn every_operation_has_its_own_id_and_names_its_path_parameters() {
    for document in [vigie_document(), iam_document()] {
        let mut ids = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id}");
                let in_path: BTreeSet<&str> = path
                    .split('/')
                    .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
                    .collect();
                let declared: BTreeSet<&str> = operation["parameters"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap())
                    .collect();
                assert_eq!(in_path, declared, "{method} {path}");
                assert!(!operation["responses"].as_object().unwrap().is_empty());
            }
        }
    }
}

/// Every operation: the method, the path and what it says.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().unwrap();
        item.iter()
            .map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

/// A range says nothing of what may come, and lets everything pass that is compared with it.
#[test]
fn every_status_is_named_and_none_is_a_range() {
    for document in [vigie_document(), iam_document()] {
        for (name, operation) in operations(&document) {
            let responses = operation["responses"].as_object().unwrap();
            for status in responses.keys() {
                let number = status.parse::<u16>();
                assert!(
                    number.is_ok_and(|number| (200..600).contains(&number)),
                    "{name}: `{status}`"
                );
            }
            let has = |status: &str| responses.contains_key(status);
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{name}"
            );
            // Before any route is known to have more.
            assert!(["400", "431", "500", "503"].into_iter().all(has), "{name}");
        }
    }
}

/// The probes of other systems answer 503 of themselves.
#[test]
fn what_may_be_sent_again_says_when() {
    let probes = ["get /health", "get /health/ready", "get /ready"];
    for document in [vigie_document(), iam_document()] {
        for (name, operation) in operations(&document) {
            for status in ["429", "503"] {
                let response = &operation["responses"][status];
                let is_probe = status == "503" && probes.contains(&name.as_str());
                if response.is_object() && !is_probe {
                    let header = &response["headers"]["Retry-After"];
                    assert!(header.is_object(), "{name}: {status}");
                }
            }
        }
    }
}

/// Whoever sends a change again that was made makes another one.
#[test]
fn what_changes_something_says_that_it_may_have_been_made() {
    let document = iam_document();
    let reads = [
        "post /identity/introspect",
        "post /identity/userinfo",
        "post /v1/accounts/{account}/limits/identity",
        "post /v2/authz",
    ];
    for (name, operation) in operations(&document) {
        let failed = operation["responses"]["500"]["description"].as_str();
        let warns = failed.unwrap().contains("BXNMSSV12E");
        let is_reading = name.starts_with("get ") || reads.contains(&name.as_str());
        assert_ne!(warns, is_reading, "{name}");
    }
}

/// A credential for some series is a good one, and has the right to do the same with them.
#[test]
fn what_takes_all_series_says_so() {
    let document = vigie_document();
    for (path, method) in [("/metrics", "get"), ("/v1/settings/domain", "put")] {
        let operation = &document["paths"][path][method];
        let refused = operation["responses"]["403"]["description"]
            .as_str()
            .unwrap();
        assert!(refused.contains("some series alone"), "{path}: {refused}");
    }
}

/// What fits two forms fits neither of a `oneOf`: a receipt that says why nothing was stored is an error's body too, and an empty list is
/// one of anything.
#[test]
fn an_answer_of_several_forms_may_fit_more_than_one() {
    let mut several = 0;
    for document in [vigie_document(), iam_document()] {
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let content = response["content"].as_object();
                    for form in content.into_iter().flat_map(serde_json::Map::values) {
                        assert_eq!(
                            form["schema"]["oneOf"],
                            Value::Null,
                            "{method} {path} {status}"
                        );
                        several += usize::from(form["schema"]["anyOf"].is_array());
                    }
                }
            }
        }
    }
    assert!(several > 3, "{several}");
}

/// The kinds of values that the document names are those that are read.
#[test]
fn an_event_has_what_its_schema_says() {
    let document = vigie_document();
    let form = &document["paths"]["/events"]["post"]["requestBody"]["content"]["application/json"];
    let fields = &form["schema"]["properties"];
    for field in ["what", "tags", "when", "data"] {
        let types = &fields[field]["type"];
        for (name, value) in [
            ("string", json!("a")),
            ("number", json!(1)),
            ("array", json!(["a"])),
            ("object", json!({})),
            ("boolean", json!(true)),
            ("null", Value::Null),
        ] {
            let mut event = json!({ "what": "a release" });
            event[field] = value;
            let is_read = crate::event::Body::parse(event.to_string().as_bytes()).is_ok();
            let is_named = *types == name
                || types
                    .as_array()
                    .is_some_and(|all| all.contains(&name.into()));
            assert_eq!(is_named, is_read, "`{field}`: {name}");
        }
    }
}

/// Nothing sent is nothing stored, and no error.
#[test]
fn senders_may_leave_out_the_body() {
    let document = vigie_document();
    for path in ["/write", "/api/v2/write", "/collectd"] {
        let body = &document["paths"][path]["post"]["requestBody"];
        assert_eq!(body["required"], false, "{path}");
    }
}

/// A member that is not known is refused, so the schemas of bodies must say so.
#[test]
fn bodies_of_the_identity_interface_take_no_other_members() {
    let document = iam_document();
    let schemas = &document["components"]["schemas"];
    for name in [
        "CreateApiKey",
        "KeyReach",
        "PolicyRequest",
        "NamedAttribute",
        "PolicyRequestV2",
        "PolicyRule",
        "PolicyRuleCondition",
        "PolicyRuleComparison",
        "InviteUsers",
        "UpdateAccountSettings",
        "AuthzRequest",
    ] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    assert_eq!(schemas["ApiKey"]["additionalProperties"], Value::Null);
}

#[test]
fn queries_are_those_of_the_identity_document() {
    let all = identity_queries();
    let named = |method: &str, path: &str| {
        let mut all = all.iter();
        let found = all.find(|(verb, at, _)| verb == method && at == path);
        found.map(|(_, _, parameters)| parameters.clone())
    };
    let parameter = |name: &str, is_list: bool| QueryParameter {
        name: name.to_owned(),
        is_list,
    };
    let list = named("GET", "/v1/serviceids").unwrap();
    assert!(list.contains(&parameter("pagesize", false)), "{list:?}");
    let spaces = named("GET", "/v2/spaces").unwrap();
    assert!(spaces.contains(&parameter("q", true)), "{spaces:?}");
    assert_eq!(named("POST", "/v1/apikeys"), Some(Vec::new()));
    assert_eq!(named("GET", "/v1/metrics"), None);
}

#[test]
fn routes_lists_both_documents() {
    let routes = routes();
    for (method, path) in [
        ("POST", "/v1/metrics"),
        ("DELETE", "/v1/metrics/list"),
        ("POST", "/identity/token"),
        ("PUT", "/v2/spaces/{guid}/{role}"),
    ] {
        assert!(
            routes.contains(&(method.to_owned(), path.to_owned())),
            "{method} {path}"
        );
    }
    assert_eq!(routes.len(), routes.iter().collect::<BTreeSet<_>>().len());
}

#[test]
fn each_example_is_of_operations_that_are_there() {
    let document = iam_document();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let example = "/requestBody/content/application~1json/example";
    let ids: BTreeSet<&str> = operations
        .filter(|operation| operation.pointer(example).is_some())
        .map(|operation| operation["operationId"].as_str().unwrap())
        .collect();
    let all = examples::all();
    let named: Vec<&str> = all.iter().flat_map(|(names, _)| names.to_vec()).collect();
    assert_eq!(ids.len(), named.len(), "an operation has two");
    assert_eq!(ids, named.into_iter().collect::<BTreeSet<&str>>());
}
