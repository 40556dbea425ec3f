//! Which folder a login is kept in, and what becomes of another program's login that is there already.

use crate::fixture::{ACCOUNT, Fixture, KEY, jwt_of};
use crate::person::Person;
use crate::terminal::{Finished, Terminal, mode};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const IBM: &str = "https://iam.cloud.ibm.com/identity";

/// A login to IBM's cloud as its own program leaves it, that begins to end in so many seconds.
fn ibm(terminal: &Terminal, folder: &str, ttl_s: i64, refresh: &str) {
    fs::create_dir_all(terminal.path(folder).join(".cf")).unwrap();
    let main = json!({
        "APIEndpoint": "https://cloud.ibm.com", "IAMEndpoint": "https://iam.cloud.ibm.com", "Region": "eu-de",
        "IAMToken": format!("Bearer {}", jwt_of(IBM, "ada@example.com", 900, ttl_s, ACCOUNT)),
        "IAMRefreshToken": refresh, "PluginRepos": [{"Name": "IBM Cloud"}],
        "Account": {"GUID": ACCOUNT, "Name": "Works", "Owner": "ada@example.com"},
    });
    let cf = json!({"ConfigVersion": 4, "Target": "https://api.eu-de.cf.cloud.ibm.com", "AccessToken": "bearer theirs"});
    put(terminal, folder, "config.json", &main);
    put(terminal, folder, ".cf/config.json", &cf);
}

