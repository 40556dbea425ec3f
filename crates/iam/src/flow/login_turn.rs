//! Turns of logins to write their session, tokens, codes, audit entry and end. The logins of one account take turns
//! before they take a connection to the database, so that those of others always find one.

use crate::account_turns::{AccountTurn, TakenPlaces, TooManyWait};
use crate::audit::{Entry, Origin};
use crate::error::IamError;
use crate::progress::{Progress, Stage};
use crate::refusal::{Reason, Refusal, Remedy};
use crate::service::Iam;
use crate::state::login_turns::LoginOwner;
use base::id::AccountId;
use tracing::Instrument as _;

/// When to come again: turns are short.
const RETRY_SECONDS: u64 = 1;

impl Iam {
    /// Runs work that writes for a login of the account, in a turn of the account. Once begun it goes on to its end, also after its
    /// caller has gone: the connection that it waits with is not free before. It must not wait for another turn.
    pub(crate) async fn in_login_turn<T: Send + 'static>(
        &self,
        owner: LoginOwner,
        work: impl Future<Output = Result<T, IamError>> + Send + 'static,
    ) -> Result<T, IamError> {
        Progress::reach(Stage::LoginWaits);
        let turn = self.login_turn(owner).await?;
        Progress::reach(Stage::LoginBegun);
        run(turn, work).await
    }

    /// As [`Self::in_login_turn`], for work that notes the use of a session, and of which nothing comes: it may be sent again.
    pub(crate) async fn in_keeping_turn<T: Send + 'static>(
        &self,
        owner: LoginOwner,
        work: impl Future<Output = Result<T, IamError>> + Send + 'static,
    ) -> Result<T, IamError> {
        Progress::reach(Stage::KeepsAlive);
        let turn = self.login_turn(owner).await?;
        run(turn, work).await
    }

    /// As [`Self::in_login_turn`], for work that ends a login: it is never refused for the number of those that wait.
    pub(super) async fn in_ending_turn<T: Send + 'static>(
        &self,
        owner: LoginOwner,
        work: impl Future<Output = Result<T, IamError>> + Send + 'static,
    ) -> Result<T, IamError> {
        Progress::reach(Stage::EndsLogin);
        let turns = &self.0.login_turns;
        let turn = turns.take_to_end(owner.account, owner.holder).await;
        run(turn, work).await
    }

    async fn login_turn(&self, owner: LoginOwner) -> Result<AccountTurn, IamError> {
        let LoginOwner { account, holder } = owner;
        let turn = self.0.login_turns.take(account, holder).await;
        turn.map_err(|full| too_many(account, &full))
    }

    /// Writes the entry of a login that has no session.
    pub(super) async fn enter_login(
        &self,
        owner: LoginOwner,
        entry: Entry,
    ) -> Result<(), IamError> {
        let iam = self.clone();
        self.in_login_turn(owner, async move { iam.enter(entry).await })
            .await
    }
}

async fn run<T: Send + 'static>(
    turn: AccountTurn,
    work: impl Future<Output = Result<T, IamError>> + Send + 'static,
) -> Result<T, IamError> {
    let work = async move {
        let _turn = turn;
        work.await
    };
    let work = Progress::current().scope(Origin::current().scope(work));
    let task = tokio::spawn(work.in_current_span());
    task.await.map_err(|_| IamError::BrokenOff)?
}

fn too_many(account: AccountId, full: &TooManyWait) -> IamError {
    let whose = match &full.taken {
        TakenPlaces::OfAccount => format!("the account `{account}`"),
        TakenPlaces::OfHolder(holder) => format!("`{holder}` in the account `{account}`"),
        TakenPlaces::OfWorkloads => format!("compute resources in the account `{account}`"),
    };
    let message = format!(
        "Too many logins and renewals of {whose} wait for each other ({}): this one was not begun, and may be sent again",
        full.allowed()
    );
    let refusal = Refusal::new(Reason::TooManyLogins, message).remedy(Remedy::KeepLogin);
    IamError::Refused(refusal.limit_for(full.limit, RETRY_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account_turns::TurnHolder;
    use base::id::Guid;
    use base::limit;

    /// It said that the one that was refused had all places of the account.
    #[test]
    fn a_refusal_says_whose_places_are_taken_and_how_many_there_are() {
        let account = AccountId(Guid::from_random([1; 16]));
        let pod = TurnHolder::Workload {
            resource: "prod/sender".to_owned(),
            token: [2; 32],
        };
        for (limit, taken, whose, allowed) in [
            (
                &limit::LOGINS_WAITING_PER_ACCOUNT,
                TakenPlaces::OfAccount,
                "of the account `",
                "(`logins_waiting_per_account` = 100)",
            ),
            (
                &limit::LOGINS_WAITING_PER_IDENTITY,
                TakenPlaces::OfHolder(pod),
                "of `compute resource prod/sender` in the account `",
                "(`logins_waiting_per_identity` = 25)",
            ),
            (
                &limit::LOGINS_WAITING_PER_ACCOUNT,
                TakenPlaces::OfWorkloads,
                "of compute resources in the account `",
                "(50, half of `logins_waiting_per_account` = 100)",
            ),
        ] {
            let refused = too_many(account, &TooManyWait { limit, taken });
            let refusal = refused.refusal().unwrap();
            assert_eq!(refusal.limit, Some(limit));
            let message = &refusal.message;
            assert!(message.contains(whose), "{message}");
            assert!(message.contains(allowed), "{message}");
        }
    }
}
