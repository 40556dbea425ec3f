//! How programs come in that can only be told an address, a name and a password, and pages of other sites.

mod cross_origin;
mod cross_site;
mod path_scope;

use crate::harness::{Reply, Request, Server, VIGIED, now};
use crate::hostile::login_limits::first_slowed;
use base::limit::{self, Limit};
use serde_json::{Value, json};

pub(crate) use cross_origin::LIMITS;

/// Every route of metrics, as it is asked to say 200.
const ROUTES: [(&str, &str); 10] = [
    ("POST", "/v1/metrics"),
    ("GET", "/v1/metrics?target=app.*"),
    ("GET", "/v1/metrics/list?query=*"),
    ("DELETE", "/v1/metrics/list?query=nothing"),
    ("GET", "/v1/settings/domain"),
    ("GET", "/render?target=app.*&format=json"),
    ("POST", "/render?target=app.*&format=json"),
    ("GET", "/metrics/find?query=*"),
    ("GET", "/functions/sumSeries"),
    ("GET", "/version"),
];

/// Credentials of the owner: the key, an IAM token and a UAA token.
struct Credentials {
    key: String,
    iam: String,
    uaa: String,
}

impl Credentials {
    fn of(server: &Server) -> Self {
        let login = [
            ("grant_type", "password"),
            ("username", "apikey"),
            ("password", server.owner.api_key.as_str()),
        ];
        let uaa = server.request("POST", "/oauth/token").basic("cf", "");
        let uaa = uaa.form(&login).send().json();
        Self {
            key: server.owner.api_key.clone(),
            iam: server.token(),
            uaa: uaa["access_token"].as_str().unwrap().to_owned(),
        }
    }
}

/// A request in the owner's space, without a credential.
fn bare(server: &Server, method: &str, path: &str) -> Request {
    let scope = format!("s-{}", server.owner.space);
    let request = server.request(method, path);
    let request = request.header("X-Auth-Scope-Id", &scope);
    match (method, path) {
        ("POST", "/v1/metrics") => {
            request.json(&json!([{"name": "app.load", "value": 1, "timestamp": now() - 60}]))
        }
        _ => request,
    }
}

