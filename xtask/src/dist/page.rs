//! The commands of the page of installing, as a shell takes them.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// The requirements of a block, by the word after its `sh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// That nobody else keeps the server running: what stands here for systemd.
    Alone,
    /// A running systemd.
    Systemd,
    /// A builder of containers.
    Container,
}

/// The blocks of a page, in order.
pub(super) fn blocks(page: &str) -> Result<Vec<(Needs, String)>> {
    let mut blocks = Vec::new();
    let mut open: Option<(Needs, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(fence)) => {
                let needs = match fence {
                    "sh" => Needs::Nothing,
                    "sh alone" => Needs::Alone,
                    "sh systemd" => Needs::Systemd,
                    "sh container" => Needs::Container,
                    other => bail!("a block of `{other}`: nobody runs that"),
                };
                open = Some((needs, String::new()));
            }
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    Ok(blocks)
}

/// The script of the page where the server is kept running so; `checks` stand before the last block that belongs to
/// that, which takes the server away.
pub(super) fn script(page: &str, keeper: Needs, checks: &str) -> Result<String> {
    let mut blocks = blocks(page)?;
    blocks.retain(|(needs, _)| *needs == Needs::Nothing || *needs == keeper);
    let last = blocks
        .iter()
        .rposition(|(needs, _)| *needs == keeper)
        .with_context(|| format!("no block needs {keeper:?}"))?;
    blocks.insert(last, (keeper, checks.to_owned()));
    let text: String = blocks.into_iter().map(|(_, text)| text).collect();
    Ok(format!(
        "set -eux\nset -m\nexport HOME=~root\ncd /srv\n{text}{NOTHING_LEFT}"
    ))
}

/// The page must leave nothing behind.
const NOTHING_LEFT: &str = "test -z \"$(find / -xdev -path /srv -prune -o -path /proc -prune -o -name '*vigie*' -print)\"\n";

/// Whether the page can be read as commands, and each shell block is one that `sh` understands.
pub(super) fn check(source: &Path) -> Result<()> {
    let page = fs::read_to_string(source.join("docs/guides/install.md"))
        .context("cannot read the page of installing")?;
    let blocks = blocks(&page)?;
    for needs in [
        Needs::Nothing,
        Needs::Alone,
        Needs::Systemd,
        Needs::Container,
    ] {
        if !blocks.iter().any(|(needed, _)| *needed == needs) {
            bail!("`docs/guides/install.md` has no block that needs {needs:?}");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_told_apart_by_what_they_need() {
        let page = "Text\n```sh\none\ntwo\n```\n    indented\n```sh systemd\nthree\n```\n";
        assert_eq!(
            blocks(page).unwrap(),
            [
                (Needs::Nothing, "one\ntwo\n".to_owned()),
                (Needs::Systemd, "three\n".to_owned())
            ]
        );
        assert!(blocks("```python\n```\n").is_err());
    }

    #[test]
    fn each_keeper_of_the_server_has_his_own_blocks_and_checks_come_before_it_goes() {
        let page = "```sh\none\n```\n```sh alone\ntwo\n```\n```sh systemd\nthree\n```\n\
                    ```sh systemd\ngo\n```\n```sh container\nno\n```\n```sh\nlast\n```\n";
        let managed = script(page, Needs::Systemd, "check\n").unwrap();
        assert!(
            managed.contains("\none\nthree\ncheck\ngo\nlast\n"),
            "{managed}"
        );
        let alone = script(page, Needs::Alone, "").unwrap();
        assert!(alone.contains("\none\ntwo\nlast\n"), "{alone}");
        assert!(script("```sh\none\n```\n", Needs::Systemd, "").is_err());
    }
}
