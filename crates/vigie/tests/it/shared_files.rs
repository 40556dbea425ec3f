//! The two configuration files as the original tool and this one share them.

use crate::fixture::{ACCOUNT, ORG, SPACE, jwt};
use crate::terminal::Terminal;
use serde_json::{Value, json};
use std::fs;

/// A file as the original writes it after a login, with all the keys it knows.
fn original(terminal: &Terminal, text: &str, token: &str) -> Value {
    let text = text
        .replace("BASE", &format!("http://{}", terminal.server.address))
        .replace("TOKEN", token)
        .replace("ACCOUNT", ACCOUNT)
        .replace("ORG", ORG)
        .replace("SPACE", SPACE);
    serde_json::from_str(&text).unwrap()
}

fn original_main(terminal: &Terminal) -> Value {
    let text = include_str!("../original/config.json");
    original(terminal, text, &jwt(77, 3600, ACCOUNT))
}

fn original_cf(terminal: &Terminal) -> Value {
    let text = include_str!("../original/cf.json");
    original(terminal, text, &jwt(2, 3600, ""))
}

/// A home in which the original has logged in.
fn theirs() -> Terminal {
    let terminal = Terminal::of_folder(".bluemix");
    fs::create_dir_all(terminal.path(".bluemix/.cf")).unwrap();
    put(&terminal, "config.json", &original_main(&terminal));
    put(&terminal, ".cf/config.json", &original_cf(&terminal));
    terminal
}

fn put(terminal: &Terminal, name: &str, value: &Value) {
    let text = serde_json::to_string_pretty(value).unwrap();
    fs::write(terminal.path(".bluemix").join(name), text).unwrap();
}

/// The keys of `before` that are gone or have another value in `after`.
fn changed(before: &Value, after: &Value) -> Vec<String> {
    before
        .as_object()
        .unwrap()
        .iter()
        .filter(|(key, value)| after.get(key) != Some(value))
        .map(|(key, _)| key.clone())
        .collect()
}

#[test]
fn a_login_of_the_original_is_used_and_renewed_and_nothing_else_of_it_changed() {
    let mut terminal = theirs();
    let (before, before_cf) = (
        terminal.file("config.json"),
        terminal.file(".cf/config.json"),
    );
    let tokens = terminal.run("ibmcloud iam oauth-tokens").stdout;
    assert!(tokens.contains(".sig77\nUAA token:  Bearer "), "{tokens}");
    assert_eq!(terminal.file("config.json"), before);
    let guid = terminal.run("bx iam space dev --guid").stdout;
    assert_eq!(guid, format!("{SPACE}\n"));
    assert_eq!(terminal.run("ibmcloud metrics send a.b=1").code, 0);

    terminal.edit("config.json", |config| {
        config["IAMToken"] = format!("Bearer {}", jwt(77, 5, ACCOUNT)).into();
    });
    assert_eq!(terminal.run("ibmcloud iam oauth-tokens").code, 0);
    assert_eq!(
        changed(&before, &terminal.file("config.json")),
        ["IAMRefreshToken", "IAMToken", "LastSessionUpdateTime"]
    );
    assert_eq!(terminal.file(".cf/config.json"), before_cf);
    assert_eq!(terminal.run("bx config --check-version false").code, 0);
    assert!(changed(&before_cf, &terminal.file(".cf/config.json")).is_empty());
}

#[test]
fn what_is_written_has_the_types_the_original_reads() {
    let terminal = Terminal::logged_in();
    let same_type = |ours: &Value, theirs: &Value| {
        std::mem::discriminant(ours) == std::mem::discriminant(theirs)
    };
    for (name, known, ours) in [
        (
            "config.json",
            original_main(&terminal),
            vec!["MetricsEndpoint"],
        ),
        (".cf/config.json", original_cf(&terminal), vec!["LoginAt"]),
    ] {
        for (key, value) in terminal.file(name).as_object().unwrap() {
            match known.get(key) {
                Some(theirs) => assert!(same_type(value, theirs), "{name}: {key} is {value}"),
                None => assert!(ours.contains(&key.as_str()), "{name}: {key} is nobody's"),
            }
        }
        let text = fs::read_to_string(terminal.path(".vigie").join(name)).unwrap();
        assert!(text.starts_with("{\n  \""), "two blanks deep: {text}");
    }
}

#[test]
fn a_logout_takes_the_session_and_leaves_the_rest() {
    let mut terminal = theirs();
    let before = terminal.file("config.json");
    assert_eq!(terminal.run("ibmcloud logout").code, 0);
    let gone = changed(&before, &terminal.file("config.json"));
    assert_eq!(
        gone,
        [
            "Account",
            "CRIType",
            "IAMRefreshToken",
            "IAMToken",
            "IsLoggedInAsCRI",
            "LoginAt",
            "PaginationURLs",
            "Profile",
            "ResourceGroup"
        ]
    );
    assert_eq!(terminal.file("config.json")["Region"], "us-south");
    let cf = terminal.file(".cf/config.json");
    assert_eq!(
        (&cf["AccessToken"], &cf["RefreshToken"]),
        (&json!(""), &json!(""))
    );
    assert_eq!(cf["DopplerEndPoint"], "wss://doppler.example.org");
    assert_eq!(cf["SpaceFields"]["GUID"], "");
}

