//! Completion, by the shells themselves.

use crate::terminal::Terminal;
use std::process::Command;

/// Whether the shell is here; says loudly that a test could not run where it is not, and tells the runner, which counts it.
fn is_installed(name: &str, test: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| folder.join(name).is_file()) {
        return true;
    }
    testing::skipped(test, &format!("`{name}` is not installed"));
    false
}

/// What a shell prints for a script.
fn shell(terminal: &Terminal, name: &str, script: &str) -> String {
    let output = Command::new(name)
        .arg("-c")
        .arg(script)
        .current_dir(terminal.path("."))
        .env("HOME", terminal.path("."))
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
                "space-create space-delete space-restore space-role-set space-role-unset",
            ),
            ("metrics se", "send"),
            ("config --sso-otp ", "auto manual"),
            ("completion z", "zsh"),
            ("regions --output ", "text json"),
        ] {
            let line: Vec<&str> = format!("{name} {words}")
                .split(' ')
                .map(|word| &*word.to_owned().leak())
                .collect();
            let script = format!(
                "source ./{name}.bash; COMP_WORDS=({}); COMP_CWORD={}; \
                 _{name} {name} \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; \
                 echo \"${{COMPREPLY[@]}}\"",
                line.iter()
                    .map(|word| format!("'{word}'"))
                    .collect::<Vec<_>>()
                    .join(" "),
                line.len() - 1
            );
            let shown = shell(&terminal, "bash", &script);
            assert_eq!(shown.trim_end(), expected, "{name} {words}");
        }
    }
}

#[test]
fn zsh_takes_its_script() {
    if !is_installed("zsh", "zsh_takes_its_script") {
        return;
    }
    let mut terminal = Terminal::new();
    script(&mut terminal, "vigie", "zsh");
    shell(&terminal, "zsh", "zsh -n ./vigie.zsh");
}

#[test]
fn fish_completes_commands() {
    if !is_installed("fish", "fish_completes_commands") {
        return;
    }
    let mut terminal = Terminal::new();
    script(&mut terminal, "vigie", "fish");
    let shown = shell(
        &terminal,
        "fish",
        "source ./vigie.fish; complete -C 'vigie iam oauth'",
    );
    assert!(shown.starts_with("oauth-tokens"), "{shown}");
}
