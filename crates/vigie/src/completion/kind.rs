//! Which arguments are names that the server can list.

/// The kind of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Accounts,
    Functions,
    Keys,
    Metrics,
    Orgs,
    Regions,
    RulePatterns,
    Rules,
    Services,
    Spaces,
    Targets,
    Users,
}

/// Arguments whose own name tells the kind, in every command.
const BY_NAME: &[(&str, Kind)] = &[
    ("ORG", Kind::Orgs),
    ("SPACE", Kind::Spaces),
    ("REGION", Kind::Regions),
    ("ACCOUNT_ID", Kind::Accounts),
    ("NAME|UUID", Kind::Keys),
    ("SERVICE_ID", Kind::Services),
];

/// Arguments whose kind depends on the command.
const BY_COMMAND: &[(&str, &str, Kind)] = &[
    ("account org", "NAME", Kind::Orgs),
    ("account org-delete", "NAME", Kind::Orgs),
    ("account org-rename", "OLD_NAME", Kind::Orgs),
    ("account org-users", "NAME", Kind::Orgs),
    ("account space", "NAME", Kind::Spaces),
    ("account space-delete", "NAME", Kind::Spaces),
    ("account space-rename", "OLD_NAME", Kind::Spaces),
    ("account space-users", "NAME", Kind::Spaces),
    ("account user-remove", "EMAIL", Kind::Users),
    ("account role-set", "USER", Kind::Users),
    ("account role-unset", "USER", Kind::Users),
    ("account org-role-set", "USER", Kind::Users),
    ("account org-role-unset", "USER", Kind::Users),
    ("account space-role-set", "USER", Kind::Users),
    ("account space-role-unset", "USER", Kind::Users),
    ("iam api-keys", "NAME", Kind::Keys),
    ("iam service-ids", "NAME", Kind::Services),
    ("metrics get", "TARGET", Kind::Targets),
    ("metrics tail", "PATTERN", Kind::Targets),
    ("metrics find", "PATTERN", Kind::Metrics),
    ("metrics functions", "NAME", Kind::Functions),
    ("metrics list", "QUERY", Kind::Metrics),
    ("metrics schemas set", "RULE", Kind::Rules),
    ("metrics schemas set", "OTHER", Kind::Rules),
    ("metrics schemas set", "PATTERN", Kind::RulePatterns),
    ("metrics schemas unset", "RULE", Kind::Rules),
    ("metrics delete", "QUERY", Kind::Metrics),
];

/// Commands whose arguments name new things.
const NOT_KNOWN: [&str; 3] = ["account accept", "account decline", "login"];

impl Kind {
    /// The kind of a command's argument. The older names under `iam` are treated as those under `account`.
    pub(super) fn of(command: &str, argument: &str) -> Option<Self> {
        if NOT_KNOWN.contains(&command) {
            return None;
        }
        let newer = command.replacen("iam ", "account ", 1);
        let of_command = BY_COMMAND
            .iter()
            .find(|(path, name, _)| *name == argument && (*path == command || *path == newer));
        let of_name = BY_NAME.iter().find(|(name, _)| *name == argument);
        of_command
            .map(|(.., kind)| *kind)
            .or(of_name.map(|(_, kind)| *kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;
    use crate::name::Name;

    /// A row for a command or an argument that no longer exists would silently complete nothing.
    #[test]
    fn every_row_is_of_an_argument_that_there_is() {
        let mut grammar = cli::grammar(Name::Vigie);
        grammar.build();
        for (path, name, _) in BY_COMMAND {
            let command = path
                .split(' ')
                .try_fold(&grammar, |command, word| command.find_subcommand(word))
                .unwrap_or_else(|| panic!("`{path}` is no command"));
            let is_there = command.get_arguments().any(|arg| {
                (arg.get_value_names().unwrap_or_default().iter()).any(|value| value == name)
            });
            assert!(is_there, "`{path}` has no `{name}`");
        }
    }
}
