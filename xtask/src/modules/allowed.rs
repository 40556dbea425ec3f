//! The circles that may still be there. The list may only shrink: a line whose circle is gone or smaller is wrong too.

use super::circle::Circle;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fmt;

const HEAD: &str = "\
# Circles of imports that are still there, one a line: crate, folder, and the files and folders that use one another
# (`self` is the folder's own file). `cargo xtask check-deps` fails for a circle that is not here, and for a line that is
# not needed any more; `VIGIE_UPDATE=1 cargo xtask check-deps` takes such lines away, and adds none.
";

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    package: String,
    folder: String,
    members: BTreeSet<String>,
}

impl Line {
    fn holds(&self, circle: &Circle) -> bool {
        self.package == circle.package
            && self.folder == circle.folder
            && circle.members.is_subset(&self.members)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let members: Vec<&str> = self.members.iter().map(String::as_str).collect();
        write!(f, "{} {}: {}", self.package, self.folder, members.join(" "))
    }
}

/// The list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Allowed {
    lines: Vec<Line>,
}

impl Allowed {
    /// Reads it.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .map(|line| {
                let wrong = || format!("`{line}` is not `CRATE FOLDER: NAME NAME`");
                let (place, members) = line.split_once(": ").with_context(wrong)?;
                let (package, folder) = place.split_once(' ').with_context(wrong)?;
                Ok(Line {
                    package: package.to_owned(),
                    folder: folder.to_owned(),
                    members: members.split_whitespace().map(str::to_owned).collect(),
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { lines })
    }

    /// The mistakes: circles that are not in the list, and lines that are larger than those found.
    pub(crate) fn judge(&self, found: &[Circle]) -> Vec<String> {
        let mut violations = Vec::new();
        for circle in found {
            if !self.lines.iter().any(|line| line.holds(circle)) {
                let uses = circle.uses.join("\n    ");
                violations.push(format!("a circle of imports: {circle}\n    {uses}"));
            }
        }
        let needed = self.shrunk(found);
        for line in self
            .lines
            .iter()
            .filter(|line| !needed.lines.contains(line))
        {
            violations.push(format!(
                "`{line}` in the list of circles allows more than is there; `VIGIE_UPDATE=1 cargo xtask check-deps` mends it"
            ));
        }
        violations
    }

    /// The list with what is still needed of it.
    pub(crate) fn shrunk(&self, found: &[Circle]) -> Self {
        let lines = found
            .iter()
            .filter(|circle| self.lines.iter().any(|line| line.holds(circle)))
            .map(|circle| Line {
                package: circle.package.clone(),
                folder: circle.folder.clone(),
                members: circle.members.clone(),
            })
            .collect();
        Self { lines }
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        self.lines.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
