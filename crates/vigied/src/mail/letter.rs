//! The text of a mail. Names and addresses that others chose are shown without invisible characters.

use crate::text::shell::word;
use iam::manage::invitation::Mail;
use wire::cf::deleted::instant;

/// External text on one line.
fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| {
            character.is_alphanumeric() || character.is_ascii_graphic() || *character == ' '
        })
        .take(120)
        .collect()
}

/// The subject line.
pub(super) fn subject(mail: &Mail) -> String {
    format!(
        "Invitation to the account {}",
        printable(&mail.account_name)
    )
}

/// The body.
pub(super) fn body(public_url: &str, mail: &Mail) -> String {
    let inviter = match mail.inviter.as_str() {
        "" => "The operator of the server".to_owned(),
        inviter => printable(inviter),
    };
    let login = format!(
        "vigie login -a {} -u {}",
        word(public_url),
        word(&mail.email)
    );
    let how = match &mail.code {
        Some(code) => format!(
            "Log in with\n\n    {login}\n\nand where the password is asked for, type this code; then you choose a password of your own:\n\n    {}\n\n\
             The code is good once. It opens nothing but this. If somebody else has used your address before, everything\n\
             they made ends with it.\n",
            code.expose()
        ),
        None => format!(
            "You have a password on this server already. Log in with it, and then accept or decline:\n\n    {login}\n    \
             vigie account accept {}\n    vigie account decline {}\n",
            mail.account, mail.account
        ),
    };
    format!(
        "{inviter} invites you into the account {} at {public_url}.\n\n{how}\nThe invitation is good until {}. If you do not know what this is, do nothing: without you \
         nothing happens.\n",
        printable(&mail.account_name),
        instant(mail.expires_at),
    )
}
