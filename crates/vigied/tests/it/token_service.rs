//! The token service to the letter: every field, claim, header, status and code; and what it makes of requests that are
//! almost right.

mod delegated;
mod discovery;
mod not_served;
mod oauth;
mod passcode_page;
mod refusals;

use crate::harness::{Reply, Request, Server};
use base64::Engine;
use serde_json::{Value, json};

const APIKEY: &str = "urn:ibm:params:oauth:grant-type:apikey";

fn ask(server: &Server) -> Request {
    server.request("POST", "/identity/token")
}

fn by_password(server: &Server) -> [(&'static str, &str); 3] {
    [
        ("grant_type", "password"),
        ("username", server.owner.user.as_str()),
        ("password", server.owner.password.as_str()),
    ]
}

fn by_key(server: &Server) -> [(&'static str, &str); 2] {
    [("grant_type", APIKEY), ("apikey", &server.owner.api_key)]
}

/// The names of an object's fields, sorted.
fn names(value: &Value) -> Vec<&str> {
    let fields = value.as_object().unwrap_or_else(|| panic!("{value}"));
    let mut names: Vec<&str> = fields.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

fn words(text: &str) -> Vec<&str> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    words.sort_unstable();
    words
}

/// Header and claims of a token, unverified.
fn decoded(token: &Value) -> (Value, Value) {
    let part = |text: &str| {
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(text);
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    };
    let parts: Vec<&str> = token.as_str().unwrap().split('.').collect();
    assert_eq!(parts.len(), 3);
    (part(parts[0]), part(parts[1]))
}

const CLAIMS: &str = "iam_id id realmid jti identifier given_name family_name name email sub authn account iat exp auth_time iss \
                      grant_type scope client_id acr amr";

#[test]
fn a_login_is_answered_with_these_fields_and_headers() {
    let server = Server::start();
    let fields = "access_token refresh_token token_type expires_in expiration scope";
    let reply = ask(&server)
        .basic("bx", "bx")
        .header("Transaction-Id", "my-own-id")
        .form(&by_password(&server))
        .send();
    assert_eq!(reply.status, 200, "{}", reply.text());
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("transaction-id", "my-own-id"),
        ("content-language", "en-US"),
        ("ibm-cloud-service-name", "iam-identity"),
    ] {
        assert_eq!(reply.header(name), Some(value), "{name}");
    }
    let login = reply.json();
    assert_eq!(names(&login), words(&format!("{fields} session_id")));
    assert_eq!(login["token_type"], "Bearer");
    assert_eq!(login["expires_in"], 3600);
    assert_eq!(login["scope"], "ibm openid");

    let (header, claims) = decoded(&login["access_token"]);
    assert_eq!(names(&header), ["alg", "kid"]);
    assert_eq!(header["alg"], "RS256");
    assert_eq!(names(&claims), words(&format!("{CLAIMS} session_id")));
    let id = claims["iam_id"].as_str().unwrap();
    assert_eq!(claims["id"], id);
    assert_eq!(claims["realmid"], "IBMid");
    assert_eq!(
        format!("IBMid-{}", claims["identifier"].as_str().unwrap()),
        id
    );
    assert_eq!(claims["sub"], json!(server.owner.user));
    assert_eq!(claims["email"], json!(server.owner.user));
    assert_eq!(
        claims["account"],
        json!({"valid": true, "bss": server.owner.account, "frozen": true})
    );
    assert_eq!(
        names(&claims["authn"]),
        words("sub iam_id name given_name family_name email")
    );
    assert_eq!(
        claims["iss"],
        json!(format!("{}/identity", server.serving.url()))
    );
    assert_eq!(claims["grant_type"], "password");
    assert_eq!(claims["scope"], "ibm openid");
    assert_eq!(claims["client_id"], "bx");
    assert_eq!(
        (&claims["acr"], &claims["amr"]),
        (&json!(1), &json!(["pwd"]))
    );
    assert_eq!(claims["session_id"], login["session_id"]);
    assert_eq!(claims["exp"], login["expiration"]);
    let (iat, exp) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert_eq!(exp - iat, 3600);

    // Without a client: no session, and no refresh token.
    let bare = ask(&server).form(&by_key(&server)).send().json();
    assert_eq!(names(&bare), words(fields));
    assert_eq!(bare["refresh_token"], "not_supported");
    let (_, claims) = decoded(&bare["access_token"]);
    assert_eq!(names(&claims), words(&format!("{CLAIMS} iam_apikey_id")));
    assert_eq!(claims["client_id"], "default");
    assert_eq!(claims["grant_type"], APIKEY);

    // With the UAA's token beside it, as the historic command line asks for it.
    let mut both = by_key(&server).to_vec();
    both.extend([
        ("response_type", "cloud_iam uaa"),
        ("uaa_client_id", "cf"),
        ("uaa_client_secret", ""),
    ]);
    let both = ask(&server).basic("bx", "bx").form(&both).send().json();
    assert_eq!(
        names(&both),
        words(&format!("{fields} session_id uaa_token uaa_refresh_token"))
    );
}

#[test]
fn keys_and_discovery_say_this() {
    let server = Server::start();
    let keys = server.request("GET", "/identity/keys").send().json();
    assert_eq!(names(&keys), ["keys"]);
    assert_eq!(names(&keys["keys"][0]), words("kty n e alg kid"));
    assert_eq!(keys, server.request("GET", "/oidc/keys").send().json());
    let login = ask(&server).form(&by_key(&server)).send().json();
    assert_eq!(
        decoded(&login["access_token"]).0["kid"],
        keys["keys"][0]["kid"]
    );

    let path = "/identity/.well-known/openid-configuration";
    let found = server.request("GET", path).send().json();
    let root = server.request("GET", "/.well-known/openid-configuration");
    assert_eq!(found, root.send().json());
    let at = |path: &str| json!(format!("{}{path}", server.serving.url()));
    for (name, path) in [
        ("issuer", "/identity"),
        ("token_endpoint", "/identity/token"),
        ("passcode_endpoint", "/identity/passcode"),
        ("jwks_uri", "/identity/keys"),
        ("userinfo_endpoint", "/identity/userinfo"),
        ("introspection_endpoint", "/identity/introspect"),
    ] {
        assert_eq!(found[name], at(path), "{name}");
    }
    // The advertised grants are supported.
    for grant in found["grant_types_supported"].as_array().unwrap() {
        let grant = grant.as_str().unwrap();
        let reply = ask(&server)
            .basic("bx", "bx")
            .form(&[("grant_type", grant)]);
        // There the client is the proof.
        let missing = match grant {
            "client_credentials" => "BXNIM0308E",
            _ => "BXNIM0109E",
        };
        assert_eq!(reply.send().json()["errorCode"], missing, "{grant}");
    }
}

#[test]
fn introspection_and_userinfo_say_this() {
    let server = Server::start();
    let login = ask(&server).basic("bx", "bx").form(&by_key(&server)).send();
    let login = login.json();
    let token = login["access_token"].as_str().unwrap();
    let (_, claims) = decoded(&login["access_token"]);
    let introspect = |query: &str, fields: &[(&str, &str)]| {
        let path = format!("/identity/introspect{query}");
        server.request("POST", &path).form(fields)
    };
    let introspected = introspect("", &[("token", token)]).send().json();
    let known = "active iss realmId identifier sub iam_id account name email";
    let of_token = "scope client_id grant_type session_id auth_time iat exp";
    assert_eq!(names(&introspected), words(&format!("{known} {of_token}")));
    assert_eq!(introspected["active"], true);
    assert_eq!(introspected["realmId"], claims["realmid"]);
    assert_eq!(
        introspected["account"],
        json!({"bss": server.owner.account})
    );
    for name in [
        "iss",
        "identifier",
        "sub",
        "iam_id",
        "scope",
        "client_id",
        "auth_time",
        "iat",
        "exp",
    ] {
        assert_eq!(introspected[name], claims[name], "{name}");
    }
    let pretty = introspect("?pretty=true", &[("token", token)]).basic("bx", "bx");
    let pretty = pretty.send();
    assert!(
        pretty.text().contains("\n  \"active\": true"),
        "{}",
        pretty.text()
    );
    assert_eq!(pretty.json(), introspected);
    let of_key = introspect("", &[("apikey", &server.owner.api_key)]).send();
    let as_token = "scope client_id grant_type auth_time iat exp";
    assert_eq!(names(&of_key.json()), words(&format!("{known} {as_token}")));
    assert_eq!(of_key.json()["client_id"], "default");

    let inactive = json!({"active": false});
    let uaa = server.request("POST", "/oauth/token").basic("cf", "");
    let uaa = uaa.form(&by_password(&server)).send().json();
    let cut = &token[..token.len() - 5];
    for (what, field, value) in [
        ("nonsense", "token", "nonsense"),
        ("a cut token", "token", cut),
        (
            "a refresh token",
            "token",
            login["refresh_token"].as_str().unwrap(),
        ),
        (
            "the UAA's token",
            "token",
            uaa["access_token"].as_str().unwrap(),
        ),
        ("a key as a token", "token", &server.owner.api_key),
        ("a token as a key", "apikey", token),
    ] {
        let reply = introspect("", &[(field, value)]).send();
        assert_eq!(
            (reply.status, reply.json()),
            (200, inactive.clone()),
            "{what}"
        );
    }
    let revoke = server
        .request("POST", "/identity/revoke")
        .form(&[("token", token)]);
    assert_eq!(revoke.send().status, 200);
    let ended = introspect("", &[("token", token)]).send();
    assert_eq!(ended.json(), inactive);
    for wrong in [
        introspect("", &[("token", token)]).basic("bx", "wrong"),
        server
            .request("POST", "/identity/revoke")
            .basic("x", "x")
            .form(&[("token", token)]),
    ] {
        assert_eq!(refusal(&wrong.send()), (401, "BXNIM0308E".to_owned()));
    }

    let token = server.token();
    let info = server
        .request("GET", "/identity/userinfo")
        .bearer(&token)
        .send();
    let fields = "active realmId identifier iam_id given_name family_name name email sub account auth_time iat exp iss \
                  grant_type client_id scope acr amr";
    assert_eq!(names(&info.json()), words(fields));
    assert_eq!(info.json()["account"], json!({"bss": server.owner.account}));
}

/// A key that was read from a file ends with the line.
#[test]
fn an_api_key_may_end_a_line() {
    let server = Server::start();
    let key = format!("{}\r\n", server.owner.api_key);
    let form = [("grant_type", APIKEY), ("apikey", key.as_str())];
    let reply = ask(&server).form(&form).send();
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Status and code of a refusal, whose body has the original's form.
fn refusal(reply: &Reply) -> (u16, String) {
    let body = reply.json();
    let context = &body["context"];
    assert!(context.is_object(), "{}: {body}", reply.status);
    assert_eq!(
        names(context),
        words(
            "requestId requestType userAgent url instanceId threadId host startTime endTime elapsedTime locale clusterName"
        )
    );
    assert_eq!(
        context["requestId"].as_str(),
        reply.header("transaction-id")
    );
    assert!(
        body["errorMessage"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    (reply.status, body["errorCode"].as_str().unwrap().to_owned())
}
