//! Whom passwords, keys and tokens go to: nobody but whom the person named, or allowed.

use crate::fixture::{Fixture, KEY, RecordedRequest};
use crate::person::Person;
use crate::terminal::Terminal;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt as _;

/// A server, and another that it would like to have the credentials.
struct Pair {
    terminal: Terminal,
    other: Fixture,
}

impl Pair {
    fn new() -> Self {
        Self {
            terminal: Terminal::new(),
            other: Fixture::start(),
        }
    }

    fn logged_in() -> Self {
        Self {
            terminal: Terminal::logged_in(),
            other: Fixture::start(),
        }
    }

    fn other_url(&self, path: &str) -> Value {
        format!("http://{}{path}", self.other.address).into()
    }

    fn patch(&self, path: &'static str, pointer: &'static str, value: Value) {
        self.terminal
            .server
            .configure(|behavior| behavior.patches.push((path, pointer, value)));
    }

    fn login(&self) -> String {
        format!(
            "vigie login -a {} --apikey {KEY} -r us-south",
            self.terminal.server.address
        )
    }

    /// Nothing whatever arrived at the other.
    fn other_was_not_asked(&self, why: &str) {
        let asked = self.other.all_requests();
        assert!(asked.is_empty(), "{why}: {asked:?}");
    }
}

const DISCOVERY: &str = "/identity/.well-known/openid-configuration";

fn carries_credentials(asked: &RecordedRequest) -> bool {
    !asked.header("authorization").is_empty()
        || !asked.header("x-auth-user-token").is_empty()
        || !asked.body.is_empty()
}

#[test]
fn every_address_that_leads_elsewhere_is_refused_where_nobody_can_be_asked() {
    for (path, pointer, suffix) in [
        (DISCOVERY, "/token_endpoint", "/identity/token"),
        ("/v2/regions", "/resources/1/cf_api", ""),
        ("/v2/regions", "/resources/1/metrics_api", ""),
        ("/v2/info", "/token_endpoint", ""),
        ("/v2/info", "/authorization_endpoint", ""),
    ] {
        let mut pair = Pair::new();
        pair.patch(path, pointer, pair.other_url(suffix));
        let ran = pair.terminal.run(&pair.login());
        assert_eq!(ran.code, 2, "{path}{pointer}: {ran:?}");
        let origin = format!("`http://{}`", pair.other.address);
        assert!(ran.stderr.contains(&origin), "{ran:?}");
        assert!(ran.stderr.contains("--trust-origin"), "{ran:?}");
        for line in [
            "vigie account orgs",
            "vigie metrics send a.b=1",
            "vigie iam oauth-tokens",
        ] {
            pair.terminal.run(line);
        }
        pair.other_was_not_asked(pointer);
    }
}

#[test]
fn what_was_allowed_once_is_not_asked_again() {
    let mut pair = Pair::new();
    pair.terminal.set("NO_COLOR", "1");
    pair.patch(
        DISCOVERY,
        "/token_endpoint",
        pair.other_url("/identity/token"),
    );
    pair.patch(
        "/v2/regions",
        "/resources/1/metrics_api",
        pair.other_url(""),
    );
    let origin = format!("http://{}", pair.other.address);
    let question = format!("`{origin}`. Send passwords and tokens there? [y/N]> ");

    let mut person = Person::at(&pair.terminal, &pair.login());
    person.answer(&question, "n");
    let (screen, code) = person.leave();
    assert_eq!(code, 1, "{screen}");
    pair.other_was_not_asked("the answer was no");

    let mut person = Person::at(&pair.terminal, &pair.login());
    person.answer(&question, "y");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(screen.matches("Send passwords").count(), 1, "{screen}");
    assert_eq!(pair.other.requests("POST", "/identity/token").len(), 1);

    // Beside the configuration, for its owner alone; another tool's rewrite of `config.json` does not lose it.
    let file = pair.terminal.path(".vigie/origins.json");
    let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(pair.terminal.run(&pair.login()).code, 0);
    assert_eq!(pair.terminal.run("vigie metrics send a.b=1").code, 0);
    assert_eq!(pair.other.requests("POST", "/v1/metrics").len(), 1);
    let ran = pair.terminal.run("vigie api");
    assert!(
        ran.stdout.contains(&format!("Also trusted:   {origin}\n")),
        "{ran:?}"
    );

    // Taken back, it is as before.
    let back = pair
        .terminal
        .run(&format!("vigie api --distrust-origin {origin}"));
    assert_eq!(back.code, 0, "{back:?}");
    let before = pair.other.all_requests().len();
    assert_eq!(pair.terminal.run("vigie metrics send a.b=2").code, 2);
    assert_eq!(pair.other.all_requests().len(), before);
}