#[test]
fn a_file_of_an_unknown_version_and_a_null_are_as_good_as_absent() {
    let mut terminal = theirs();
    terminal.edit(".cf/config.json", |cf| cf["ConfigVersion"] = 700.into());
    terminal.edit("config.json", |config| {
        config["Region"] = Value::Null;
        config["Account"]["Owner"] = Value::Null;
    });
    let ran = terminal.run("ibmcloud target --output json");
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let target: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&target["region"]["name"], &target["space"]),
        (&json!(""), &Value::Null)
    );
    assert_eq!(target["account"]["name"], "Field Works");
}

#[test]
fn a_link_to_a_file_elsewhere_stays_a_link() {
    let mut terminal = theirs();
    let elsewhere = terminal.path("dotfiles.json");
    let here = terminal.path(".bluemix/config.json");
    fs::rename(&here, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &here).unwrap();
    assert_eq!(terminal.run("ibmcloud target -r eu-de").code, 0);
    assert!(here.is_symlink());
    let written: Value = serde_json::from_slice(&fs::read(elsewhere).unwrap()).unwrap();
    assert_eq!(written["Region"], "eu-de");
}

#[test]
fn the_directory_is_found_by_every_variable() {
    let mut terminal = theirs();
    let home = terminal.path(".");
    fs::rename(terminal.path(".bluemix"), terminal.path("elsewhere")).unwrap();
    fs::create_dir(terminal.path("parent")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", terminal.path("parent/.ibmcloud")).unwrap();
    assert_eq!(terminal.run("bx iam oauth-tokens").code, 1);
    for (name, value) in [
        ("VIGIE_HOME", "elsewhere"),
        ("IBMCLOUD_CONFIG_HOME", "elsewhere"),
        ("IBMCLOUD_HOME", "parent"),
        ("BLUEMIX_HOME", "parent"),
    ] {
        let value = home.join(value).display().to_string();
        let ran = terminal.run_words("bx", &["iam", "oauth-tokens"], &[(name, &value)]);
        assert_eq!(ran.code, 0, "{name}: {}", ran.stderr);
    }
}

#[test]
fn the_environment_comes_before_the_file() {
    let terminal = theirs();
    let run = |words: &[&str], variables: &[(&str, &str)]| {
        terminal.run_words("ibmcloud", words, variables)
    };
    for name in ["IBMCLOUD_QUIET", "VIGIE_QUIET"] {
        for (value, quiet) in [("true", true), ("1", true), ("T", true), ("false", false)] {
            let ran = run(&["account", "spaces"], &[(name, value)]);
            assert_eq!(
                !ran.stdout.contains("OK"),
                quiet,
                "{name}={value}: {}",
                ran.stdout
            );
            let ran = run(&["account", "org", "nowhere"], &[(name, value)]);
            assert_eq!(!ran.stderr.contains("FAILED"), quiet, "{name}={value}");
            assert!(ran.stderr.contains("no organization `nowhere`"));
        }
    }
    for name in ["IBMCLOUD_TRACE", "BLUEMIX_TRACE", "VIGIE_TRACE"] {
        assert!(
            run(&["regions"], &[(name, "true")])
                .stderr
                .contains("REQUEST: ["),
            "{name}"
        );
        assert_eq!(run(&["regions"], &[(name, "false")]).stderr, "", "{name}");
    }
    for name in [
        "IBMCLOUD_HTTP_TIMEOUT",
        "BLUEMIX_HTTP_TIMEOUT",
        "VIGIE_HTTP_TIMEOUT",
    ] {
        let ran = run(&["regions"], &[(name, "soon")]);
        assert_eq!(ran.code, 2);
        assert!(ran.stderr.contains(name), "{}", ran.stderr);
    }
    // The token service is where this variable says, when it is asked.
    terminal.edit("config.json", |config| config["IAMToken"] = "".into());
    let ran = run(
        &["iam", "oauth-tokens"],
        &[("IAM_ENDPOINT", "http://127.0.0.1:1")],
    );
    assert!(
        ran.stderr
            .contains("`http://127.0.0.1:1` takes no connections"),
        "{}",
        ran.stderr
    );
    // What means nothing here does no harm.
    for name in [
        "IBMCLOUD_VERSION_CHECK",
        "BLUEMIX_VERSION_CHECK",
        "IBMCLOUD_ANALYTICS",
        "BLUEMIX_ANALYTICS",
    ] {
        assert_eq!(run(&["iam", "oauth-tokens"], &[(name, "true")]).code, 0);
    }
}
