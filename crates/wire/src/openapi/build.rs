//! Helpers to write OpenAPI documents.

use super::examples;
use super::refusals::{Effect, Managed, NO_BODY, Refused};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// A document under construction.
pub(super) struct Document {
    title: &'static str,
    description: &'static str,
    security: Value,
    headers: Value,
    schemas: Map<String, Value>,
    paths: Map<String, Value>,
}

impl Document {
    pub(super) fn new(
        title: &'static str,
        description: &'static str,
        security: Value,
        headers: Value,
    ) -> Self {
        Self {
            title,
            description,
            security,
            headers,
            schemas: Map::new(),
            paths: Map::new(),
        }
    }

    /// Takes a wire type and all it is made of into the document, and returns the reference to it.
    pub(super) fn schema<T: ToSchema>(&mut self) -> Value {
        self.schema_as::<T>(&T::name())
    }

    /// The same for a generic type, whose own name does not tell its kinds apart.
    pub(super) fn schema_as<T: ToSchema>(&mut self, name: &str) -> Value {
        let mut nested = vec![(name.to_owned(), T::schema())];
        T::schemas(&mut nested);
        for (name, schema) in nested {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            let before = self.schemas.insert(name.clone(), schema);
            debug_assert!(
                before.is_none() || before.as_ref() == self.schemas.get(&name),
                "two types are called `{name}`"
            );
        }
        reference(name)
    }

    /// Adds a route.
    pub(super) fn route(&mut self, method: &str, path: &str, operation: Operation) {
        let item = self.paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            let operation = operation.managed_by(method);
            let operation = match method {
                "GET" => operation.never(NO_BODY),
                _ => operation,
            };
            let operation = operation.finish(&self.headers);
            item.insert(method.to_lowercase(), operation);
        }
    }

    pub(super) fn finish(self) -> Value {
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": self.title,
                "description": self.description,
                "version": env!("CARGO_PKG_VERSION"),
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "paths": self.paths,
            "components": {
                "schemas": self.schemas,
                "securitySchemes": self.security,
                "headers": {
                    "Transaction-Id": {
                        "description": "the request's `Transaction-Id`, `X-Request-ID` or `X-Correlation-ID`, or a new GUID",
                        "schema": { "type": "string" },
                    },
                    "Retry-After": {
                        "description": "after how many seconds it is worth sending the request again",
                        "schema": { "type": "integer", "minimum": 0 },
                    },
                    "X-Vigie-Credential-Notice": {
                        "description": "what was mended in the credential: `bearer-removed`, `quotes-removed`, `whitespace-trimmed`",
                        "schema": { "type": "string" },
                    },
                    "X-Vigie-Time-Notice": {
                        "description": "how a time was read that could have meant something else: `m-read-as-minutes`",
                        "schema": { "type": "string" },
                    },
                },
            },
        })
    }
}

/// One method of one path.
pub(super) struct Operation {
    id: String,
    summary: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
    security: Value,
    /// The form of errors, where it is of the management interface.
    managed: Option<Value>,
    /// What it does, where its method does not say it.
    effect: Option<Effect>,
}

impl Operation {
    /// An operation that needs no credential.
    pub(super) fn new(id: impl Into<String>, summary: &'static str) -> Self {
        Self {
            id: id.into(),
            summary,
            parameters: Vec::new(),
            body: None,
            responses: Map::new(),
            security: json!([]),
            managed: None,
            effect: None,
        }
    }

    /// Is of the management interface, with errors of this form: what it may be refused with follows from what it is.
    pub(super) fn managed(mut self, error: &Value) -> Self {
        self.managed = Some(error.clone());
        self
    }

    /// Does this, though its method could do more.
    pub(super) fn only(mut self, effect: Effect) -> Self {
        self.effect = Some(effect);
        self
    }

    /// Needs one of the named security schemes.
    pub(super) fn needs(mut self, schemes: &[&str]) -> Self {
        self.security = schemes
            .iter()
            .map(|scheme| json!({ *scheme: [] }))
            .collect();
        self
    }

    /// Accepts the named security scheme, or none.
    pub(super) fn may_have(self, scheme: &str) -> Self {
        self.may_have_any(&[scheme])
    }

