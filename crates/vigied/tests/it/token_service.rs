//! The token service to the letter: every field, claim, header, status and code; and what it makes of requests that are
//! almost right.

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

const CLAIMS: &str = "iam_id id realmid jti identifier given_name family_name name email sub authn account iat exp iss \
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
    // What is promised is kept: each grant is known.
    for grant in found["grant_types_supported"].as_array().unwrap() {
        let grant = grant.as_str().unwrap();
        let reply = ask(&server)
            .basic("bx", "bx")
            .form(&[("grant_type", grant)]);
        assert_eq!(reply.send().json()["errorCode"], "BXNIM0109E", "{grant}");
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
    let told = introspect("", &[("token", token)]).send().json();
    let known = "active iss realmId identifier sub iam_id account name email";
    let of_token = "scope client_id grant_type session_id iat exp";
    assert_eq!(names(&told), words(&format!("{known} {of_token}")));
    assert_eq!(told["active"], true);
    assert_eq!(told["realmId"], claims["realmid"]);
    assert_eq!(told["account"], json!({"bss": server.owner.account}));
    for name in [
        "iss",
        "identifier",
        "sub",
        "iam_id",
        "scope",
        "client_id",
        "iat",
        "exp",
    ] {
        assert_eq!(told[name], claims[name], "{name}");
    }
    let pretty = introspect("?pretty=true", &[("token", token)]).basic("bx", "bx");
    let pretty = pretty.send();
    assert!(
        pretty.text().contains("\n  \"active\": true"),
        "{}",
        pretty.text()
    );
    assert_eq!(pretty.json(), told);
    let of_key = introspect("", &[("apikey", &server.owner.api_key)]).send();
    assert_eq!(names(&of_key.json()), words(known));

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
        let told = introspect("", &[(field, value)]).send();
        assert_eq!(
            (told.status, told.json()),
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
    let fields = "active realmId identifier iam_id given_name family_name name email sub account iat exp iss \
                  grant_type client_id scope acr amr";
    assert_eq!(names(&info.json()), words(fields));
    assert_eq!(info.json()["account"], json!({"bss": server.owner.account}));
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

#[test]
fn refusals_have_these_statuses_and_codes() {
    let server = Server::start();
    let password = by_password(&server);
    let request = || ask(&server).basic("bx", "bx");
    let cases = [
        (
            "no grant",
            request().form(&[("apikey", "x")]),
            400,
            "BXNIM0109E",
        ),
        (
            "no key",
            request().form(&[("grant_type", APIKEY)]),
            400,
            "BXNIM0109E",
        ),
        (
            "no password",
            request().form(&password[..2]),
            400,
            "BXNIM0109E",
        ),
        (
            "an unknown grant",
            request().form(&[("grant_type", "x")]),
            400,
            "BXNIM0106E",
        ),
        (
            "an unknown key",
            request().form(&[("grant_type", APIKEY), ("apikey", "x")]),
            400,
            "BXNIM0415E",
        ),
        (
            "a wrong password",
            request().form(&[password[0], password[1], ("password", "x")]),
            400,
            "BXNIM0602E",
        ),
        (
            "an unknown refresh token",
            request().form(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
            400,
            "BXNIM0407E",
        ),
        (
            "another account",
            request().form(&[password[0], password[1], password[2], ("account", "x")]),
            400,
            "BXNIM0141E",
        ),
        ("no client", ask(&server).form(&password), 401, "BXNIM0308E"),
        (
            "an unknown client",
            ask(&server).basic("kube", "kube").form(&password),
            401,
            "BXNIM0308E",
        ),
        (
            "a wrong method",
            server.request("GET", "/identity/token"),
            405,
            "BXNIM0060E",
        ),
        (
            "another wrong method",
            server.request("PUT", "/oidc/token"),
            405,
            "BXNIM0060E",
        ),
    ];
    for (what, request, status, code) in cases {
        let reply = request.send();
        assert_eq!(refusal(&reply), (status, code.to_owned()), "{what}");
        let challenge = (status == 401).then_some("Basic realm=\"vigie\"");
        assert_eq!(reply.header("www-authenticate"), challenge, "{what}");
        assert_eq!(
            reply.header("allow"),
            (status == 405).then_some("POST"),
            "{what}"
        );
        let kind = reply.json()["context"]["requestType"].clone();
        assert!(
            kind == "incoming.Identity_Token" || kind == "incoming.Oidc_Token",
            "{kind}"
        );
    }
    for _ in 0..10 {
        request()
            .form(&[password[0], password[1], ("password", "x")])
            .send();
    }
    let paused = request().form(&password).send();
    assert_eq!(refusal(&paused), (429, "BXNIM0602E".to_owned()));
    assert_eq!(paused.header("retry-after"), Some("60"));
}

#[test]
fn requests_that_are_almost_right() {
    let server = Server::with(&["--set", "limits.body_bytes=100000"]);
    let (key, password) = (by_key(&server), by_password(&server));
    let form = wire::query::encode(&key);
    let raw = |kind: &str, body: &str| ask(&server).header("Content-Type", kind).body(body);
    let basic = |value: &str| ask(&server).header("Authorization", value).form(&password);
    let urlencoded = "application/x-www-form-urlencoded";
    let cases = [
        (
            "a charset",
            raw(&format!("{urlencoded}; charset=UTF-8"), &form),
            200,
            "",
        ),
        (
            "capitals in the type",
            raw("Application/X-WWW-Form-URLEncoded", &form),
            200,
            "",
        ),
        ("a type that is wrong", raw("text/plain", &form), 200, ""),
        ("no type", ask(&server).body(form.as_str()), 200, ""),
        (
            "a line end behind the form",
            raw(urlencoded, &format!("{form}\r\n")),
            200,
            "",
        ),
        (
            "an unknown field",
            raw(urlencoded, &format!("{form}&mfa=1&ims_account=2")),
            200,
            "",
        ),
        (
            "an empty account",
            raw(urlencoded, &format!("{form}&account=")),
            200,
            "",
        ),
        (
            "the old path",
            server.request("POST", "/oidc/token").form(&key),
            200,
            "",
        ),
        ("no body", ask(&server), 400, "BXNIM0109E"),
        (
            "JSON",
            raw("application/json", "{\"grant_type\":\"x\"}"),
            400,
            "BXNIM0106E",
        ),
        (
            "a field twice",
            raw(urlencoded, &format!("{form}&apikey=x")),
            400,
            "BXNIM0106E",
        ),
        (
            "broken escapes",
            raw(urlencoded, "grant_type=%zz"),
            400,
            "BXNIM0106E",
        ),
        (
            "no UTF-8",
            raw(urlencoded, "grant_type=%ff"),
            400,
            "BXNIM0106E",
        ),
        (
            "no UTF-8, unescaped",
            ask(&server).body(*b"grant_type=\xff"),
            400,
            "BXNIM0106E",
        ),
        (
            "a large form",
            raw(urlencoded, &"a".repeat(66_000)),
            400,
            "BXNIM0106E",
        ),
        (
            "a huge body",
            raw(urlencoded, &"a".repeat(100_001)),
            413,
            "BXNMSSV03E",
        ),
        (
            "a slash at the end",
            server.request("POST", "/identity/token/").form(&key),
            200,
            "",
        ),
        ("basic in small letters", basic("basic Yng6Yng="), 200, ""),
        (
            "BASIC in capitals, two blanks",
            basic("BASIC  Yng6Yng="),
            200,
            "",
        ),
        (
            "a client that is escaped",
            basic("Basic JTYyeDpiJTc4"),
            401,
            "BXNIM0308E",
        ),
        (
            "basic without its padding",
            basic("Basic Yng6Yng"),
            401,
            "BXNIM0308E",
        ),
        (
            "basic without a colon",
            basic("Basic Yng="),
            401,
            "BXNIM0308E",
        ),
        (
            "basic that is no base64",
            basic("Basic !!"),
            401,
            "BXNIM0308E",
        ),
        ("an empty basic", basic("Basic "), 401, "BXNIM0308E"),
        ("bearer instead", basic("Bearer x"), 401, "BXNIM0308E"),
    ];
    for (what, request, status, code) in cases {
        let reply = request.send();
        if status == 200 {
            assert_eq!(reply.status, 200, "{what}: {}", reply.text());
        } else {
            assert_eq!(refusal(&reply), (status, code.to_owned()), "{what}");
        }
        // What was sent is not sent back: it could be a secret.
        assert!(!reply.text().contains(&server.owner.api_key), "{what}");
    }
    let head = server.request("HEAD", "/identity/keys").send();
    assert_eq!((head.status, head.body.len()), (200, 0));
    let options = server.request("OPTIONS", "/identity/token").send();
    assert_eq!(options.status, 405);
    let message = raw("application/json", "{}").send().json();
    assert!(
        message["errorDetails"]
            .as_str()
            .unwrap()
            .contains(urlencoded),
        "{message}"
    );
}

#[test]
fn the_passcode_page_shows_what_was_typed_to_nobody() {
    let server = Server::start();
    let page = server.request("GET", "/identity/passcode").send();
    let hostile = "<script>alert(1)</script>";
    let refused = server.request("POST", "/identity/passcode");
    let refused = refused
        .form(&[("username", hostile), ("password", hostile)])
        .send();
    let good = server.request("POST", "/identity/passcode");
    let good = good.form(&by_password(&server)[1..]).send();
    for (status, page) in [(200, &page), (400, &refused), (200, &good)] {
        assert_eq!(page.status, status, "{}", page.text());
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(page.header(name), Some(value), "{name}");
        }
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert!(!page.text().contains("<script"), "{}", page.text());
    }
    assert!(refused.text().contains("role=\"alert\""));
    let (_, rest) = good
        .text()
        .split_once("<code>")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let code = rest.split_once("</code>").unwrap().0.to_owned();
    assert!(
        code.len() == 10 && code.chars().all(|c| c.is_ascii_alphanumeric()),
        "{code}"
    );
    let passcode = "urn:ibm:params:oauth:grant-type:passcode";
    let redeem = || {
        let form = [("grant_type", passcode), ("passcode", code.as_str())];
        ask(&server).basic("bx", "bx").form(&form).send()
    };
    let login = redeem();
    assert_eq!(
        decoded(&login.json()["access_token"]).1["grant_type"],
        passcode
    );
    assert_eq!(refusal(&redeem()), (400, "BXNIM0602E".to_owned()));
}