#[test]
fn flags_and_the_variable_name_an_origin_too() {
    for by in ["trust", "flag", "variable", "api"] {
        let mut pair = Pair::new();
        pair.patch(
            DISCOVERY,
            "/token_endpoint",
            pair.other_url("/identity/token"),
        );
        let origin = format!("http://{}", pair.other.address);
        let mut line = pair.login();
        match by {
            "trust" => line.push_str(&format!(" --trust-origin {origin}")),
            "flag" => line.push_str(&format!(" --iam-endpoint {origin}")),
            "variable" => pair.terminal.set("IAM_ENDPOINT", &origin),
            _ => {
                let api = format!(
                    "vigie api {} --trust-origin {origin}",
                    pair.terminal.server.address
                );
                assert_eq!(pair.terminal.run(&api).code, 0);
            }
        }
        let ran = pair.terminal.run(&line);
        assert_eq!(ran.code, 0, "{by}: {ran:?}");
        assert_eq!(
            pair.other.requests("POST", "/identity/token").len(),
            1,
            "{by}"
        );
        // It holds for the renewals of this login.
        pair.terminal
            .edit("config.json", |config| config["IAMToken"] = "".into());
        assert_eq!(pair.terminal.run("vigie iam token").code, 0, "{by}");
        assert_eq!(
            pair.other.requests("POST", "/identity/token").len(),
            2,
            "{by}"
        );
    }
    // What is trusted beside one server is not beside another.
    let mut pair = Pair::new();
    let origin = format!("http://{}", pair.other.address);
    let elsewhere = Fixture::start();
    let api = format!("vigie api {} --trust-origin {origin}", elsewhere.address);
    assert_eq!(pair.terminal.run(&api).code, 0);
    pair.patch(
        DISCOVERY,
        "/token_endpoint",
        pair.other_url("/identity/token"),
    );
    assert_eq!(pair.terminal.run(&pair.login()).code, 2);
    pair.other_was_not_asked("trusted beside another server");
}

#[test]
fn a_description_of_another_server_is_not_believed() {
    let mut pair = Pair::new();
    pair.patch(DISCOVERY, "/issuer", pair.other_url("/identity"));
    let ran = pair.terminal.run(&pair.login());
    assert_eq!(ran.code, 1, "{ran:?}");
    let texts = [
        format!("`http://{}`", pair.other.address),
        format!(
            "hint: if `http://{0}` is the server you mean, log in there: `vigie login -a http://{0}`",
            pair.other.address
        ),
        "`--public-url ".to_owned(),
        format!(" --iam-endpoint http://{}`", pair.terminal.server.address),
        format!("`--trust-origin http://{}`", pair.other.address),
    ];
    for text in texts {
        assert!(ran.stderr.contains(&text), "{text}: {}", ran.stderr);
    }
    assert!(
        pair.terminal
            .server
            .requests("POST", "/identity/token")
            .is_empty()
    );
}

/// A server behind a proxy that was not told its name: whoever says that it is the right one gets in, and nothing goes to
/// the name that it gives itself.
#[test]
fn a_server_under_another_name_is_used_by_whoever_says_so() {
    for by in ["flag", "variable"] {
        let mut pair = Pair::new();
        let address = format!("http://{}", pair.terminal.server.address);
        for (path, pointer, suffix) in [
            (DISCOVERY, "/issuer", "/identity"),
            (DISCOVERY, "/token_endpoint", "/identity/token"),
            ("/v2/regions", "/resources/1/cf_api", ""),
            ("/v2/regions", "/resources/1/metrics_api", ""),
            ("/v2/info", "/token_endpoint", ""),
            ("/v2/info", "/authorization_endpoint", ""),
        ] {
            pair.patch(path, pointer, pair.other_url(suffix));
        }
        let mut line = pair.login();
        match by {
            "flag" => line.push_str(&format!(" --iam-endpoint {address}")),
            _ => pair.terminal.set("IAM_ENDPOINT", &address),
        }
        let ran = pair.terminal.run(&line);
        assert_eq!(ran.code, 0, "{by}: {ran:?}");
        let ran = pair.terminal.run("vigie metrics send a.b=1");
        assert_eq!(ran.code, 0, "{by}: {ran:?}");
        assert_eq!(
            pair.terminal.server.requests("POST", "/v1/metrics").len(),
            1
        );
        pair.other_was_not_asked(by);
    }
}

