//! `vigied invitation`: makes codes for invited people, through the running server or on the closed database.

use crate::cli::{InvitationCommand, Output};
use crate::operator::login_address::LoginAddress;
use crate::operator::output::{self, Row};
use crate::text::shell::word;
use base::id::AccountId;
use iam::Iam;
use iam::manage::invitation::{OperatorsCode, Unproven};
use serde::Serialize;
use serde_json::json;
use wire::cf::deleted::instant;

/// Runs a command of `vigied invitation`; returns what it prints.
pub(crate) async fn perform(
    login_address: &LoginAddress,
    iam: &Iam,
    command: &InvitationCommand,
) -> anyhow::Result<String> {
    match command {
        InvitationCommand::Code {
            email,
            account,
            output,
            ..
        } => code(login_address, iam, email, account.as_deref(), *output).await,
        InvitationCommand::List { output, .. } => list(iam, *output).await,
    }
}

/// A refusal with its remedy, as the program prints it.
pub(crate) fn cli_error(error: iam::IamError) -> anyhow::Error {
    match crate::failure::refused::of(&error).and_then(|problem| problem.hint) {
        Some(hint) => {
            let text = format!("{error}\nhint: {hint}");
            anyhow::Error::new(error).context(text)
        }
        None => error.into(),
    }
}

/// The account of an argument, by GUID or name.
pub(crate) fn account_id(iam: &Iam, asked: &str) -> anyhow::Result<AccountId> {
    let account = iam.account_called(asked).map_err(cli_error)?;
    Ok(account.id)
}

async fn code(
    login_address: &LoginAddress,
    iam: &Iam,
    email: &str,
    account: Option<&str>,
    output: Output,
) -> anyhow::Result<String> {
    let account = account.map(|asked| account_id(iam, asked)).transpose()?;
    let made = iam
        .operators_code(email, account)
        .await
        .map_err(cli_error)?;
    let directory = iam.directory();
    let accounts = directory.accounts();
    let name = accounts.iter().find(|account| account.id == made.account);
    let name = name.map_or("", |name| name.name.as_str());
    let (code, until) = (made.code.expose(), instant(made.expires_at));
    let facts = json!({
        "email": made.email, "account_guid": made.account.to_string(), "account_name": name,
        "one_time_code": code, "expires_at": until, "address_in_use": made.used_by.is_some(),
        "replaces_code": made.replaces_code,
    });
    Ok(output::one(output, &facts, || {
        format!(
            "User:           {}\n\
             Account:        {name} ({})\n\
             One-time code:  {code}\n\
             Good until:     {until}\n\n\
             Hand it to the person whom this address belongs to, and to nobody else: it is not shown again.\n{}\n{}",
            made.email,
            made.account,
            match made.replaces_code {
                true =>
                    "The code given out before is void: let the person know, if they may still try it.\n",
                false => "",
            },
            next(login_address, &made),
        )
    }))
}

/// Advice about the code, and about an existing user with this address.
fn next(login_address: &LoginAddress, made: &OperatorsCode) -> String {
    let LoginAddress { address, note } = login_address;
    let (email, account) = (word(&made.email), made.account);
    let login = format!("vigie login -a {address} -u {email}");
    let keeps = match made.used_by {
        None => {
            return format!(
                "Next, by that person, who types the code where the password is asked for:\n  {login}\n{note}"
            );
        }
        Some(Unproven::Elsewhere) => {
            format!(
                "logs in with the own password, and keeps all with the code:\n  \
                 {login}\n  vigie account accept {account} --code CODE\n"
            )
        }
        // A member has nothing to accept.
        Some(Unproven::Member) => {
            format!("needs no code, but your word, and keeps all:\n  vigied user confirm {email}\n")
        }
    };
    format!(
        "SOMEBODY USES THIS ADDRESS ALREADY, with a code that the inviter had seen.\n\n\
         If it is the owner of the address, the person {keeps}\n\
         If it is not, the owner begins anew and types the code where the password is asked for; password, keys and\n\
         sessions of before end:\n  {login}\n{note}"
    )
}

/// A row of the list of open invitations.
#[derive(Debug, Serialize)]
struct InvitationRow {
    email: String,
    account_guid: String,
    invited_by: String,
    expires_at: String,
}

impl Row<4> for InvitationRow {
    const HEADS: [&'static str; 4] = ["User", "Account GUID", "Invited by", "Good until"];

    fn cells(&self) -> [String; 4] {
        let inviter = match self.invited_by.as_str() {
            "" => "the operator",
            inviter => inviter,
        };
        [
            self.email.clone(),
            self.account_guid.clone(),
            inviter.to_owned(),
            self.expires_at.clone(),
        ]
    }
}

async fn list(iam: &Iam, output: Output) -> anyhow::Result<String> {
    let waiting = iam.all_invitations().await?;
    let rows = waiting.into_iter().map(|one| InvitationRow {
        email: one.email,
        account_guid: one.account.to_string(),
        invited_by: one.inviter,
        expires_at: instant(one.expires_at),
    });
    let rows: Vec<InvitationRow> = rows.collect();
    Ok(output::list(
        output,
        &rows,
        "No invitation waits for an answer.\n",
    ))
}
