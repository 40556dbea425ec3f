//! Examples of bodies that are not JSON.

use crate::access::Route;
use serde_json::Value;

/// The form of a route whose fields depend on the grant.
pub(super) fn form(route: &Route, schema: &Value) -> String {
    let form = match route.path.as_str() {
        // No form, but lines.
        "/write" | "/api/v2/write" => return "cpu,host=web1 usage=12.5,idle=87i".to_owned(),
        "/identity/token" | "/oidc/token" => {
            "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=KEY"
        }
        "/oauth/token" => "grant_type=password&username=ada%40example.org&password=PASSWORD",
        "/login" => "user=ada%40example.org&passwd=PASSWORD&space=dev&organization=vigie",
        "/identity/passcode" => "username=ada%40example.org&password=PASSWORD",
        _ => "token=TOKEN",
    };
    for field in form.split('&') {
        let (name, _) = field.split_once('=').unwrap();
        assert!(
            schema["properties"].get(name).is_some(),
            "{}: {name}",
            route.path
        );
    }
    form.to_owned()
}