    /// Accepts one of the named security schemes, or none.
    pub(super) fn may_have_any(mut self, schemes: &[&str]) -> Self {
        self = self.needs(schemes);
        if let Some(any) = self.security.as_array_mut() {
            any.push(json!({}));
        }
        self
    }

    /// A part of the path.
    pub(super) fn path(self, name: &str, description: &str) -> Self {
        self.parameter("path", name, description, true, json!({ "type": "string" }))
    }

    /// A part of the path that is one of several words.
    pub(super) fn path_of(self, name: &str, description: &str, words: &[&str]) -> Self {
        let schema = json!({ "type": "string", "enum": words });
        self.parameter("path", name, description, true, schema)
    }

    /// A parameter of the query that may be left out.
    pub(super) fn query(self, name: &str, description: &str) -> Self {
        self.parameter(
            "query",
            name,
            description,
            false,
            json!({ "type": "string" }),
        )
    }

    /// A parameter of the query with a schema of its own.
    pub(super) fn query_of(
        self,
        name: &str,
        description: &str,
        required: bool,
        schema: Value,
    ) -> Self {
        self.parameter("query", name, description, required, schema)
    }

    /// Parameters that the original has and this server does not serve: taken where they ask for nothing.
    pub(super) fn unserved(self, names: &[&str]) -> Self {
        names.iter().fold(self, |operation, name| {
            operation.query_of(
                name,
                "not served: `false`, or left out",
                false,
                json!({ "type": "string", "enum": ["false", ""] }),
            )
        })
    }

