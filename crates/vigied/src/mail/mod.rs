//! Sends invitations by mail: takes them from the queue in the database, one at a time, and passes them to the operator's SMTP
//! server.
//!
//! No request waits for a mail, so the time of an answer tells the inviter nothing. A mail that cannot be sent is retried with
//! growing pauses.

mod letter;
mod transport;

use crate::app::supervised::supervised;
use crate::config::mail::MailSettings;
use crate::self_metrics::Metrics;
use anyhow::Context;
use base::error_chain::Chain;
use base::failure_streak::FailureStreak;
use iam::Iam;
use iam::manage::invitation::Mail;
use lettre::message::Mailbox;
use lettre::{AsyncTransport, Message};
use std::sync::Arc;
use std::time::Duration;
use transport::{PATIENCE, Smtp};

/// Time between checks of an empty queue.
const POLL: Duration = Duration::from_millis(500);

/// Sends due mails until the process ends.
pub(crate) fn start(
    settings: &MailSettings,
    iam: Iam,
    public_url: String,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<()> {
    let from: Mailbox = settings
        .from
        .parse()
        .with_context(|| format!("`mail.from` is no address: `{}`", settings.from))?;
    let smtp = transport::open(settings)?;
    let begin = move || send_due(iam.clone(), smtp.clone(), from.clone(), public_url.clone());
    tokio::spawn(supervised("mail", Arc::clone(metrics), begin));
    Ok(())
}

async fn send_due(iam: Iam, smtp: Smtp, from: Mailbox, public_url: String) {
    let failures = FailureStreak::new();
    loop {
        let due = iam.due_mail().await;
        if due.is_ok()
            && let Some(tries) = failures.record_success()
        {
            tracing::info!(tries, "mails are looked for again");
        }
        match due {
            Ok(Some(mail)) => deliver(&iam, &smtp, &from, &public_url, &mail).await,
            Ok(None) => tokio::time::sleep(POLL).await,
            Err(error) => {
                if failures.record_failure() {
                    tracing::warn!(error = %Chain(&error), "cannot look for mails");
                }
                tokio::time::sleep(POLL).await;
            }
        }
        if iam.is_closed() {
            return;
        }
    }
}

async fn deliver(iam: &Iam, smtp: &Smtp, from: &Mailbox, public_url: &str, mail: &Mail) {
    let sent = match message(from, public_url, mail) {
        Ok(message) => tokio::time::timeout(PATIENCE, smtp.send(message))
            .await
            .map_err(|_| anyhow::anyhow!("the mail server did not answer in time"))
            .and_then(|answer| {
                answer
                    .map(drop)
                    .map_err(|error| transport::reply_text(&error))
            }),
        Err(error) => Err(error),
    };
    // Neither address nor code: readers of the log must not learn who was invited.
    match sent {
        Ok(()) => {
            tracing::info!(account = %mail.account, "a mail with an invitation is handed on");
            if let Err(error) = iam.mail_sent(mail).await {
                tracing::warn!(error = %Chain(&error), "cannot note that a mail was sent: it is sent again");
            }
        }
        Err(error) => {
            tracing::warn!(account = %mail.account, error = %format!("{error:#}"), "a mail with an invitation is not sent yet");
        }
    }
}

fn message(from: &Mailbox, public_url: &str, mail: &Mail) -> anyhow::Result<Message> {
    let to: Mailbox = mail
        .email
        .parse()
        .context("the address cannot be written in a mail")?;
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(letter::subject(mail))
        .body(letter::body(public_url, mail))
        .context("cannot write the mail")
}
