//! Invisible characters in a command's words, settings file and environment are shown as numbers: a zero-width character, a blank
//! that is none, and one that turns the direction of writing.

use crate::harness::VIGIED;
use std::process::{Command, Stdio};

const UNSEEN: [char; 3] = ['\u{200b}', '\u{a0}', '\u{202e}'];

/// The output, on standard output and error.
fn ran(words: &[&str], variable: Option<(&str, &str)>) -> String {
    let output = Command::new(VIGIED)
        .args(words)
        .envs(variable)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    text(output.stdout) + &text(output.stderr)
}

#[test]
fn what_a_command_repeats_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for unseen in UNSEEN {
        let number = unseen.escape_unicode().to_string();
        let assert_hidden = |what: &str, text: &str| {
            assert!(!text.contains(unseen), "{what}: {text:?}");
            assert!(text.contains(&number), "{what}: {text:?}");
        };
        let data = path("data");
        for words in [
            "config check --data=DATA~",
            "config check --data=DATA --listen=127.0.0.1~",
            "config check --data=DATA --set=limits.body~_bytes=1",
            "config check --data=DATA --set=limits.body_bytes=1~",
            "config check --data=DATA --config=DATA~.toml",
            "config check --da~ta=DATA",
            "config check --output=te~xt",
            "con~fig",
            "serve --data=DATA~",
            "init --data=DATA --key-file=DATA~/key",
        ] {
            let words = words
                .replace("DATA", &data)
                .replace('~', &unseen.to_string());
            let words: Vec<&str> = words.split(' ').collect();
            assert_hidden(&words.join(" "), &ran(&words, None));
        }
        let settings = path("settings.toml");
        for text in [
            "\"lis~ten\" = \"x\"\n",
            "listen = \"127.0.0.1~\"\n",
            "[\"lim~its\"]\nx = 1\n",
        ] {
            let text = text.replace('~', &unseen.to_string());
            std::fs::write(&settings, &text).unwrap();
            let check = ["config", "check", "--data", &data, "--config", &settings];
            assert_hidden(&text, &ran(&check, None));
        }
        let check = ["config", "check", "--data", data.as_str()];
        for (name, value) in [("VIGIE_LIS~TEN", "x"), ("VIGIE_LISTEN", "127.0.0.1~")] {
            let [name, value] = [name, value].map(|word| word.replace('~', &unseen.to_string()));
            assert_hidden(&name, &ran(&check, Some((&name, &value))));
        }
    }
}

/// A line end in a word begins no line of its own.
#[test]
fn a_word_forges_no_line() {
    for words in [
        ["config", "check", "--no\nhint: such=1"],
        ["config", "check", "--output=te\nhint: such"],
    ] {
        let text = ran(&words, None);
        assert!(!text.contains("\nhint: such"), "{text}");
        assert!(text.contains("\\u{a}hint: such"), "{text}");
    }
}
