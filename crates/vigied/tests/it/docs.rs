//! The documentation tells the truth: its commands run, and its generated pages are those of the code.

mod api;
mod chapters;
mod examples;
mod figures;
mod forms;
mod functions;
mod installing;
mod log;
mod readers;
mod roles;
mod sdks;
mod sdks_in_practice;
mod senders;
mod threats;

use crate::harness::{VIGIED, vigie};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// Compares a generated page with the committed one; `VIGIE_UPDATE=1` writes it.
fn page(name: &str, text: &str) {
    let file = docs().join("reference").join(name);
    if std::env::var_os("VIGIE_UPDATE").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, committed, "{name} is stale: VIGIE_UPDATE=1 writes it");
}

#[test]
fn the_settings_reference_is_that_of_the_program() {
    let output = Command::new(VIGIED)
        .args(["config", "reference"])
        .output()
        .unwrap();
    page("settings.md", &String::from_utf8(output.stdout).unwrap());
}

/// The example of a settings file is one, and sets what it says.
#[test]
fn the_example_of_settings_is_true() {
    let reference = std::fs::read_to_string(docs().join("reference/settings.md")).unwrap();
    let (_, example) = reference.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let file = format!("cat > vigie.toml <<'END'\n{example}END\n");
    let before = format!("```sh\n{file}vigied config check --config vigie.toml\n```\n");
    let output = walked("reference/settings.md", &before);
    for source in ["vigie.toml", "VIGIE_", "flag --"] {
        for value in ["127.0.0.1:", "900 "] {
            let is_printed = |line: &str| line.contains(value) && line.contains(source);
            assert!(
                output.lines().any(is_printed),
                "{value} {source}:\n{output}"
            );
        }
    }
}

#[test]
fn the_error_reference_is_that_of_the_code() {
    let mut text = String::from(
        "# Error codes\n\nGenerated from the tables in `wire::code`. The message beside a code says what is wrong with this request, and what\nmends it; look here for what a code means in general.\n\n## Monitoring, and every interface\n\nIn `errors[0].code`.\n\n| code | status | meaning |\n|---|---|---|\n",
    );
    for code in wire::code::ALL {
        let status = code.kind.status();
        let _ = writeln!(text, "| `{}` | {status} | {} |", code.code, code.meaning);
        for (known, kind, meaning) in wire::code::OTHER_STATUSES {
            if known == code {
                let _ = writeln!(text, "| `{}` | {} | {meaning} |", code.code, kind.status());
            }
        }
    }
    for (title, field, words) in [
        ("Token service", "errorCode", wire::code::TOKEN_SERVICE),
        (
            "API keys, accounts, users",
            "errors[0].message_code",
            wire::code::IDENTITY,
        ),
        ("UAA", "error", wire::code::UAA),
    ] {
        let _ = write!(
            text,
            "\n## {title}\n\nIn `{field}`.\n\n| word | status | meaning |\n|---|---|---|\n"
        );
        for word in words {
            let _ = writeln!(
                text,
                "| `{}` | {} | {} |",
                word.word, word.status, word.meaning
            );
        }
    }
    page("errors.md", &text);
}

#[test]
fn the_reference_of_the_interfaces_is_that_of_the_documents() {
    page("api.md", &api::page());
}

#[test]
fn the_reference_of_functions_is_that_of_their_table() {
    page("functions.md", &functions::page());
}

/// Every code of the token service that the sources speak is in the reference, and the reference has no other word.
#[test]
fn the_words_of_identity_are_those_of_the_sources() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for folder in ["iam/src", "vigied/src", "wire/src/problem.rs"] {
        read(&crates.join(folder), &mut sources);
    }
    let begins = sources.match_indices("\"BXNIM").map(|(at, _)| at + 1);
    let spoken: BTreeSet<&str> = begins.map(|at| &sources[at..at + 10]).collect();
    let words = wire::code::TOKEN_SERVICE.iter().map(|word| word.word);
    let listed: BTreeSet<&str> = words
        .clone()
        .filter(|word| word.starts_with("BXNIM"))
        .collect();
    assert_eq!(spoken, listed);
    let others = wire::code::IDENTITY.iter().chain(wire::code::UAA);
    for word in words.chain(others.map(|word| word.word)) {
        assert!(
            sources.contains(&format!("\"{word}\"")),
            "nothing says `{word}`"
        );
    }
}