/// The API key of the owner of another account.
fn another_key(server: &Server) -> String {
    let mut command = std::process::Command::new(VIGIED);
    command.args([
        "account",
        "create",
        "Second",
        "--owner",
        "bea@example.org",
        "--output",
        "json",
        "--data",
    ]);
    let output = command.arg(server.data()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    made["api_key"].as_str().unwrap().to_owned()
}

fn challenge(reply: &Reply) -> Option<&str> {
    reply.header("www-authenticate")
}

const BEARER: &str = "Bearer realm=\"vigie\"";
const BEARER_REFUSED: &str = "Bearer realm=\"vigie\", error=\"invalid_token\"";
const BEARER_AND_BASIC: &str = "Bearer realm=\"vigie\", Basic realm=\"vigie\"";

#[test]
fn a_key_and_a_token_open_the_routes_of_metrics_by_bearer_and_by_basic() {
    // As many wrong ones are shown as one source may show at once, whatever comes back meanwhile.
    let server = Server::with(&["--set", "limits.guesses_per_source=100000"]);
    let credentials = Credentials::of(&server);
    for (method, path) in ROUTES {
        for text in [&credentials.key, &credentials.iam, &credentials.uaa] {
            let reply = bare(&server, method, path).bearer(text).send();
            assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
        }
        for (name, text) in [
            ("apikey", &credentials.key),
            ("APIKEY", &credentials.key),
            ("iam", &credentials.iam),
            ("token", &credentials.iam),
            ("token", &credentials.uaa),
            ("token", &credentials.key),
        ] {
            let reply = bare(&server, method, path).basic(name, text).send();
            assert_eq!(
                reply.status,
                200,
                "{method} {path} {name}: {}",
                reply.text()
            );
        }
        for (name, text) in [
            ("apikey", "vgk_x"),
            ("apikey", &credentials.iam),
            ("iam", &credentials.key),
            ("iam", &credentials.uaa),
            ("token", "eyJ.x.y"),
            ("token", ""),
            ("bx", "bx"),
            (&credentials.key, ""),
            ("", &credentials.key),
            ("uaa", &credentials.uaa),
        ] {
            let reply = bare(&server, method, path).basic(name, text).send();
            assert_eq!(
                reply.status,
                401,
                "{method} {path} {name}: {}",
                reply.text()
            );
            assert_eq!(challenge(&reply), Some(BEARER_AND_BASIC), "{method} {path}");
            assert!(
                !reply.text().contains("vgk_") || text == "vgk_x",
                "{}",
                reply.text()
            );
        }
        let reply = bare(&server, method, path).send();
        assert_eq!(
            (reply.status, challenge(&reply)),
            (401, Some(BEARER_AND_BASIC))
        );
    }
    // What was mended is told here as well.
    let pasted =
        bare(&server, "GET", "/version").basic("apikey", &format!("{}\n", credentials.key));
    let notice = pasted.send();
    assert_eq!(
        notice.header("x-vigie-credential-notice"),
        Some("whitespace-trimmed")
    );
}

/// RFC 6750 3.1: a client that shows a token learns that this is what is wrong; one that shows none is told nothing about it.
#[test]
fn a_token_that_is_no_good_is_challenged_as_such() {
    let server = Server::start();
    let credentials = Credentials::of(&server);
    let cut = &credentials.iam[..credentials.iam.len() - 5];
    let refused_and_basic =
        "Bearer realm=\"vigie\", error=\"invalid_token\", Basic realm=\"vigie\"";
    for (path, refused, bare_challenge) in [
        ("/v1/apikeys", BEARER_REFUSED, BEARER),
        ("/identity/userinfo", BEARER_REFUSED, BEARER),
        ("/v1/metrics/list", refused_and_basic, BEARER_AND_BASIC),
        ("/version", refused_and_basic, BEARER_AND_BASIC),
    ] {
        let ask = || server.request("GET", path);
        for wrong in [
            ask().bearer(cut),
            ask().bearer("nonsense"),
            ask().header("X-Auth-User-Token", &format!("iam {cut}")),
            ask().header("X-Auth-User-Token", "apikey vgk_x"),
        ] {
            let reply = wrong.send();
            assert_eq!(
                (reply.status, challenge(&reply)),
                (401, Some(refused)),
                "{path}"
            );
        }
        for none in [
            ask(),
            ask().header("X-Auth-User-Token", ""),
            ask().basic("nobody", "x"),
        ] {
            let reply = none.send();
            assert_eq!(
                (reply.status, challenge(&reply)),
                (401, Some(bare_challenge)),
                "{path}"
            );
        }
    }
}

#[test]
fn neither_way_opens_what_manages_identities_nor_asks_for_a_password_there() {
    let server = Server::start();
    let credentials = Credentials::of(&server);
    for (method, path) in [
        ("GET", "/v1/apikeys"),
        ("POST", "/v1/apikeys"),
        ("GET", "/v2/organizations"),
        ("POST", "/v2/spaces"),
        ("GET", "/coe/v2/accounts"),
        ("GET", "/identity/userinfo"),
        ("PUT", "/v2/users/self/password"),
    ] {
        let requests = [
            (
                server.request(method, path).bearer(&credentials.key),
                BEARER_REFUSED,
            ),
            (
                server
                    .request(method, path)
                    .basic("apikey", &credentials.key),
                BEARER,
            ),
            (
                server.request(method, path).basic("iam", &credentials.iam),
                BEARER,
            ),
            (
                server
                    .request(method, path)
                    .basic("token", &credentials.iam),
                BEARER,
            ),
            (server.request(method, path), BEARER),
        ];
        for (request, expected) in requests {
            let reply = request.send();
            assert_eq!(reply.status, 401, "{method} {path}: {}", reply.text());
            assert_eq!(challenge(&reply), Some(expected), "{method} {path}");
        }
    }
    // The Basic of a token endpoint is the client's.
    let form = [
        ("grant_type", "urn:ibm:params:oauth:grant-type:apikey"),
        ("apikey", credentials.key.as_str()),
    ];
    for path in [
        "/identity/token",
        "/oauth/token",
        "/identity/introspect",
        "/identity/revoke",
    ] {
        let reply = server
            .request("POST", path)
            .basic("apikey", &credentials.key);
        let reply = reply.form(&form).send();
        assert!(
            matches!(reply.status, 400 | 401),
            "{path}: {}",
            reply.text()
        );
        assert!(
            !reply.text().contains("access_token\""),
            "{path}: {}",
            reply.text()
        );
    }
}

#[test]
fn a_credential_beside_another_is_looked_at_if_it_is_of_this_server() {
    let server = Server::start();
    let (credentials, another) = (Credentials::of(&server), another_key(&server));
    let asked = || {
        let request = bare(&server, "GET", "/version");
        request.header("X-Auth-User-Token", &format!("apikey {}", credentials.key))
    };
    for request in [
        asked().basic("proxy", "secret"),
        asked().basic("apikey", "of-a-proxy"),
        asked().bearer("of-a-proxy"),
        asked().header("Authorization", "Basic !"),
        asked().header("Authorization", "Digest x"),
        asked().basic("apikey", &credentials.key),
        asked().basic("iam", &credentials.iam),
        asked().bearer(&credentials.key),
        asked().bearer(&credentials.iam),
    ] {
        let reply = request.send();
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    for request in [
        asked().basic("apikey", &another),
        asked().basic("token", &another),
        asked().bearer(&another),
    ] {
        let reply = request.send();
        assert_eq!(reply.status, 400, "{}", reply.text());
        for header in ["`X-Auth-User-Token`", "`Authorization`"] {
            assert!(reply.text().contains(header), "{}", reply.text());
        }
    }
    // Twice the header, twice the person.
    let twice = bare(&server, "GET", "/version").basic("apikey", &credentials.key);
    let twice = twice.basic("apikey", &another).send();
    assert_eq!(twice.status, 400, "{}", twice.text());
}

#[test]
fn wrong_keys_are_slowed_by_source_whichever_way_they_come() {
    let server = Server::with(&["--set", "limits.guesses_per_source=3"]);
    let wrong = |at: usize| {
        let key = format!("a-key-that-nobody-has-{at}");
        let request = bare(&server, "GET", "/version");
        match at % 3 {
            0 => request.basic("apikey", &key),
            1 => request.bearer(&key),
            _ => request.basic("token", &key),
        }
    };
    let statuses: Vec<u16> = (0..3).map(|at| wrong(at).send().status).collect();
    assert_eq!(statuses, [401; 3]);
    first_slowed(|at| wrong(at).send());
    let right = bare(&server, "GET", "/version").basic("apikey", &server.owner.api_key);
    assert_eq!(right.send().status, 200);
}

/// A page of any site may run a script of this server, and the browser adds the password that it keeps.
#[test]
fn a_script_is_never_answered_to_a_password() {
    let server = Server::start();
    let credentials = Credentials::of(&server);
    for path in [
        "/render?target=app.*&format=json&jsonp=show",
        "/render?target=app.*&format=csv&jsonp=show",
        "/metrics/find?query=*&jsonp=show",
        "/metrics/index.json?jsonp=show",
        "/tags?jsonp=show",
        "/functions?group=Sorting&jsonp=show",
    ] {
        let by_header = bare(&server, "GET", path).bearer(&credentials.key).send();
        assert_eq!(by_header.status, 200, "{path}: {}", by_header.text());
        let by_basic = bare(&server, "GET", path)
            .basic("apikey", &credentials.key)
            .send();
        assert_eq!(by_basic.status, 400, "{path}: {}", by_basic.text());
        assert!(by_basic.text().contains("`jsonp`"), "{}", by_basic.text());
        let form = bare(&server, "POST", "/render?target=app.*&format=json");
        let form = form
            .basic("iam", &credentials.iam)
            .form(&[("jsonp", "show")])
            .send();
        assert_eq!(form.status, 400, "{}", form.text());
    }
}

/// A limit of the settings, which no request meets.
#[test]
fn more_origins_than_their_limit_are_refused_at_the_start() {
    let many = vec!["https://a.example"; 65].join(",");
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    crate::harness::init(&data);
    let set = format!("cors.origins={many}");
    let log =
        crate::harness::Serving::try_start(&data, "127.0.0.1:0", &["--set", &set]).unwrap_err();
    let limit: Limit = limit::CORS_ORIGINS;
    assert!(log.contains(limit.name) && log.contains("64"), "{log}");
}
