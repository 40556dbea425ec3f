//! A login that cannot target all that it was asked to: it stays, so the failure says what is targeted, and how to go on.

use crate::context::Context;
use crate::error::Failure;

/// The failure of the targeting, with what the login has come to.
pub(super) fn explained(failure: Failure, context: &Context) -> Failure {
    let config = context.config();
    let (account, region) = (config.account.guid.as_str(), config.region.as_str());
    let account = match config.account.name.as_str() {
        "" => account,
        name => name,
    };
    failure.hint(hint(account, region, context.reach().is_some()))
}

/// The message with the current target and the command that targets the rest.
/// A key that names its domain has no organization or space to choose.
fn hint(account: &str, region: &str, is_narrowed: bool) -> String {
    match (account, region) {
        ("", _) => {
            "you are logged in, and nothing is targeted: `vigie account list` shows your accounts, \
                    `vigie target -c ACCOUNT_ID` targets one"
                .to_owned()
        }
        (_, "") if is_narrowed => {
            "you are logged in, and no region is targeted: go on with `vigie target -r REGION`"
                .to_owned()
        }
        (_, "") => format!(
            "you are logged in, and the account `{account}` alone is targeted: go on with `vigie target -r REGION -o ORG -s SPACE`"
        ),
        _ if is_narrowed => {
            format!("you are logged in, and the region `{region}` is targeted")
        }
        _ => format!(
            "you are logged in, and the account `{account}` and the region `{region}` are targeted, but no space: go on \
             with `vigie target -o ORG -s SPACE`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_targeted_is_said_with_the_command_that_targets_the_rest() {
        for (account, region, command) in [
            ("", "", "`vigie target -c ACCOUNT_ID`"),
            (
                "Field Works",
                "",
                "`vigie target -r REGION -o ORG -s SPACE`",
            ),
            ("Field Works", "us-south", "`vigie target -o ORG -s SPACE`"),
        ] {
            let sentence = hint(account, region, false);
            assert!(
                sentence.contains(command) && sentence.contains(account),
                "{sentence}"
            );
            assert!(sentence.contains(region), "{sentence}");
        }
    }

    #[test]
    fn a_narrowed_key_is_sent_to_no_organization() {
        for region in ["", "us-south"] {
            assert!(!hint("Field Works", region, true).contains("-o ORG"));
        }
    }
}
