//! Credentials that another node has made a moment ago, or that rest on what it has made: this node asks before it refuses them, as far
//! as [`Questions`](crate::state::questions::Questions) lets it.

use super::still_good::SESSION_ENDED;
use crate::audit::Origin;
use crate::error::AuthError;
use crate::service::Iam;
use crate::state::questions::{Fingerprint, Permit, Question};
use crate::state::shared_query::QueryMoment;
use crate::token::identity::{Credential, Identity};
use base::id::KeyId;
use base::principal::Principal;
use base::scope::{Domain, Forbidden};
use db::Db;
use std::time::Duration;

/// How long a caller waits for the answer: some twenty statements one after the other, by a network that may be slow.
const ANSWER_MAX: Duration = Duration::from_secs(3);

/// Whether another node may have just created the object that a refused request lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FromOtherNode {
    /// No, or this node may not ask.
    No,
    /// Perhaps: call [`Iam::ask_other_nodes`], then check again.
    Ask(QueryMoment),
    /// Perhaps, but the database does not answer, or too much was asked for: nobody is refused for a missing object.
    CannotTell,
}

impl AuthError {
    /// Whether a node that knows more changes may accept the credential. A session that has ended never comes back.
    pub(crate) fn may_be_from_other_node(&self) -> bool {
        match self {
            Self::KeyUnknown => true,
            Self::Revoked(why) => *why != SESSION_ENDED,
            _ => false,
        }
    }
}

impl Iam {
    /// Whether another node may have just created the object that this refused credential lacks.
    #[must_use]
    pub fn may_be_from_other_node(
        &self,
        credential: Credential<'_>,
        error: &AuthError,
    ) -> FromOtherNode {
        match error {
            // The domain, or what opens it to them.
            AuthError::DomainNotFound(hidden) => self.right_may_be_from_other_node(
                self.holder_who_may_ask(credential),
                |_| hidden.domain,
                "",
            ),
            error if error.may_be_from_other_node() => self.may_ask(by_text(credential.text())),
            _ => FromOtherNode::No,
        }
    }

    /// Whether another node may have made the space that the holder of a credential names, and does not have. Whatever names they try, it
    /// is one question.
    #[must_use]
    pub fn space_may_be_from_other_node(&self, credential: Credential<'_>) -> FromOtherNode {
        let account = |holder: &Identity| Domain::Account(holder.account());
        self.right_may_be_from_other_node(self.holder_who_may_ask(credential), account, "space")
    }

    fn right_may_be_from_other_node(
        &self,
        holder: Option<Identity>,
        domain: impl FnOnce(&Identity) -> Domain,
        wanted: &str,
    ) -> FromOtherNode {
        holder.map_or(FromOtherNode::No, |holder| {
            self.may_ask(by_right(holder.principal(), domain(&holder), wanted))
        })
    }

    /// Whether another node may have given the role that a verified caller lacks.
    #[must_use]
    pub fn role_may_be_from_other_node(&self, forbidden: &Forbidden) -> FromOtherNode {
        let Forbidden {
            principal,
            action,
            domain,
        } = *forbidden;
        self.may_ask(by_right(principal, domain, action.name()))
    }

    /// Learns what the other nodes had changed at the moment of the question; those who ask at the same time share a query. Returns whether
    /// there was an answer.
    pub async fn ask_other_nodes(&self, moment: QueryMoment) -> bool {
        let asked = tokio::time::timeout(ANSWER_MAX, self.sync_since(moment)).await;
        let is_answered = matches!(asked, Ok(Ok(())));
        self.0.sync_wait.has_waited(is_answered);
        is_answered
    }

    /// Learns what the nodes that share the database have done until now, before a verified caller is told what there is: one who has
    /// changed something at another node, as behind a balancer, finds it here. If there is no answer in time, they are told what this node
    /// knows, as while the database is away, but are denied nothing. Returns whether it knows everything.
    pub async fn sync_with_other_nodes(&self) -> bool {
        if !self.has_other_nodes() {
            return true;
        }
        self.may_answer() && self.ask_other_nodes(self.0.changes_query.now()).await
    }