/// Each word of the log that the page names is written by something, and each that is written is named.
#[test]
fn the_words_of_the_log_are_those_of_the_sources() {
    let page = std::fs::read_to_string(docs().join("concepts/audit.md")).unwrap();
    let (_, section) = page.split_once("## Events\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let (_, section) = section.split_once("`event`").unwrap();
    let lists = section.lines().filter(|line| line.starts_with("- "));
    let named: BTreeSet<&str> = lists
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut sources = String::new();
    for entry in crates.read_dir().unwrap() {
        let folder = entry.unwrap().path().join("src");
        if folder.is_dir() {
            read(&folder, &mut sources);
        }
    }
    let mut written: BTreeSet<&str> = sources
        .split("event = \"")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('"')?.0))
        .collect();
    written.extend(iam::audit::Action::ALL.iter().map(|action| action.name()));
    assert_eq!(named, written);
}

fn read(path: &Path, into: &mut String) {
    if path.is_dir() {
        for entry in path.read_dir().unwrap() {
            read(&entry.unwrap().path(), into);
        }
    } else {
        into.push_str(&std::fs::read_to_string(path).unwrap());
    }
}

/// Where the guides have listeners for senders. Their addresses are replaced, and their ports are not: nobody else has the address.
const SENDERS_PORTS: [&str; 2] = ["2003", "8125"];

/// The guide's blocks as one shell script; Python blocks run inside it.
fn script(guide: &str, address: &str) -> String {
    let mut script =
        String::from("set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || :' EXIT\n");
    // What a certificate is for, and where senders send to.
    let host = address.split(':').next().unwrap();
    let mut fence = "";
    for line in guide.lines() {
        match (fence, line) {
            ("", "```sh") => fence = "sh",
            ("", "```python") => {
                fence = "python";
                script.push_str("export TOKEN SPACE\npython3 - <<'END'\n");
            }
            ("python", "```") => {
                fence = "";
                script.push_str("END\n");
            }
            (_, "```") => fence = "",
            ("", _) => {}
            _ => {
                let mut line = line.replace("127.0.0.1:8080", address);
                for port in SENDERS_PORTS {
                    for between in [':', ' '] {
                        let place = format!("{host}{between}{port}");
                        line = line.replace(&format!("127.0.0.1{between}{port}"), &place);
                    }
                }
                script.push_str(&line.replace("IP:127.0.0.1", &format!("IP:{host}")));
                script.push('\n');
            }
        }
    }
    script
}

/// The part of the central path that makes a server.
fn server() -> String {
    let central = std::fs::read_to_string(docs().join("guides/central-path.md")).unwrap();
    let (server, _) = central.split_once("## 2. Log in").unwrap();
    server.to_owned()
}

/// Runs every block of a page in one shell, after `before`, in an empty folder; what it showed.
fn walked(page: &str, before: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (done, output) = walked_in(folder.path(), page, before);
    assert!(done, "{output}");
    output
}

/// The same in a folder of one's own; whether all of it went well.
fn walked_in(folder: &Path, page: &str, before: &str) -> (bool, String) {
    let guide = std::fs::read_to_string(docs().join(page)).unwrap();
    walked_text(folder, &guide, before)
}

fn walked_text(folder: &Path, guide: &str, before: &str) -> (bool, String) {
    let port = std::net::TcpListener::bind((crate::undisturbed::own_address(), 0))
        .unwrap()
        .local_addr()
        .unwrap();
    let programs = vigie().parent().unwrap().display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("bash")
        .arg("-c")
        .arg(script(&format!("{before}{guide}"), &port.to_string()))
        .current_dir(folder)
        .env("PATH", format!("{programs}:{path}"))
        .env("IBMCLOUD_CONFIG_HOME", folder.join("cli"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), printed)
}