#[test]
fn the_name_that_a_server_gives_itself_can_be_trusted() {
    let mut pair = Pair::new();
    pair.terminal.set("NO_COLOR", "1");
    pair.patch(DISCOVERY, "/issuer", pair.other_url("/identity"));
    pair.patch(
        DISCOVERY,
        "/token_endpoint",
        pair.other_url("/identity/token"),
    );
    let origin = format!("http://{}", pair.other.address);
    let question = format!(
        "names another host as its own address: `{origin}`. Send passwords and tokens there? [y/N]> "
    );
    let mut person = Person::at(&pair.terminal, &pair.login());
    person.answer(&question, "n");
    let (screen, code) = person.leave();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("--iam-endpoint "), "{screen}");
    pair.other_was_not_asked("the answer was no");
    assert_eq!(pair.terminal.run(&pair.login()).code, 1);

    let line = format!("{} --trust-origin {origin}", pair.login());
    let ran = pair.terminal.run(&line);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(pair.other.requests("POST", "/identity/token").len(), 1);
    // It is remembered.
    assert_eq!(pair.terminal.run(&pair.login()).code, 0);

    let mut fresh = Pair::new();
    fresh.terminal.set("NO_COLOR", "1");
    fresh.patch(DISCOVERY, "/issuer", fresh.other_url("/identity"));
    let mut person = Person::at(&fresh.terminal, &fresh.login());
    person.answer("[y/N]> ", "y");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert_eq!(screen.matches("Send passwords").count(), 1, "{screen}");
}