    /// Pages in one interface's words: the parameter of a page's size with its default, and that of where the page begins.
    pub(super) fn paged(
        self,
        (size, default): (&str, u64),
        (start, of): (&str, &str),
        schema: Value,
    ) -> Self {
        let most = base::limit::PAGE_ENTRIES.default;
        self.query_of(
            size,
            "how many at once",
            false,
            json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default }),
        )
        .query_of(start, of, false, schema)
    }

    /// A header.
    pub(super) fn header(self, name: &str, description: &str, required: bool) -> Self {
        self.parameter(
            "header",
            name,
            description,
            required,
            json!({ "type": "string" }),
        )
    }

    fn parameter(
        mut self,
        place: &str,
        name: &str,
        description: &str,
        required: bool,
        schema: Value,
    ) -> Self {
        self.parameters.push(object([
            ("in", place.into()),
            ("name", name.into()),
            ("description", description.into()),
            ("required", required.into()),
            ("schema", schema),
        ]));
        self
    }

    /// A JSON body.
    pub(super) fn json(self, schema: Value) -> Self {
        self.body("application/json", schema, true)
    }

    /// A JSON body that may be left out.
    pub(super) fn optional_json(self, schema: Value) -> Self {
        self.body("application/json", schema, false)
    }

    /// A URL-encoded body: its fields, each with a description; a `*` behind the name says it is needed.
    pub(super) fn form(self, fields: &[(&str, &str)]) -> Self {
        let needed: Vec<&str> = fields
            .iter()
            .filter_map(|(name, _)| name.strip_suffix('*'))
            .collect();
        let properties: Map<String, Value> = fields
            .iter()
            .map(|(name, description)| {
                let name = name.strip_suffix('*').unwrap_or(name);
                (
                    name.to_owned(),
                    json!({ "type": "string", "description": description }),
                )
            })
            .collect();
        let schema = json!({ "type": "object", "required": needed, "properties": properties });
        self.body("application/x-www-form-urlencoded", schema, true)
    }

    /// A body of any content type.
    pub(super) fn body(mut self, content_type: &str, schema: Value, required: bool) -> Self {
        self.body = Some(object([
            ("required", required.into()),
            (
                "content",
                object([(content_type, object([("schema", schema)]))]),
            ),
        ]));
        self
    }

    /// A JSON answer.
    pub(super) fn answers(self, status: &str, description: &str, schema: Value) -> Self {
        self.answers_as(status, description, "application/json", schema)
    }

    /// An answer of another content type.
    pub(super) fn answers_as(
        mut self,
        status: &str,
        description: &str,
        content_type: &str,
        schema: Value,
    ) -> Self {
        let response = object([
            ("description", description.into()),
            (
                "content",
                object([(content_type, object([("schema", schema)]))]),
            ),
        ]);
        self.responses.insert(status.to_owned(), response);
        self
    }

    /// The same answer in another content type.
    pub(super) fn or_as(mut self, status: &str, content_type: &str, schema: Value) -> Self {
        let content = self
            .responses
            .get_mut(status)
            .and_then(|response| response.get_mut("content"))
            .and_then(Value::as_object_mut);
        if let Some(content) = content {
            content.insert(content_type.to_owned(), object([("schema", schema)]));
        }
        self
    }

    /// An answer whose body says nothing.
    pub(super) fn answers_empty(mut self, status: &str, description: &str) -> Self {
        self.responses
            .insert(status.to_owned(), json!({ "description": description }));
        self
    }

    /// Adds refusals with errors of this form. A status that is there already keeps what it says.
    pub(super) fn refused(
        mut self,
        refusals: impl IntoIterator<Item = Refused>,
        error: &Value,
    ) -> Self {
        for (status, description) in refusals {
            if !self.responses.contains_key(status) {
                self = self.answers(status, description, error.clone());
            }
            // What says when to send again is not in the body.
            let response = self.responses.get_mut(status);
            if matches!(status, "429" | "503")
                && let Some(response) = response.and_then(Value::as_object_mut)
            {
                response.insert("headers".to_owned(), headers(&["Retry-After"]));
            }
        }
        self
    }

    /// Is never answered with these, though others like it are.
    pub(super) fn never(mut self, statuses: &[&str]) -> Self {
        for status in statuses {
            self.responses.remove(*status);
        }
        self
    }

    /// With the refusals that follow from its method, if it is of the management interface.
    fn managed_by(self, method: &str) -> Self {
        let Some(error) = self.managed.clone() else {
            return self;
        };
        let named = self.parameters.iter().any(|parameter| {
            let name = parameter.get("name").and_then(Value::as_str);
            parameter.get("in").is_some_and(|place| place == "path")
                || name.is_some_and(|name| name.ends_with("_id") || name == "IAM-ApiKey")
        });
        let by_method = match method {
            "GET" => Effect::Reads,
            _ => Effect::Changes,
        };
        let managed = Managed {
            error,
            effect: self.effect.unwrap_or(by_method),
            reads_body: self.body.is_some() || method == "DELETE",
            names_something: named,
        };
        self.refused(managed.refusals(), &managed.error)
    }

    fn finish(mut self, headers: &Value) -> Value {
        let responses = self.responses.values_mut();
        for response in responses.filter_map(Value::as_object_mut) {
            let own = response.entry("headers").or_insert_with(|| json!({}));
            if let (Some(own), Some(of_all)) = (own.as_object_mut(), headers.as_object()) {
                own.extend(of_all.clone());
            }
        }
        let mut operation = json!({
            "operationId": self.id,
            "summary": self.summary,
            "parameters": self.parameters,
            "responses": self.responses,
            "security": self.security,
        });
        if let (Some(operation), Some(mut body)) = (operation.as_object_mut(), self.body) {
            let content = body.pointer_mut("/content/application~1json");
            let content = content.and_then(Value::as_object_mut);
            if let (Some(content), Some(example)) = (content, examples::body(&self.id)) {
                content.insert("example".to_owned(), example);
            }
            operation.insert("requestBody".to_owned(), body);
        }
        operation
    }
}

/// The reference to a schema that the document holds.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// A schema for what has one of these forms, or more of them at once: a receipt that says why it is empty is an error's body as well.
pub(super) fn any_of<const N: usize>(forms: [Value; N]) -> Value {
    object([("anyOf", Value::Array(forms.into()))])
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect::<Map<String, Value>>()
        .into()
}

/// The schema of the header that names kind and credential.
pub(super) fn user_token() -> Value {
    json!({
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-User-Token",
        "description": "`iam <token>`, `apikey <key>` (or `api`), or `uaa <token>`",
    })
}

/// References to the headers that answers carry.
pub(super) fn headers(names: &[&str]) -> Value {
    names
        .iter()
        .map(|name| {
            let reference = json!({ "$ref": format!("#/components/headers/{name}") });
            ((*name).to_owned(), reference)
        })
        .collect::<Map<String, Value>>()
        .into()
}