/// The README's order: the quickstart, then the guide, in the folder one is in. Done once more, the guide ends at its first
/// step, and the only copy of the key is what it was.
#[test]
fn the_quickstart_and_then_the_guide_in_one_folder() {
    vigie();
    let folder = tempfile::tempdir().unwrap();
    let toured = Command::new(VIGIED)
        .args(["quickstart", "--once", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(toured.status.success(), "{toured:?}");
    let guide = "guides/central-path.md";
    let (done, output) = walked_in(folder.path(), guide, "");
    assert!(done, "{output}");
    let key = || std::fs::read_to_string(folder.path().join("key.json")).unwrap();
    let before = key();
    assert!(before.contains("\"api_key\": \"vgk_"), "{before}");
    let (done, output) = walked_in(folder.path(), guide, "");
    assert!(!done, "{output}");
    assert!(output.contains("`key.json` is there already"), "{output}");
    assert_eq!(key(), before);
}

#[test]
fn every_command_of_the_guide_runs() {
    let output = walked("guides/central-path.md", "");
    for expected in [
        "IAM token:  Bearer ",
        "\"stored\":2",
        "shop.eu.latency-ms",
        "python.answer",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

#[test]
fn every_command_of_the_guide_to_operating_runs() {
    let output = walked("guides/operating.md", &rotated_server());
    for expected in [
        "{\"status\":\"ready\"}",
        "\"store\":\"ok\"",
        "vigie_limit_hits_total{limit=",
        "on any node",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

/// A server with a signing key of each kind: retired, one that verifies, one that signs, and one that is announced.
fn rotated_server() -> String {
    let first = "vigied keys list --output json | jq --raw-output '.[0].kid'";
    let rotations = format!(
        "vigied keys rotate --now\nvigied keys retire \"$({first})\"\nvigied keys rotate --now\nvigied keys rotate\n"
    );
    format!("{}\n```sh\n{rotations}```\n", server())
}

/// The guide took the first key of the list, which had been retired long ago, and the stolen one went on signing.
#[test]
fn after_a_theft_the_new_signing_key_alone_is_left() {
    let guide = std::fs::read_to_string(docs().join("guides/operating.md")).unwrap();
    let (_, rest) = guide.split_once("## A signing key was stolen\n").unwrap();
    let (steps, _) = rest.split_once("\n## ").unwrap();
    let last = "\n```sh\necho KEYS\nvigied keys list --output json\n```\n";
    let folder = tempfile::tempdir().unwrap();
    let steps = format!("{steps}{last}");
    let (done, output) = walked_text(folder.path(), &steps, &rotated_server());
    assert!(done, "{output}");
    let (_, listed) = output.rsplit_once("KEYS\n").unwrap();
    let mut values = serde_json::Deserializer::from_str(listed).into_iter::<serde_json::Value>();
    let keys = values.next().unwrap().unwrap();
    let states: Vec<&str> = keys
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .map(|key| key["state"].as_str().unwrap())
        .collect();
    assert_eq!(
        states,
        ["signs", "retired", "retired", "retired", "retired"],
        "{output}"
    );
}

#[test]
fn every_command_of_the_readme_runs() {
    let output = walked("../README.md", &server());
    for expected in ["Targeted space dev", "\"stored\":1", "shop.latency"] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

/// Every page leads on: a link between files of the repository leads to one that is there.
#[test]
fn every_link_leads_somewhere() {
    let root = docs().join("..");
    let mut pages: Vec<PathBuf> = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
        .map(|name| root.join(name))
        .to_vec();
    for folder in ["", "concepts", "design", "guides", "reference"] {
        let files = docs().join(folder).read_dir().unwrap();
        let files = files.map(|entry| entry.unwrap().path());
        pages.extend(files.filter(|path| path.extension().is_some_and(|end| end == "md")));
    }
    let mut links = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        let titles = anchors(&text);
        for (_, rest) in text
            .match_indices("](")
            .map(|(at, _)| text.split_at(at + 2))
        {
            let target = rest.split(')').next().unwrap();
            if target.starts_with("http") {
                continue;
            }
            links += 1;
            let (file, title) = target.split_once('#').unwrap_or((target, ""));
            let there = page.parent().unwrap().join(file);
            let (exists, titles) = match file {
                "" => (true, titles.clone()),
                _ if title.is_empty() => (there.exists(), BTreeSet::new()),
                _ => (
                    there.exists(),
                    anchors(&std::fs::read_to_string(&there).unwrap_or_default()),
                ),
            };
            let leads = exists && (title.is_empty() || titles.contains(title));
            assert!(leads, "{}: `{target}` leads nowhere", page.display());
        }
    }
    assert!(links > 20, "{links} links: the pages are not read");
}

/// The map names files and folders that are there.
#[test]
fn every_path_of_the_map_is_there() {
    let root = docs().join("..");
    let map = std::fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let paths = map.split('`').skip(1).step_by(2).filter(|word| {
        let is_path = word.contains('/') || word.ends_with(".rs") || word.ends_with(".md");
        is_path && !word.contains([' ', '*'])
    });
    let mut count = 0;
    for path in paths {
        let bases = [root.clone(), root.join("crates/vigied/src")];
        let is_there = bases.iter().any(|base| base.join(path).exists());
        assert!(is_there, "ARCHITECTURE.md: `{path}` is not there");
        count += 1;
    }
    assert!(count > 15, "{count} paths: the map is not read");
}

/// The engine's table names files and folders that are there, and every one of them.
#[test]
fn every_module_of_the_engine_is_in_its_table() {
    let page = std::fs::read_to_string(docs().join("design/engine.md")).unwrap();
    let (_, table) = page.split_once("| module | holds |\n").unwrap();
    let source = docs().join("../crates/engine/src");
    let mut named = BTreeSet::new();
    for row in table.lines().map_while(|line| line.strip_prefix("| ")) {
        let words: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let paths = words
            .iter()
            .filter(|word| word.contains('/') || word.ends_with(".rs"));
        for path in paths {
            // A file after its folder, in the folder's row.
            let (folder, target) = (source.join(words[0]), source.join(path));
            assert!(
                target.exists() || folder.join(path).exists(),
                "docs/design/engine.md: `{path}` is not there"
            );
            named.insert(path.trim_end_matches('/').to_owned());
        }
    }
    for entry in source.read_dir().unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let is_there = named.contains(&name) || named.contains(&format!("{name}.rs"));
        assert!(
            is_there || name == "lib.rs",
            "docs/design/engine.md: no `{name}`"
        );
    }
}

/// The anchors of a page's titles, as Markdown's readers make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let titles = text.lines().filter_map(|line| line.strip_prefix('#'));
    titles
        .map(|title| {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|character| {
                character.is_alphanumeric() || matches!(character, ' ' | '-' | '_')
            });
            kept.map(|character| if character == ' ' { '-' } else { character })
                .collect()
        })
        .collect()
}

#[test]
fn every_command_of_the_guide_to_graphite_runs() {
    let output = walked("guides/graphite.md", &server());
    for expected in [
        "\"target\":\"sumSeries(shop.*.orders)\"",
        "[[7,",
        "Europe,",
        "\"id\":\"shop.eu\"",
        "\"movingAverage\"",
        "[\"disk.used;host=web1\"]",
        "[\"web1\"]",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}

#[test]
fn every_command_of_the_guide_to_old_scripts_runs() {
    let output = walked("guides/old-scripts.md", &server());
    assert_eq!(output.matches("\"stored\":1").count(), 2, "{output}");
    for expected in [
        "\"iam_token\": \"Bearer ",
        "The key was saved to nightly.json",
        "Logging out...\nOK\n",
    ] {
        assert!(output.contains(expected), "no `{expected}` in\n{output}");
    }
}
