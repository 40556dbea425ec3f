//! The commands of the page of installing, as a shell takes them.

use anyhow::{Context, Result, bail};
use std::fs;
use std::path::Path;

/// What a block needs, by the word behind its `sh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    Nothing,
    /// A running systemd, which a root that is only unpacked does not have.
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

/// Whether the page can be read as commands, and each shell block is one that `sh` understands.
pub(super) fn check(source: &Path) -> Result<()> {
    let page = fs::read_to_string(source.join("docs/guides/install.md"))
        .context("cannot read the page of installing")?;
    let blocks = blocks(&page)?;
    for needs in [Needs::Nothing, Needs::Systemd, Needs::Container] {
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
}
