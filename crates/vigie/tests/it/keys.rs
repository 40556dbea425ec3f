//! API keys.

use crate::fixture::{ACCOUNT, ORG, SPACE};
use crate::terminal::{Terminal, mode};
use insta::assert_snapshot;

#[test]
fn from_creation_to_deletion() {
    let mut terminal = Terminal::logged_in();
    for line in [
        "vigie iam api-keys",
        "vigie iam api-keys -n ci --output json",
        "vigie iam api-keys --uuid",
        "vigie iam api-key-create ci -d builds --lock",
        "vigie iam api-key-create ci --file key.json",
        "vigie iam api-key-update ci -n cd",
        "vigie iam api-key-update ci",
        "vigie iam api-key-lock ci",
        "vigie iam api-key-unlock ci",
        "vigie iam api-key-disable ci --output json",
        "vigie iam api-key-enable ci",
        "vigie iam api-key-delete ci",
        "vigie iam api-key-delete ci -f",
        "vigie iam api-key-delete twin -f",
        "vigie iam api-key-delete ApiKey-2 -f",
        "vigie iam api-key-delete nobody -f",
        "vigie iam api-key-create ci --expires-at 2096-01-31T12:00Z",
        "vigie iam api-key-create ci --expires-at 2096-01-31T12:00+0000 --output json",
        "vigie iam api-key-create ci --expires soon",
    ] {
        terminal.run(line);
    }
    assert_snapshot!(terminal.transcript());
    let update = &terminal.server.requests("PUT", "/v1/apikeys/ApiKey-1")[0];
    assert_eq!(update.header("if-match"), "1-aa");
}

#[test]
fn a_key_in_a_file_is_for_its_owner_and_logs_in_again() {
    let mut terminal = Terminal::logged_in();
    let ran = terminal.run("vigie iam api-key-create ci --file key.json");
    assert!(!ran.stdout.contains("vgk_"));
    assert_eq!(mode(&terminal.path("key.json")), 0o600);
    let text = std::fs::read_to_string(terminal.path("key.json")).unwrap();
    assert!(
        text.contains("\n\t\"apikey\": \"vgk_shown_once\""),
        "{text}"
    );
    let address = terminal.server.address;
    terminal.run(&format!("vigie login -a {address} --apikey @key.json"));
    let sent = terminal.server.requests("POST", "/identity/token");
    assert!(sent.last().unwrap().body.contains("apikey=vgk_shown_once"));
}

/// The second key replaced the only copy of the first, and said nothing.
#[test]
fn regression_7_a_file_with_a_key_is_never_replaced() {
    let mut terminal = Terminal::logged_in();
    terminal.run("vigie iam api-key-create ci --file key.json");
    let kept = std::fs::read(terminal.path("key.json")).unwrap();
    let ran = terminal.run("vigie iam api-key-create cd --file key.json");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    assert!(ran.stderr.contains("name another file"), "{}", ran.stderr);
    assert_eq!(std::fs::read(terminal.path("key.json")).unwrap(), kept);
    // A dash made a file of that name.
    let ran = terminal.run("vigie iam api-key-create ce --file -");
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(!terminal.path("-").exists());
    let made = terminal.server.requests("POST", "/v1/apikeys");
    assert_eq!(made.len(), 1, "no key that nobody has was made");
}