/// This machine has several names; a server that was started for one of them is reached under all.
#[test]
fn localhost_and_127_0_0_1_are_one_server() {
    let mut pair = Pair::new();
    let port = pair.terminal.server.address.port();
    let ran = pair
        .terminal
        .run(&format!("vigie login -a localhost:{port} --apikey {KEY}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        pair.terminal.file("config.json")["IAMEndpoint"],
        format!("http://localhost:{port}")
    );
}

#[test]
fn a_next_page_elsewhere_is_not_fetched() {
    for (path, line) in [
        ("/coe/v2/accounts", "vigie account list"),
        ("/v2/organizations", "vigie account orgs"),
        (
            "/v2/accounts/0123456789abcdef0123456789abcdef/users",
            "vigie account users",
        ),
        ("/v2/users/self/invitations", "vigie account invitations"),
    ] {
        for next in [
            "@OTHER/x",
            "//OTHER/x",
            "http://OTHER/x",
            ":x@OTHER/x",
            ".OTHER/x",
            "/\\OTHER",
        ] {
            let mut pair = Pair::logged_in();
            let next = next.replace("OTHER", &pair.other.address.to_string());
            pair.patch(path, "/next_url", next.clone().into());
            let ran = pair.terminal.run(line);
            assert_eq!(ran.code, 1, "{line} {next}: {ran:?}");
            assert!(ran.stderr.contains("which is not its own"), "{ran:?}");
            pair.other_was_not_asked(&next);
        }
    }
}

#[test]
fn a_redirect_takes_no_credential_along() {
    for path in [
        "/identity/token",
        DISCOVERY,
        "/coe/v2/accounts",
        "/v2/regions",
        "/v2/info",
    ] {
        let mut pair = Pair::new();
        let to = format!("http://{}{path}", pair.other.address);
        pair.terminal
            .server
            .configure(|behavior| behavior.moved = Some((path, to)));
        let ran = pair.terminal.run(&pair.login());
        assert_ne!(ran.code, 0, "{path}: {ran:?}");
        pair.other_was_not_asked(path);
    }
}

/// Files that another tool, an older version or a server's lie left behind are no permission.
#[test]
fn addresses_in_the_files_are_no_permission() {
    for (file, key, line) in [
        ("config.json", "IAMEndpoint", "vigie iam token"),
        ("config.json", "IAMEndpoint", "vigie iam api-keys"),
        ("config.json", "MetricsEndpoint", "vigie metrics send a.b=1"),
        ("config.json", "MetricsEndpoint", "vigie metrics get a.b"),
        ("config.json", "MetricsEndpoint", "vigie iam token --curl"),
        (
            "config.json",
            "MetricsEndpoint",
            "vigie agent --once --interval 1s --host h",
        ),
        (".cf/config.json", "Target", "vigie account orgs"),
        (".cf/config.json", "UaaEndpoint", "vigie cf oauth-token"),
    ] {
        let mut pair = Pair::logged_in();
        pair.terminal
            .edit(file, |value| value[key] = pair.other_url(""));
        if line.contains("oken") && !line.contains("curl") {
            pair.terminal.edit("config.json", |config| {
                if key == "IAMEndpoint" {
                    config["IAMToken"] = "Bearer e30.e30.x".into();
                }
            });
            pair.terminal.edit(".cf/config.json", |cf| {
                cf["AccessToken"] = "bearer e30.e30.x".into();
            });
        }
        let ran = pair.terminal.run(line);
        assert_eq!(ran.code, 2, "{line}: {ran:?}");
        pair.other_was_not_asked(line);
    }
}

/// The agent's key goes where the person said, and its samples, too.
#[test]
fn an_agent_with_a_key_asks_nobody_else() {
    let mut pair = Pair::logged_in();
    pair.terminal.set("VIGIE_API_KEY", KEY);
    pair.terminal.edit("config.json", |config| {
        config["IAMEndpoint"] = pair.other_url("");
    });
    let ran = pair
        .terminal
        .run("vigie agent --once --interval 1s --host h");
    assert_eq!(ran.code, 2, "{ran:?}");
    pair.other_was_not_asked("the agent's key");
    let other = format!("http://{}", pair.other.address);
    pair.terminal.set("VIGIE_API", &other);
    let ran = pair
        .terminal
        .run("vigie agent --once --interval 1s --host h");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(pair.other.all_requests().iter().any(carries_credentials));
}

/// A program named `xdg-open` that writes down what it is given.
fn browser(terminal: &mut Terminal) {
    let bin = terminal.path("bin");
    std::fs::create_dir(&bin).unwrap();
    let opened = terminal.path("opened");
    let script = format!(
        "#!/bin/sh\nprintf '%s|%s' \"$#\" \"$1\" > {}.new\nmv {}.new {}\n",
        opened.display(),
        opened.display(),
        opened.display()
    );
    std::fs::write(bin.join("xdg-open"), script).unwrap();
    std::fs::set_permissions(bin.join("xdg-open"), std::fs::Permissions::from_mode(0o755)).unwrap();
    terminal.set("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
}

#[test]
fn only_pages_are_opened() {
    for page in [
        "-x",
        "file:///etc/passwd",
        "http://192.0.2.1/p",
        "https://x/\u{1b}]0;x\u{7}",
        "https://x/'$(id)'",
        "https://u@x/",
        "ssh://x",
    ] {
        let mut pair = Pair::new();
        browser(&mut pair.terminal);
        pair.patch(DISCOVERY, "/passcode_endpoint", page.into());
        let line = format!(
            "vigie login -a {} --sso -r us-south",
            pair.terminal.server.address
        );
        let mut person = Person::at(&pair.terminal, &line);
        person.answer("One Time Code > ", "abcdefghij");
        let (screen, code) = person.leave();
        assert_eq!(code, 0, "{screen}");
        assert!(
            !screen.contains("in the default browser"),
            "{page}: {screen}"
        );
        assert!(
            screen.contains("not handed to a browser"),
            "{page}: {screen}"
        );
        assert!(!pair.terminal.path("opened").exists(), "{page}");
    }
    for page in ["https://login.example.org/p?a=b&c=d", "/identity/passcode"] {
        let mut pair = Pair::new();
        browser(&mut pair.terminal);
        let page = match page.strip_prefix('/') {
            Some(path) => format!("http://{}/{path}", pair.terminal.server.address),
            None => page.to_owned(),
        };
        pair.patch(DISCOVERY, "/passcode_endpoint", page.clone().into());
        let line = format!(
            "vigie login -a {} --sso -r us-south",
            pair.terminal.server.address
        );
        let mut person = Person::at(&pair.terminal, &line);
        person.answer("Open the URL in the default browser? [Y/n] > ", "");
        person.answer("One Time Code > ", "abcdefghij");
        let (screen, code) = person.leave();
        assert_eq!(code, 0, "{screen}");
        let opened = pair.terminal.path("opened");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(90);
        let expected = format!("1|{page}");
        // It is there before anything stands in it.
        let read = || std::fs::read_to_string(&opened).unwrap_or_default();
        while read() != expected && std::time::Instant::now() < until {
            std::thread::yield_now();
        }
        assert_eq!(read(), expected);
    }
}
