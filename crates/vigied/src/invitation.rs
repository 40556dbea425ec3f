//! `vigied invitation`: the operator lets invited people in, through the server that runs or on the closed database.

use crate::at::{At, at};
use crate::cli::{InvitationCommand, Output};
use crate::columns::columns;
use crate::config::Settings;
use crate::shell::word;
use anyhow::Context;
use iam::Iam;
use iam::manage::invitation::{OperatorsCode, Unproven};
use serde_json::{Value, json};
use wire::iam::api_key::time_text;

/// Runs a command of `vigied invitation`; returns what it prints.
pub(crate) async fn perform(
    settings: &Settings,
    iam: &Iam,
    command: &InvitationCommand,
) -> anyhow::Result<String> {
    match command {
        InvitationCommand::Code {
            email,
            account,
            output,
            ..
        } => code(settings, iam, email, account.as_deref(), *output).await,
        InvitationCommand::List { output, .. } => list(iam, *output).await,
    }
}

/// A refusal with what mends it, as the program prints it.
pub(crate) fn told(error: iam::IamError) -> anyhow::Error {
    match crate::refused::of(&error).and_then(|problem| problem.hint) {
        Some(hint) => {
            let text = format!("{error}\nhint: {hint}");
            anyhow::Error::new(error).context(text)
        }
        None => error.into(),
    }
}

async fn code(
    settings: &Settings,
    iam: &Iam,
    email: &str,
    account: Option<&str>,
    output: Output,
) -> anyhow::Result<String> {
    let account = account
        .map(|text| {
            text.parse()
                .with_context(|| format!("`{text}` is no account id"))
        })
        .transpose()?;
    let made = iam.operators_code(email, account).await.map_err(told)?;
    let directory = iam.directory();
    let accounts = directory.accounts();
    let name = accounts.iter().find(|own| own.id == made.account);
    let name = name.map_or("", |own| own.name.as_str());
    let (code, until) = (made.code.expose(), time_text(made.expires_at));
    Ok(match output {
        Output::Json => format!(
            "{:#}\n",
            json!({
                "email": made.email, "account_guid": made.account.to_string(), "account_name": name,
                "one_time_code": code, "expires_at": until, "address_in_use": made.used_by.is_some(),
            })
        ),
        Output::Text => format!(
            "User:           {}\n\
             Account:        {name} ({})\n\
             One-time code:  {code}\n\
             Good until:     {until}\n\n\
             Hand it to the person whom this address belongs to, and to nobody else: it is not shown again.\n\n{}",
            made.email,
            made.account,
            next(settings, &made),
        ),
    })
}

/// What the person does with the code, and what becomes of who has the address already.
fn next(settings: &Settings, made: &OperatorsCode) -> String {
    let At { address, note } = at(settings);
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
        // There is nothing to accept for a member.
        Some(Unproven::Member) => {
            format!("needs no code, but your word, and keeps all:\n  vigied user confirm {email}\n")
        }
    };
    format!(
        "SOMEBODY USES THIS ADDRESS ALREADY, who began with a code that his inviter had seen.\n\n\
         If it is the owner of the address, the person {keeps}\n\
         If it is not, the owner begins anew and types the code where the password is asked for; password, keys and\n\
         sessions of before end:\n  {login}\n{note}"
    )
}

async fn list(iam: &Iam, output: Output) -> anyhow::Result<String> {
    let waiting = iam.all_invitations().await?;
    if output == Output::Json {
        let rows: Vec<Value> = waiting
            .iter()
            .map(|one| {
                json!({
                    "email": one.email, "account_guid": one.account.to_string(), "invited_by": one.inviter,
                    "expires_at": time_text(one.expires_at),
                })
            })
            .collect();
        return Ok(format!("{:#}\n", Value::Array(rows)));
    }
    if waiting.is_empty() {
        return Ok("No invitation waits for an answer.\n".to_owned());
    }
    let rows: Vec<[String; 4]> = waiting
        .iter()
        .map(|one| {
            let inviter = match one.inviter.as_str() {
                "" => "the operator",
                inviter => inviter,
            };
            [
                one.email.clone(),
                one.account.to_string(),
                inviter.to_owned(),
                time_text(one.expires_at),
            ]
        })
        .collect();
    Ok(columns(
        ["User", "Account GUID", "Invited by", "Good until"],
        &rows,
    ))
}
