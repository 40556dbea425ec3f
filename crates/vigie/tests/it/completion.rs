//! Completion, by the shells themselves.

mod other_shells;

use crate::fixture::ORG;
use crate::person::Person;
use crate::terminal::Terminal;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Whether the shell is here; says loudly that a test could not run where it is not, and tells the runner, which counts it.
fn is_installed(name: &str, test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return true;
    }
    testing::skipped(test, &format!("`{name}` is not installed"));
    false
}

/// A shell in the home of the terminal, which finds the program by its name.
fn command(terminal: &Terminal, name: &str) -> Command {
    let command = terminal.command("vigie");
    let program = Path::new(env!("CARGO_BIN_EXE_vigie")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = [terminal.path("."), program.to_owned()];
    let folders = folders.into_iter().chain(std::env::split_paths(&path));
    let mut shell = Command::new(name);
    shell
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .env("PATH", std::env::join_paths(folders).unwrap())
        .env("TERM", "dumb")
        .current_dir(terminal.path("."));
    shell
}

/// The output of a shell for a script.
fn shell(terminal: &Terminal, name: &str, script: &str) -> String {
    let output = command(terminal, name)
        .arg("-c")
        .arg(script)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{name}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn script(terminal: &mut Terminal, name: &str, shell: &str) {
    let text = terminal.run(&format!("{name} completion {shell}")).stdout;
    std::fs::write(terminal.path(&format!("{name}.{shell}")), text).unwrap();
}

/// The words that bash would put in place of the last one, as its own words of the line say which that is.
fn bash(terminal: &Terminal, name: &str, line: &str, then: &str) -> String {
    let quoted = line.replace('\'', r"'\''");
    let word = line.rsplit([' ', '=', ':', '@']).next().unwrap();
    let word = word.replace('\'', r"'\''");
    let script = format!(
        "source ./{name}.bash; COMP_LINE='{quoted}'; COMP_POINT=${{#COMP_LINE}}; \
         _{name} {name} '{word}' ''; {then}"
    );
    shell(terminal, "bash", &script)
}

fn bash_words(terminal: &Terminal, name: &str, line: &str) -> Vec<String> {
    let printed = bash(terminal, name, line, r#"printf '%s\n' "${COMPREPLY[@]}""#);
    printed
        .lines()
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Calls the space of the fixture something else.
fn rename_space(terminal: &Terminal, name: &str) {
    let name = name.to_owned();
    terminal.server.configure(|behavior| {
        let path = format!("/v2/organizations/{ORG}/spaces").leak();
        behavior.patches = vec![(path, "/resources/0/entity/name", name.into())];
    });
}

fn store(terminal: &Terminal, names: &[&str]) {
    let mut store = terminal.server.store.lock().unwrap();
    for name in names {
        let samples = [(1_519_862_400_000, 1.into())].into_iter().collect();
        store.samples.insert((*name).to_owned(), samples);
    }
}

#[test]
fn bash_completes_commands_flags_and_values() {
    let mut terminal = Terminal::new();
    for name in ["vigie", "ibmcloud"] {
        script(&mut terminal, name, "bash");
        for (words, expected) in [
            ("lo", "login logout"),
            ("iam oauth", "oauth-tokens"),
            ("iam token --he", "--header --help"),
            (
                "account space-",
                "space-create space-delete space-rename space-restore space-role-set space-role-unset space-users",
            ),
            ("metrics se", "send senders settings"),
            ("config --sso-otp ", "auto manual"),
            ("completion z", "zsh"),
            ("regions --output ", "json text"),
            ("regions --output=j", "json"),
            ("metrics get a --scope ", "account org space"),
            ("account space a b c ", ""),
        ] {
            let offered = bash_words(&terminal, name, &format!("{name} {words}"));
            assert_eq!(offered.join(" "), expected, "{name} {words}");
        }
    }
}

/// As the help says.
#[test]
fn bash_takes_the_script_from_the_program() {
    let terminal = Terminal::new();
    let line = "source <(vigie completion bash); complete -p vigie";
    assert_eq!(shell(&terminal, "bash", line), "complete -F _vigie vigie\n");
}

#[test]
fn bash_completes_what_the_server_knows() {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.spaces = 2;
        behavior.accounts = 2;
    });
    store(&terminal, &["shop.eu.latency", "shop.us.latency", "host"]);
    script(&mut terminal, "vigie", "bash");
    for (words, expected) in [
        ("target -s ", "dev prod"),
        ("target --space=p", "prod"),
        ("target -o fi", "field-org"),
        ("target -r ", "eu-de us-south"),
        ("account space-role-set bo@example.org field-org d", "dev"),
        ("account space-delete -o field-org d", "dev"),
        ("account user-remove bo", "bo@example.org"),
        ("account user-remove bo@ex", "example.org"),
        ("iam api-key-delete c", "ci"),
        ("iam service-id-delete t", "twin"),
        ("iam service-api-key-lock first c", "ci"),
        ("target -c 0", crate::fixture::ACCOUNT),
        ("metrics delete ho", "host"),
        ("metrics find ho", "host"),
        (
            "metrics get ho",
            r"holtWintersAberration\( holtWintersConfidenceArea\( holtWintersConfidenceBands\( holtWintersForecast\( host",
        ),
        (
            r"metrics get scale\(ho",
            r"scale\(holtWintersAberration\( scale\(holtWintersConfidenceArea\( scale\(holtWintersConfidenceBands\( scale\(holtWintersForecast\( scale\(host",
        ),
        (
            r"metrics tail sumSeries\(shop.eu.",
            r"sumSeries\(shop.eu.latency",
        ),
        ("metrics get 'scale(shop.eu.", "scale(shop.eu.latency"),
        ("metrics get 'alias(shop.eu.latency,\"sh", ""),
        ("metrics functions movingA", "movingAverage"),
        ("metrics list s", "shop."),
        ("metrics get shop.", "shop.eu. shop.us."),
        ("metrics delete shop.eu.", "shop.eu.latency"),
        ("metrics get q", ""),
        ("metrics get sh*", ""),
    ] {
        let offered = bash_words(&terminal, "vigie", &format!("vigie {words}"));
        assert_eq!(offered.join(" "), expected, "{words}");
    }
}

#[test]
fn bash_completes_rules() {
    let mut terminal = Terminal::logged_in();
    terminal.server.configure(|behavior| {
        behavior.settings = serde_json::json!({
            "schemas": "[shop]\npattern = ^shop\nretentions = 10s:6h\n[web 1]\npattern = web\nretentions = 60s:1y\n",
            "aggregation": "[shop]\npattern = ^shop\n[orders]\npattern = orders$\naggregationMethod = sum\n",
        });
    });
    script(&mut terminal, "vigie", "bash");
    for (words, expected) in [
        ("metrics schemas set ", r"orders shop web\ 1"),
        ("metrics schemas set s", "shop"),
        ("metrics schemas unset o", "orders"),
        ("metrics schemas set new --before w", r"web\ 1"),
        ("metrics schemas set new --pattern o", r"orders\$"),
        ("metrics schemas set new --method a", "average avg_zero"),
        ("metrics schemas set --scope=", "account org space"),
    ] {
        let offered = bash_words(&terminal, "vigie", &format!("vigie {words}"));
        assert_eq!(offered.join(" "), expected, "{words}");
    }
    let asked = terminal.server.requests("GET", "/v1/settings/domain");
    assert!(!asked.is_empty());
    assert!(
        terminal
            .server
            .requests("PUT", "/v1/settings/domain")
            .is_empty()
    );
}

/// Whatever a name is, a press of Tab and Enter makes it one word of the command and nothing else.
#[test]
fn a_hostile_name_is_one_word_in_bash_or_is_not_offered() {
    let mut terminal = Terminal::logged_in();
    script(&mut terminal, "vigie", "bash");
    for name in [
        "$(touch owned)",
        "`touch owned`",
        "a; touch owned",
        "two words  wide",
        "it's \"quoted\"",
        "*",
        "~root",
        "!!",
        "{a,b}",
        "back\\slash",
        "#x",
        "a|b&c>d<e",
        "Zoë 日本",
    ] {
        rename_space(&terminal, name);
        let then = r#"eval "set -- ${COMPREPLY[0]}"; printf '%s:%s' "$#" "$1""#;
        let offered = bash(&terminal, "vigie", "vigie target -s ", then);
        assert_eq!(offered, format!("1:{name}"));
    }
    for name in [
        "--force",
        "-f",
        "a\nb",
        "x\u{1b}[31m",
        "\u{202e}gnp",
        "a\tb",
        "",
        &"x".repeat(5000),
    ] {
        rename_space(&terminal, name);
        let offered = bash_words(&terminal, "vigie", "vigie target -s ");
        assert!(offered.is_empty(), "{name:?}: {offered:?}");
    }
    assert!(!terminal.path("owned").exists());
}

#[test]
fn a_person_at_bash_presses_tab() {
    let mut terminal = Terminal::logged_in();
    script(&mut terminal, "vigie", "bash");
    rename_space(&terminal, "my $(touch owned) space");
    store(&terminal, &["shop.eu.latency"]);
    let mut shell = command(&terminal, "bash");
    shell.args(["--norc", "--noprofile", "-i"]).env("PS1", "> ");
    let mut person = Person::with(shell, 200);
    person.wait_for("> ");
    person.press("source ./vigie.bash; bind 'set enable-bracketed-paste off'\n");
    person.wait_for("\n> ");
    person.press("vigie target -s \t");
    person.wait_for(r"vigie target -s my\ \$\(touch\ owned\)\ space ");
    person.press("\u{15}vigie metrics get sh\t");
    person.wait_for("shop.");
    person.press("e\t");
    person.wait_for("eu.");
    person.press("\t");
    person.wait_for("latency ");
    // A quote stays open as long as the path goes on.
    person.press("\u{15}vigie metrics get 'scale(sh\t");
    person.wait_for("op.");
    person.press("e\t");
    person.wait_for("u.");
    person.press("\t");
    person.wait_for("latency' ");
    person.press("\u{15}exit\n");
    let (screen, code) = person.leave();
    assert_eq!(code, 0, "{screen}");
    assert!(!terminal.path("owned").exists());
}

/// At a press of Tab nothing is renewed, asked, told or waited for.
#[test]
fn what_is_not_at_hand_is_not_offered() {
    let mut terminal = Terminal::logged_in();
    script(&mut terminal, "vigie", "bash");
    terminal.set("VIGIE_TRACE", "true");
    let asked = |terminal: &Terminal| {
        let tokens = terminal.server.requests("POST", "/identity/token").len();
        let ran = terminal.run_words("vigie", &["__complete", "zsh", "target", "-s", ""], &[]);
        assert_eq!(
            terminal.server.requests("POST", "/identity/token").len(),
            tokens
        );
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        ran.stdout
    };
    assert!(asked(&terminal).starts_with("dev\t"));
    terminal
        .server
        .configure(|behavior| behavior.refuse = Some(500));
    assert_eq!(asked(&terminal), "");
    terminal.server.configure(|behavior| {
        behavior.refuse = None;
        behavior.moved = Some(("/v2/organizations", "http://127.0.0.1:1/".to_owned()));
    });
    // An address that nobody has allowed.
    let target = terminal.file(".cf/config.json")["Target"].clone();
    terminal.edit(".cf/config.json", |cf| {
        cf["Target"] = "http://10.11.12.13:9".into();
    });
    let before = terminal.server.all_requests().len();
    assert_eq!(asked(&terminal), "");
    assert_eq!(terminal.server.all_requests().len(), before);
    terminal.edit(".cf/config.json", |cf| cf["Target"] = target);
    // A token that has expired.
    let token = format!("Bearer {}", crate::fixture::jwt(1, -5, ""));
    terminal.edit("config.json", |config| config["IAMToken"] = token.into());
    assert_eq!(asked(&terminal), "");
    std::fs::write(terminal.path(".vigie/config.json"), "{").unwrap();
    assert_eq!(asked(&terminal), "");
    for words in [
        &["__complete"][..],
        &["__complete", "tcsh", "x"],
        &["__complete", "zsh"],
    ] {
        let ran = terminal.run_words("vigie", words, &[]);
        assert!(ran.stdout.is_empty(), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_server_that_does_not_answer_holds_nobody_up() {
    let terminal = Terminal::logged_in();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    terminal.edit(".cf/config.json", |cf| {
        cf["Target"] = address.clone().into();
    });
    terminal.edit("config.json", |config| {
        config["APIEndpoint"] = address.into();
    });
    let began = Instant::now();
    let ran = terminal.run_words("vigie", &["__complete", "zsh", "target", "-o", ""], &[]);
    assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{ran:?}");
    // The program's own limit is below a second; a client's is a minute.
    assert!(
        began.elapsed() < Duration::from_secs(45),
        "{:?}",
        began.elapsed()
    );
}

/// Functions are part of the program: neither a login nor a server that answers is needed.
#[test]
fn functions_are_offered_without_a_server() {
    let mut terminal = Terminal::new();
    let offered = |terminal: &Terminal, words: &[&str]| {
        let ran = terminal.run_words("vigie", &[&["__complete", "zsh"], words].concat(), &[]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{ran:?}");
        ran.stdout
    };
    let get = ["metrics", "get", "sumSeriesW"];
    let functions = ["metrics", "functions", "sumSeriesW"];
    assert!(offered(&terminal, &get).starts_with("sumSeriesWithWildcards(\t"));
    assert!(offered(&terminal, &functions).starts_with("sumSeriesWithWildcards\t"));
    assert!(terminal.server.all_requests().is_empty());
    terminal = Terminal::logged_in();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    terminal.edit("config.json", |config| {
        config["APIEndpoint"] = address.into();
    });
    assert!(offered(&terminal, &get).starts_with("sumSeriesWithWildcards(\t"));
}

#[test]
fn no_list_is_longer_than_anyone_reads() {
    let terminal = Terminal::logged_in();
    let names: Vec<String> = (0..500).map(|at| format!("m{at:03}")).collect();
    store(
        &terminal,
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let ran = terminal.run_words("vigie", &["__complete", "fish", "metrics", "get", "m"], &[]);
    assert_eq!(ran.stdout.lines().count(), 200);
}
