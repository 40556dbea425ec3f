//! The examples of bodies in the document of the identity interface: copied with ids of one's own, each is taken.

use crate::contract::schema::Document;
use crate::harness::Server;
use serde_json::Value;

/// Where an example stands for something of one's own: the ids in the document.
const ACCOUNT: &str = "0123456789abcdef0123456789abcdef";
const SPACE: &str = "11111111-2222-4333-8444-555555555555";
const SERVICE: &str = "ServiceId-01234567-89ab-4def-8123-456789abcdef";
const RESOURCE_GROUP: &str = "fedcba9876543210fedcba9876543210";
const INSTANCE: &str = "66666666-7777-4888-9999-aaaaaaaaaaaa";
const GROUP: &str = "AccessGroupId-89abcdef-0123-4567-89ab-cdef01234567";

struct Copier {
    server: Server,
    token: String,
    document: Document,
    /// What stands for what.
    ids: Vec<(&'static str, String)>,
}

impl Copier {
    /// The answer to an example, at the path with its parameters filled in.
    fn send(&self, method: &str, template: &str, parameters: &[(&str, &str)]) -> Value {
        let operation = self.document.operation(method, template).unwrap();
        let example = operation.pointer("/requestBody/content/application~1json/example");
        let example = example.unwrap_or_else(|| panic!("{method} {template} has no example"));
        let mut body = example.to_string();
        for (placeholder, id) in &self.ids {
            body = body.replace(placeholder, id);
        }
        let mut path = template.to_owned();
        for (name, value) in parameters {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let request = self.server.request(method, &path).bearer(&self.token);
        let reply = request.header("If-Match", "*").json(&body).send();
        assert!(
            (200..300).contains(&reply.status),
            "{method} {path} with {body}: {}",
            reply.text()
        );
        match reply.body.is_empty() {
            true => Value::Null,
            false => reply.json(),
        }
    }

    fn make(&self, path: &str) -> Value {
        self.send("POST", path, &[])
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

#[test]
fn the_examples_of_bodies_are_taken() {
    let server = Server::start();
    let owner = server.owner.clone();
    let mut copier = Copier {
        token: server.token(),
        document: Document::committed("iam.json"),
        ids: vec![
            (ACCOUNT, owner.account.clone()),
            (RESOURCE_GROUP, owner.account.clone()),
            (SPACE, owner.space.clone()),
        ],
        server,
    };
    let service = text(&copier.make("/v1/serviceids")["id"]);
    copier.ids.push((SERVICE, service.clone()));
    let one = [("id", service.as_str())];
    copier.send("PUT", "/v1/serviceids/{id}", &one);
    let key = text(&copier.make("/v1/apikeys")["id"]);
    copier.send("PUT", "/v1/apikeys/{id}", &[("id", &key)]);

    for path in ["/v1/policies", "/v2/policies"] {
        let id = text(&copier.make(path)["id"]);
        copier.send("PUT", &format!("{path}/{{id}}"), &[("id", &id)]);
        copier.send("PATCH", "/v1/policies/{id}", &[("id", &id)]);
    }
    let role = text(&copier.make("/v2/roles")["id"]);
    copier.send("PUT", "/v2/roles/{id}", &[("id", &role)]);
    let decided = copier.make("/v2/authz");
    let decision = &decided["responses"][0]["authorizationDecision"];
    assert_eq!(decision["permitted"], true, "{decided}");

    let group = text(&copier.make("/v2/groups")["id"]);
    copier.ids.push((GROUP, group.clone()));
    let one = [("id", group.as_str())];
    copier.send("PATCH", "/v2/groups/{id}", &one);
    copier.send("PUT", "/v2/groups/{id}/members", &one);
    copier.send("POST", "/v2/groups/{id}/members/delete", &one);
    copier.send("POST", "/v2/groups/{id}/rules", &one);
    let iam_id = format!("iam-{service}");
    let all = "/v2/groups/_allgroups/members/{iam_id}";
    copier.send("PUT", all, &[("iam_id", &iam_id)]);

    let profile = text(&copier.make("/v1/profiles")["id"]);
    let one = [("id", profile.as_str())];
    copier.send("POST", "/v1/profiles/{id}/rules", &one);
    copier.send("POST", "/v1/profiles/{id}/links", &one);
    let one = [("id", profile.as_str()), ("kind", "serviceid")];
    copier.send("POST", "/v1/profiles/{id}/identities/{kind}", &one);

    copier.make("/v2/resource_groups");
    let instance = text(&copier.make("/v2/resource_instances")["guid"]);
    copier.ids.push((INSTANCE, instance.clone()));
    copier.make("/v2/resource_keys");
    let one = [("id", instance.as_str())];
    copier.send("PATCH", "/v2/resource_instances/{id}", &one);

    let one = [("account", owner.account.as_str())];
    copier.send("POST", "/v2/accounts/{account}/users", &one);
    copier.send("PUT", "/v1/accounts/{account}/settings/identity", &one);
}