fn put(terminal: &Terminal, folder: &str, name: &str, value: &Value) {
    let path = terminal.path(folder).join(name);
    fs::write(path, serde_json::to_vec_pretty(value).unwrap()).unwrap();
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn log_in(terminal: &Terminal, name: &str, variables: &[(&str, &str)]) -> Finished {
    let address = terminal.server.address.to_string();
    let words = ["login", "-a", &address, "--apikey", KEY, "-r", "us-south"];
    let ran = terminal.run_words(name, &words, variables);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

fn is_of(terminal: &Terminal, folder: &str) -> bool {
    let path = terminal.path(folder).join("config.json");
    let address = format!("http://{}", terminal.server.address);
    path.exists() && read(&path)["APIEndpoint"] == address.as_str()
}

#[test]
fn vigie_keeps_a_folder_of_its_own_and_touches_no_other() {
    let terminal = Terminal::of_folder(".bluemix");
    ibm(&terminal, ".bluemix", 3600, "theirs");
    ibm(&terminal, ".ibmcloud", 3600, "theirs");
    let before = [".bluemix", ".ibmcloud"].map(|folder| {
        let path = terminal.path(folder);
        (
            read(&path.join("config.json")),
            read(&path.join(".cf/config.json")),
        )
    });
    let ran = log_in(&terminal, "vigie", &[]);
    assert!(!ran.stderr.contains("before-vigie"), "{ran:?}");
    let default_folder = if cfg!(target_os = "macos") {
        "Library/Application Support/vigie"
    } else {
        ".config/vigie"
    };
    assert!(is_of(&terminal, default_folder));
    assert_eq!(mode(&terminal.path(default_folder)), 0o700);
    for words in [&["api", "https://other.example"][..], &["logout"]] {
        assert_eq!(terminal.run_words("vigie", words, &[]).code, 0);
    }
    let after = [".bluemix", ".ibmcloud"].map(|folder| {
        let path = terminal.path(folder);
        (
            read(&path.join("config.json")),
            read(&path.join(".cf/config.json")),
        )
    });
    assert_eq!(before, after);
}

#[test]
fn the_folder_of_vigie_is_where_the_variables_say() {
    let terminal = Terminal::of_folder(".bluemix");
    let at = |name: &str| terminal.path(name).display().to_string();
    let (xdg, home, parent) = (at("xdg"), at("own"), at("parent"));
    log_in(&terminal, "vigie", &[("XDG_CONFIG_HOME", &xdg)]);
    if !cfg!(target_os = "macos") {
        assert!(is_of(&terminal, "xdg/vigie"));
    }
    let all = [
        ("VIGIE_HOME", home.as_str()),
        ("XDG_CONFIG_HOME", &xdg),
        ("IBMCLOUD_HOME", &parent),
    ];
    log_in(&terminal, "vigie", &all);
    assert!(is_of(&terminal, "own"));
    // The parent of `.bluemix` is the other program's matter; the name of the original follows it.
    log_in(&terminal, "vigie", &all[2..]);
    assert!(!terminal.path("parent").exists());
    log_in(&terminal, "bx", &all[1..]);
    assert!(is_of(&terminal, "parent/.bluemix"));
}

#[test]
fn another_programs_login_is_copied_before_it_is_replaced() {
    for name in ["ibmcloud", "bluemix", "bx"] {
        let terminal = Terminal::of_folder(".bluemix");
        ibm(&terminal, ".bluemix", 3600, "theirs");
        let before = read(&terminal.path(".bluemix/config.json"));
        let ran = log_in(&terminal, name, &[]);
        assert!(is_of(&terminal, ".bluemix"));
        assert!(
            ran.stderr.contains(".bluemix/config.json.before-vigie`"),
            "{ran:?}"
        );
        assert!(ran.stderr.contains("https://cloud.ibm.com"), "{ran:?}");
        assert!(!ran.stderr.contains("theirs"), "{ran:?}");
        let copy = terminal.path(".bluemix/config.json.before-vigie");
        assert_eq!(read(&copy), before);
        assert_eq!(mode(&copy), 0o600);
        let cf = terminal.path(".bluemix/.cf/config.json.before-vigie");
        assert_eq!(read(&cf)["AccessToken"], "bearer theirs");
        assert_eq!(mode(&cf), 0o600);
    }
}

#[test]
fn a_copy_is_never_written_over_by_one_of_another_login() {
    let terminal = Terminal::of_folder(".bluemix");
    let copies = || {
        let mut names: Vec<_> = fs::read_dir(terminal.path(".bluemix"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("before-vigie"))
            .collect();
        names.sort();
        names
    };
    let first = "config.json.before-vigie";
    ibm(&terminal, ".bluemix", 3600, "theirs-1");
    log_in(&terminal, "bx", &[]);
    assert_eq!(copies(), [first]);
    // The same login, renewed since: its copy is the newer one.
    ibm(&terminal, ".bluemix", 3600, "theirs-2");
    log_in(&terminal, "bx", &[]);
    assert_eq!(copies(), [first]);
    let copy = read(&terminal.path(".bluemix").join(first));
    assert_eq!(copy["IAMRefreshToken"], "theirs-2");
    // Another account's.
    ibm(&terminal, ".bluemix", 3600, "theirs-3");
    let path = terminal.path(".bluemix/config.json");
    let mut other = read(&path);
    other["Account"]["GUID"] = "89abcdef0123456789abcdef01234567".into();
    fs::write(&path, other.to_string()).unwrap();
    log_in(&terminal, "bx", &[]);
    assert_eq!(copies(), [first.to_owned(), format!("{first}-2")]);
    assert_eq!(read(&terminal.path(".bluemix").join(first)), copy);
}

/// The copies of both files belong together: one that is left alone, its fellow moved away, is nobody's to replace.
#[test]
fn a_copy_of_the_second_file_alone_is_not_written_over() {
    let terminal = Terminal::of_folder(".bluemix");
    ibm(&terminal, ".bluemix", 3600, "theirs");
    let lone = terminal.path(".bluemix/.cf/config.json.before-vigie");
    fs::write(&lone, r#"{"AccessToken":"bearer another's"}"#).unwrap();
    let ran = log_in(&terminal, "bx", &[]);
    assert!(
        ran.stderr.contains("config.json.before-vigie-2`"),
        "{ran:?}"
    );
    assert_eq!(read(&lone)["AccessToken"], "bearer another's");
    let second = terminal.path(".bluemix/.cf/config.json.before-vigie-2");
    assert_eq!(read(&second)["AccessToken"], "bearer theirs");
    assert!(!terminal.path(".bluemix/config.json.before-vigie").exists());
}

#[test]
fn at_a_terminal_it_is_asked_whether_another_programs_login_may_be_replaced() {
    let terminal = Terminal::of_folder(".bluemix");
    ibm(&terminal, ".bluemix", 3600, "theirs");
    let before = read(&terminal.path(".bluemix/config.json"));
    let line = format!(
        "bx login -a {} --apikey {KEY} -r us-south -o field-org -s dev",
        terminal.server.address
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("[y/N]> ", "");
    let (screen, code) = person.leave();
    assert_eq!(code, 1, "{screen}");
    assert!(screen.contains("https://cloud.ibm.com"), "{screen}");
    assert_eq!(read(&terminal.path(".bluemix/config.json")), before);
    assert!(
        terminal
            .server
            .requests("POST", "/identity/token")
            .is_empty()
    );
    let mut person = Person::at(&terminal, &line);
    person.answer("[y/N]> ", "y");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    let copy = terminal.path(".bluemix/config.json.before-vigie");
    assert_eq!(read(&copy), before);
    // From then on the login is our own.
    let (screen, code) = Person::at(&terminal, &line).leave();
    assert_eq!(code, 0, "{screen}");
}

#[test]
fn an_address_is_not_set_over_another_programs_login_without_a_copy() {
    let mut terminal = Terminal::of_folder(".bluemix");
    ibm(&terminal, ".bluemix", 3600, "theirs");
    let before = read(&terminal.path(".bluemix/config.json"));
    // What changes nothing asks nothing.
    let ran = terminal.run("bx api https://cloud.ibm.com");
    assert_eq!(ran.stderr, "");
    let ran = terminal.run("bx api http://127.0.0.1:8080");
    assert!(ran.stderr.contains("config.json.before-vigie"), "{ran:?}");
    let copy = terminal.path(".bluemix/config.json.before-vigie");
    assert_eq!(read(&copy)["IAMRefreshToken"], before["IAMRefreshToken"]);
    let mut person = Person::at(&terminal, "bx api --unset");
    person.press("");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "nothing is left to ask about: {screen}");
}

#[test]
fn a_login_that_has_ended_and_one_of_a_vigie_are_replaced_without_a_word() {
    let terminal = Terminal::of_folder(".bluemix");
    // Dead: no renewal, or none for so long that there can be none.
    for (ttl_s, refresh) in [(-5, ""), (-5, "not_supported"), (-40 * 24 * 3600, "theirs")] {
        ibm(&terminal, ".bluemix", ttl_s, refresh);
        let ran = log_in(&terminal, "bx", &[]);
        assert!(!ran.stderr.contains("before-vigie"), "{ran:?}");
    }
    // Region after region, and an installation after another.
    let other = Fixture::start();
    other.configure(|behavior| behavior.issuer = "https://second.example/identity".to_owned());
    for address in [
        terminal.server.address,
        other.address,
        terminal.server.address,
        other.address,
    ] {
        let line = format!("bx login -a {address} --apikey {KEY} -r us-south -o field-org -s dev");
        let (screen, code) = Person::at(&terminal, &line).leave();
        assert_eq!(code, 0, "{screen}");
        assert!(!screen.contains("before-vigie"), "{screen}");
    }
    // A tool that shares the file drops the keys it does not know, and that changes nothing.
    let path = terminal.path(".bluemix/config.json");
    let mut shared = read(&path);
    shared.as_object_mut().unwrap().remove("MetricsEndpoint");
    fs::write(&path, shared.to_string()).unwrap();
    let ran = log_in(&terminal, "bx", &[]);
    assert!(!ran.stderr.contains("before-vigie"), "{ran:?}");
}

/// A server's name for itself is its own word.
#[test]
fn a_server_that_takes_anothers_name_makes_no_login_its_own() {
    let terminal = Terminal::of_folder(".bluemix");
    terminal
        .server
        .configure(|behavior| behavior.issuer = IBM.to_owned());
    log_in(&terminal, "bx", &[]);
    ibm(&terminal, ".bluemix", 3600, "theirs");
    let ran = log_in(&terminal, "bx", &[]);
    assert!(ran.stderr.contains("before-vigie"), "{ran:?}");
}

/// Whoever has named the folder is asked nothing; nothing is lost there all the same.
#[test]
fn in_a_folder_that_was_named_nobody_is_asked() {
    let at = |terminal: &Terminal, name: &str| terminal.path(name).display().to_string();
    for (variable, named, folder) in [
        ("IBMCLOUD_HOME", "parent", "parent/.bluemix"),
        ("BLUEMIX_HOME", "parent", "parent/.bluemix"),
        ("IBMCLOUD_CONFIG_HOME", "itself", "itself"),
    ] {
        let mut terminal = Terminal::of_folder(".bluemix");
        ibm(&terminal, folder, 3600, "theirs");
        let value = at(&terminal, named);
        terminal.set(variable, &value);
        let line = format!(
            "bx login -a {} --apikey {KEY} -r us-south -o field-org -s dev",
            terminal.server.address
        );
        let (screen, code) = Person::at(&terminal, &line).leave();
        assert_eq!(code, 0, "{screen}");
        assert!(is_of(&terminal, folder), "{variable}");
        let copy = terminal.path(folder).join("config.json.before-vigie");
        assert_eq!(read(&copy)["IAMRefreshToken"], "theirs", "{variable}");
    }
}

#[test]
fn without_a_copy_nothing_is_replaced() {
    let mut terminal = Terminal::of_folder(".bluemix");
    ibm(&terminal, ".bluemix", 3600, "theirs");
    let before = read(&terminal.path(".bluemix/config.json"));
    // As many copies of other logins as are kept; what is no copy at all is left alone as well.
    let first = terminal.path(".bluemix/config.json.before-vigie");
    fs::create_dir(&first).unwrap();
    for number in 2..=32 {
        fs::write(format!("{}-{number}", first.display()), "{}").unwrap();
    }
    let address = terminal.server.address;
    let ran = terminal.run(&format!("bx login -a {address} --apikey {KEY}"));
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("config.json.before-vigie"), "{ran:?}");
    assert_eq!(read(&terminal.path(".bluemix/config.json")), before);
    assert!(
        terminal
            .server
            .requests("POST", "/identity/token")
            .is_empty()
    );
}
