//! Credentials that another node has made a moment ago, or that rest on what it has made: this node asks before it refuses them, as far
//! as [`Questions`](crate::state::questions::Questions) lets it.

use crate::audit::Origin;
use crate::error::AuthError;
use crate::service::Iam;
use crate::state::questions::{Fingerprint, Question};
use crate::token::identity::{Credential, Identity};
use base::id::KeyId;
use base::principal::Principal;
use base::scope::{Domain, Forbidden};
use db::Db;
use std::time::Duration;

/// How long a caller waits for the answer.
const ANSWER_MAX: Duration = Duration::from_secs(1);

/// With a directory that is older, the database is away: nobody waits for it.
const AGE_SECONDS_MAX: i64 = 2;

impl AuthError {
    /// Whether the credential may be a good one for a node that has heard of more.
    pub(crate) const fn may_be_from_other_node(&self) -> bool {
        matches!(self, Self::KeyUnknown | Self::Revoked(_))
    }
}

impl Iam {
    /// Whether another node may have made a moment ago what this credential was refused for the lack of, and this node may ask for it:
    /// then [`Self::ask_other_nodes`] does, and the credential is verified once more.
    #[must_use]
    pub fn may_be_from_other_node(&self, credential: Credential<'_>, error: &AuthError) -> bool {
        match error {
            // The domain, or what opens it to them.
            AuthError::DomainNotFound(hidden) => {
                let holder = self.holder_who_may_ask(credential);
                holder.is_some_and(|holder| {
                    self.may_ask_for_right(holder.principal(), hidden.domain, "")
                })
            }
            error => error.may_be_from_other_node() && self.may_ask(by_text(credential.text())),
        }
    }

    /// The same of a space that the holder of a credential names, and does not have. Whatever names they try, it is one question.
    #[must_use]
    pub fn space_may_be_from_other_node(&self, credential: Credential<'_>) -> bool {
        let holder = self.holder_who_may_ask(credential);
        holder.is_some_and(|holder| {
            let account = Domain::Account(holder.account());
            self.may_ask_for_right(holder.principal(), account, "space")
        })
    }

    /// The same of a role that a verified caller lacks.
    #[must_use]
    pub fn role_may_be_from_other_node(&self, forbidden: &Forbidden) -> bool {
        let Forbidden {
            principal,
            action,
            domain,
        } = *forbidden;
        self.may_ask_for_right(principal, domain, action.name())
    }

    /// Learns the changes of other nodes; those who ask at the same time share a query. Returns whether there was an answer.
    pub async fn ask_other_nodes(&self) -> bool {
        let asked = tokio::time::timeout(ANSWER_MAX, self.sync()).await;
        let is_answered = matches!(asked, Ok(Ok(())));
        self.0.sync_wait.has_waited(is_answered);
        is_answered
    }

    /// Learns what the nodes that share the database have done until now, before a verified caller is told what there is: one who has
    /// changed something at another node, as behind a balancer, finds it here. If there is no answer in time, they are told what this node
    /// knows, as while the database is away.
    pub async fn sync_before_read(&self) {
        match self.0.db {
            Db::Sqlite(_) => {}
            Db::Pg(_) if self.directory_age_seconds() > AGE_SECONDS_MAX => {}
            Db::Pg(_) if !self.0.sync_wait.is_worth_waiting() => {}
            Db::Pg(_) => {
                self.ask_other_nodes().await;
            }
        }
    }

    /// Whose the credential is, where that is worth knowing: a node with a database of its own asks nobody.
    fn holder_who_may_ask(&self, credential: Credential<'_>) -> Option<Identity> {
        match self.0.db {
            Db::Sqlite(_) => None,
            Db::Pg(_) => self.verifier().holder(credential).ok(),
        }
    }

    /// Whether the node may ask what its holder may do. A node with a database of its own has heard of all its roles.
    fn may_ask_for_right(&self, principal: Principal, domain: Domain, wanted: &str) -> bool {
        matches!(self.0.db, Db::Pg(_)) && self.may_ask(by_right(principal, domain, wanted))
    }

    fn may_ask(&self, question: Question) -> bool {
        if self.directory_age_seconds() > AGE_SECONDS_MAX || !self.0.sync_wait.is_worth_waiting() {
            return false;
        }
        let source = Origin::current_source().key();
        let now = self.0.clock.now();
        self.0.questions.may_ask(question, source, now)
    }

    /// Learns the changes of other nodes because of this credential, if that may be asked for; returns whether it has.
    pub(crate) async fn synced_about(&self, text: &str) -> bool {
        self.may_ask(by_text(text)) && self.ask_other_nodes().await
    }

    /// The same because of what this holder of a good credential wants with it, such as a trusted profile: `about` is both, and what else
    /// it is shown for is a question of its own.
    pub(crate) async fn synced_about_wanted(&self, holder: &str, about: &[&str]) -> bool {
        let question = Question {
            about: Fingerprint::of(about),
            holder: Some(Fingerprint::of(&[holder])),
        };
        // Mostly nothing has to be asked: the logins do not carry the room for it with them.
        self.may_ask(question) && Box::pin(self.ask_other_nodes()).await
    }

    /// The holder of a credential by what this node knows; if it does not know it, once more with the changes of the other nodes.
    pub(crate) async fn holder_at_any_node(
        &self,
        credential: Credential<'_>,
    ) -> Result<Identity, AuthError> {
        let verifier = self.verifier();
        let known = verifier.holder(credential);
        let refusal = known.as_ref().err();
        if !refusal.is_some_and(AuthError::may_be_from_other_node) {
            return known;
        }
        // Most credentials are known: they do not carry the room for the question with them.
        match Box::pin(self.synced_about(credential.text())).await {
            true => verifier.holder(credential),
            false => known,
        }
    }

    /// Learns the changes of other nodes if this one does not know whose a stored credential is, or its key.
    pub(crate) async fn sync_if_owner_unknown(
        &self,
        text: &str,
        owner: Principal,
        key: Option<KeyId>,
    ) {
        let directory = self.directory();
        let is_known_key = key.is_none_or(|key| directory.keys.get(&key).is_some());
        let is_known = is_known_key && directory.exists(owner);
        drop(directory);
        if !is_known {
            self.synced_about(text).await;
        }
    }
}

/// Who shows the credential is not known.
fn by_text(text: &str) -> Question {
    Question {
        about: Fingerprint::of(&[text]),
        holder: None,
    }
}

/// What a holder may do in a domain. However many credentials they have, it is one question.
fn by_right(principal: Principal, domain: Domain, action: &str) -> Question {
    let holder = principal.to_string();
    Question {
        about: Fingerprint::of(&[&holder, &domain.to_string(), action]),
        holder: Some(Fingerprint::of(&[&holder])),
    }
}