/// When a key ends is asked for by a flag, and shown in a column of its own once some key has an end.
#[test]
fn a_key_that_expires_says_when() {
    let mut terminal = Terminal::logged_in();
    let head = |table: &str| -> Vec<String> {
        let line = table.lines().find(|line| line.starts_with("Name"));
        let words = line.unwrap().split("   ").map(str::trim);
        words
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let before = terminal.run("vigie iam api-keys").stdout;
    assert_eq!(head(&before).last().unwrap(), "Description", "{before}");

    let time = "2096-01-31T12:00+0000";
    let ran = terminal.run(&format!("vigie iam api-key-create ci --expires-at {time}"));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.contains(time), "{ran:?}");
    let asked = terminal.server.requests("POST", "/v1/apikeys");
    assert_eq!(asked[0].json()["expires_at"], time);
    let ran = terminal.run("vigie iam api-key-create ci --expires-at soon");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(terminal.server.requests("POST", "/v1/apikeys").len(), 1);

    terminal.server.configure(|behavior| {
        let mut key = crate::fixture::key("ApiKey-1", "ci", "build server");
        key["expires_at"] = time.into();
        behavior.patches.push(("/v1/apikeys", "/apikeys/0", key));
    });
    let after = terminal.run("vigie iam api-keys").stdout;
    assert_eq!(head(&after).last().unwrap(), "Expires At", "{after}");
    assert!(after.contains(time) && after.contains("never"), "{after}");
}

/// Weeks and days were refused under another name of the flag, without a word of what is taken.
#[test]
fn regression_7_a_key_expires_at_a_time_in_any_form_of_times() {
    let mut terminal = Terminal::logged_in();
    terminal.set("TZ", "Europe/Paris");
    for (written, sent) in [
        ("2096-W05", "2096-01-29T23:00:00Z"),
        ("2096-W05-2", "2096-01-30T23:00:00Z"),
        ("2096-040", "2096-02-08T23:00:00Z"),
        ("2096-01-31", "2096-01-30T23:00:00Z"),
        ("2096-01-31T12:00", "2096-01-31T11:00:00Z"),
        ("2096-01-31T12:00Z", "2096-01-31T12:00Z"),
    ] {
        let ran = terminal.run(&format!("vigie iam api-key-create ci --expires {written}"));
        assert_eq!(ran.code, 0, "{written}: {ran:?}");
        let asked = terminal.server.requests("POST", "/v1/apikeys");
        let expiry = &asked.last().unwrap().json()["expires_at"];
        assert_eq!(*expiry, sent, "{written}");
    }
    let asked = terminal.server.requests("POST", "/v1/apikeys").len();
    for (wrong, expected) in [
        ("2096-W60", "`2096-W60` is not a date or time of day that"),
        ("2020-W05", "is 2020-01-26T23:00:00Z, which has passed"),
        ("90", "`90` could be a time or a length of time"),
        ("soon", "`soon` is no time at which a key can expire"),
        ("3dec", "`3dec` is "),
    ] {
        let ran = terminal.run(&format!("vigie iam api-key-create ci --expires {wrong}"));
        assert_eq!(ran.code, 2, "{wrong}: {ran:?}");
        for part in [expected, "an ISO week (`2030-W05`)", "their first moment"] {
            assert!(ran.stderr.contains(part), "{wrong}: {ran:?}");
        }
        assert!(!ran.stderr.contains("--expires-at"), "{wrong}: {ran:?}");
    }
    let after = terminal.server.requests("POST", "/v1/apikeys").len();
    assert_eq!(after, asked, "nothing was asked");
}

/// With a blank it was read as the same length of time before now, which has passed; an empty text as any time.
#[test]
fn regression_7_a_key_expires_after_a_length_of_time_with_or_without_blanks() {
    let terminal = Terminal::logged_in();
    let create = |expires: &str| {
        let words = ["iam", "api-key-create", "ci", "--expires", expires];
        terminal.run_words("vigie", &words, &[])
    };
    for (written, days) in [
        ("90d", 90),
        ("90 d", 90),
        ("90 days", 90),
        ("2 weeks", 14),
        ("6 months", 180),
        ("1d 12h", 1),
    ] {
        let ran = create(written);
        assert_eq!(ran.code, 0, "{written}: {ran:?}");
        let asked = terminal.server.requests("POST", "/v1/apikeys");
        let sent = asked.last().unwrap().json()["expires_at"].clone();
        let at: jiff::Timestamp = sent.as_str().unwrap().parse().unwrap();
        let hours = at.duration_since(jiff::Timestamp::now()).as_hours();
        assert!(
            (24 * days - 1..24 * days + 13).contains(&hours),
            "{written}: {sent}"
        );
    }
    for empty in ["", " "] {
        let ran = create(empty);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(
            ran.stderr.contains("`--expires` has no time\nhint: "),
            "{ran:?}"
        );
    }
}