    /// Whether the other nodes cannot be asked: then what is not here may be there.
    #[must_use]
    pub fn is_cut_off(&self) -> bool {
        self.has_other_nodes() && !self.may_answer()
    }

    /// Whether the database may answer in time.
    fn may_answer(&self) -> bool {
        !self.is_unheard() && self.0.sync_wait.is_worth_waiting()
    }

    /// Whose the credential is, where that is worth knowing: a node with a database of its own asks nobody.
    fn holder_who_may_ask(&self, credential: Credential<'_>) -> Option<Identity> {
        self.has_other_nodes()
            .then(|| self.verifier().holder(credential).ok())
            .flatten()
    }

    /// Whether there may be other nodes. One with a database of its own has heard of everything.
    fn has_other_nodes(&self) -> bool {
        matches!(self.0.db, Db::Pg(_))
    }

    /// Whether the node may ask this; counted if so.
    fn may_ask(&self, question: Question) -> FromOtherNode {
        if !self.has_other_nodes() {
            return FromOtherNode::No;
        }
        if !self.may_answer() {
            return FromOtherNode::CannotTell;
        }
        let query = &self.0.changes_query;
        let moment = query.now();
        let source = Origin::current_source().key();
        let at = (self.0.clock.now(), moment);
        match self.0.questions.may_ask(question, source, at) {
            Permit::Given => FromOtherNode::Ask(moment),
            // Somebody else waits for the answer.
            Permit::AskedAt(moment) if !query.has_run_since(moment) => FromOtherNode::Ask(moment),
            // It was not there a moment ago.
            Permit::AskedAt(_) => FromOtherNode::No,
            // Too much was asked for, perhaps by others: it may be there.
            Permit::Denied => FromOtherNode::CannotTell,
        }
    }

    /// Asks, if the question may be asked; returns whether there is more to know than before.
    async fn synced_for(&self, question: Question) -> Result<bool, AuthError> {
        match self.may_ask(question) {
            FromOtherNode::No => Ok(false),
            FromOtherNode::Ask(moment) if self.ask_other_nodes(moment).await => Ok(true),
            FromOtherNode::Ask(_) | FromOtherNode::CannotTell => Err(AuthError::Unheard),
        }
    }

    /// Learns the changes of other nodes because of this credential, if that may be asked for; returns whether it has.
    pub(crate) async fn synced_about(&self, credential: Credential<'_>) -> Result<bool, AuthError> {
        self.synced_for(by_text(credential.text())).await
    }

    /// Learns the changes of other nodes because of what this holder of a good credential wants with it, such as a trusted profile, if that
    /// may be asked for: `about` is both, and what else it is shown for is a question of its own. Returns whether it has.
    pub(crate) async fn synced_about_wanted(
        &self,
        holder: &str,
        about: &[&str],
    ) -> Result<bool, AuthError> {
        let question = Question {
            about: Fingerprint::of(about),
            holder: Some(Fingerprint::of(&[holder])),
        };
        // Mostly nothing has to be asked: the logins do not carry the room for it with them.
        Box::pin(self.synced_for(question)).await
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
        match Box::pin(self.synced_about(credential)).await? {
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
    ) -> Result<(), AuthError> {
        let directory = self.directory();
        let is_known_key = key.is_none_or(|key| directory.keys.get(&key).is_some());
        let is_known = is_known_key && directory.exists(owner);
        drop(directory);
        if !is_known {
            self.synced_for(by_text(text)).await?;
        }
        Ok(())
    }
}

/// Who shows the credential is not known.
fn by_text(text: &str) -> Question {
    Question {
        about: Fingerprint::of(&[text]),
        holder: None,
    }
}

/// The access of a holder in a domain: one question, however many credentials they have.
fn by_right(principal: Principal, domain: Domain, action: &str) -> Question {
    let holder = principal.to_string();
    Question {
        about: Fingerprint::of(&[&holder, &domain.to_string(), action]),
        holder: Some(Fingerprint::of(&[&holder])),
    }
}