/// A domain is named as `--scope` names it.
#[test]
fn regression_7_a_key_is_narrowed_to_what_is_targeted() {
    let mut terminal = Terminal::logged_in();
    for (word, id) in [
        ("space", format!("s-{SPACE}")),
        ("org", format!("o-{ORG}")),
        ("account", format!("a-{ACCOUNT}")),
    ] {
        let ran = terminal.run(&format!(
            "vigie iam api-key-create web1 --domain {word} --only send"
        ));
        assert_eq!(ran.code, 0, "{ran:?}");
        let asked = terminal.server.requests("POST", "/v1/apikeys");
        assert_eq!(asked.last().unwrap().json()["reach"]["domain"], id);
    }
    // A space by its name, in the targeted organization or another.
    for flags in ["-s dev", "--space dev -o field-org"] {
        let ran = terminal.run(&format!(
            "vigie iam api-key-create web1 --only send {flags}"
        ));
        assert_eq!(ran.code, 0, "{ran:?}");
        let asked = terminal.server.requests("POST", "/v1/apikeys");
        let reach = &asked.last().unwrap().json()["reach"];
        let expected = serde_json::json!({"domain": format!("s-{SPACE}"), "only": "send"});
        assert_eq!(*reach, expected, "{flags}");
    }
    let asked = terminal.server.requests("POST", "/v1/apikeys").len();
    for (flags, code) in [
        ("-s nosuch", 5),
        ("-s dev --domain space", 2),
        ("-o field-org", 2),
    ] {
        let ran = terminal.run(&format!("vigie iam api-key-create web1 {flags}"));
        assert_eq!(ran.code, code, "{ran:?}");
    }
    let ran = terminal.run("vigie iam api-key-create web1 --domain dev");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("`s-GUID`"), "{ran:?}");
    terminal.edit(".cf/config.json", |cf| {
        cf["SpaceFields"] = serde_json::json!({});
    });
    let ran = terminal.run("vigie iam api-key-create web1 --domain space");
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.stderr.contains("no space is targeted"), "{ran:?}");
    assert_eq!(terminal.server.requests("POST", "/v1/apikeys").len(), asked);
}

/// An unknown name is left out of a sentence, with the word before it.
#[test]
fn regression_7_a_sentence_names_nobody_twice_blank() {
    let mut terminal = Terminal::logged_in();
    terminal.edit("config.json", |config| {
        config["Account"] = serde_json::json!({});
    });
    let ran = terminal.run("vigie iam api-key-create x");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.stdout
            .contains("Creating API key x as ada@example.org...\n"),
        "{ran:?}"
    );
}

/// Advice about a refused key can help.
#[test]
fn regression_7_a_refused_key_is_not_told_to_make_another_with_itself() {
    let mut terminal = Terminal::new();
    let line = format!(
        "vigie login -a {} --apikey vgk_old",
        terminal.server.address
    );
    for (message, advised) in [
        ("Provided API key could not be found", "is it the whole key"),
        (
            "Provided API key cannot be used: its account was deleted",
            "operator",
        ),
        (
            "Provided API key cannot be used: it has expired",
            "`vigie login -u USER`",
        ),
    ] {
        terminal.server.configure(|behavior| {
            behavior.patches = vec![("/identity/token", "/errorMessage", message.into())];
        });
        let ran = terminal.run(&line);
        assert_eq!(ran.code, 3, "{ran:?}");
        let hint = ran
            .stderr
            .lines()
            .find(|line| line.starts_with("hint:"))
            .unwrap();
        assert!(hint.contains(advised), "{ran:?}");
        let is_gone = message.contains("deleted");
        assert!(!is_gone || !hint.contains("api-key-create"), "{ran:?}");
    }
}
