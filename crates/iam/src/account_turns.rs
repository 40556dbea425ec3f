//! Turns of accounts: a few pieces of work of one account at once, and its others after them in the order of arrival. So the work of one
//! account is never in the way of another's. Whoever waits keeps what it came with, such as the slot of its request, of which there are
//! only so many: so few wait. One identity has a share of the waiting places, so that whoever has a key or token of one person does not
//! keep out their colleagues.

use crate::keyed_turns::KeyedTurns;
use base::id::AccountId;
use base::limit::Limit;
use base::principal::Principal;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much work of a kind one account has at once, and how much of it waits.
#[derive(Debug, Clone, Copy)]
pub struct TurnLimits {
    /// How much runs at once.
    pub at_once: &'static Limit,
    /// How much of the account waits.
    pub waiting: &'static Limit,
    /// How much of one holder in the account waits.
    pub waiting_per_identity: &'static Limit,
}

/// A holder of a share of an account's places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TurnHolder {
    /// An identity, with all of its keys and tokens.
    Principal(Principal),
    /// A program of a compute resource. One trusted profile is for many, of which each has a token of its own and knows nothing of the
    /// others, and one Kubernetes service account has many pods.
    Workload {
        /// How its compute resource is called.
        resource: String,
        /// The hash of its token.
        token: [u8; 32],
    },
}

impl From<Principal> for TurnHolder {
    fn from(principal: Principal) -> Self {
        Self::Principal(principal)
    }
}

impl fmt::Display for TurnHolder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(principal) => write!(out, "{principal}"),
            Self::Workload { resource, .. } => {
                write!(out, "compute resource {resource}")
            }
        }
    }
}

/// The holder whose waiting places are all taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenPlaces {
    /// Those of the whole account.
    OfAccount,
    /// The share of one holder in it.
    OfHolder(TurnHolder),
    /// The half that the programs of all its compute resources have together.
    OfWorkloads,
}

/// As much of the account, or of some in it, waits as may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TooManyWait {
    /// The limit that is reached.
    pub limit: &'static Limit,
    /// The holder of the places.
    pub taken: TakenPlaces,
}

impl TooManyWait {
    /// How much may wait, for an error's text.
    #[must_use]
    pub fn allowed(&self) -> String {
        let Limit { name, default, .. } = self.limit;
        match self.taken {
            TakenPlaces::OfAccount | TakenPlaces::OfHolder(_) => format!("`{name}` = {default}"),
            TakenPlaces::OfWorkloads => {
                let half = workloads_most(self.limit);
                format!("{half}, half of `{name}` = {default}")
            }
        }
    }
}

/// The turns of each account that has work of a kind now.
#[derive(Debug)]
pub struct AccountTurns {
    limits: TurnLimits,
    accounts: Mutex<HashMap<AccountId, Weak<Turns>>>,
    /// For what ends credentials: as much of one holder waits for the account's turns as of its other work, and the rest waits for that.
    endings: KeyedTurns<(AccountId, TurnHolder)>,
}

/// The turns of one account.
#[derive(Debug)]
struct Turns {
    /// For what runs.
    running: Arc<Semaphore>,
    /// How much waits, by holder: none with zero.
    waiting: Mutex<HashMap<TurnHolder, u64>>,
}

/// A turn of an account, which is free again when this is dropped.
#[derive(Debug)]
#[must_use]
pub struct AccountTurn {
    /// While one is there the account is not forgotten.
    _turns: Arc<Turns>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// A place among those that wait; it is free again when its holder gets a turn or gives up.
#[derive(Debug)]
struct WaitingPlace<'t> {
    turns: &'t Turns,
    holder: TurnHolder,
}

impl Drop for WaitingPlace<'_> {
    fn drop(&mut self) {
        let waiting = self.turns.waiting.lock();
        let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = waiting.get_mut(&self.holder) {
            *places = places.saturating_sub(1);
            if *places == 0 {
                waiting.remove(&self.holder);
            }
        }
    }
}

/// How many places all workloads have together. A resource is given as many tokens as it asks for: they leave half of the places to
/// people and keys.
const fn workloads_most(waiting: &Limit) -> u64 {
    waiting.default / 2
}

fn of_workloads(waiting: &HashMap<TurnHolder, u64>) -> u64 {
    let workloads = waiting
        .iter()
        .filter(|(holder, _)| matches!(holder, TurnHolder::Workload { .. }));
    workloads.map(|(_, places)| places).sum()
}

impl Turns {
    fn new(limits: &TurnLimits) -> Self {
        let most = usize::try_from(limits.at_once.default).unwrap_or(1);
        Self {
            running: Arc::new(Semaphore::new(most)),
            waiting: Mutex::default(),
        }
    }

    /// A place for one more that waits.
    fn place(
        &self,
        limits: &TurnLimits,
        holder: TurnHolder,
    ) -> Result<WaitingPlace<'_>, TooManyWait> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_holder = waiting.get(&holder).copied().unwrap_or(0);
        if of_holder >= limits.waiting_per_identity.default {
            return Err(TooManyWait {
                limit: limits.waiting_per_identity,
                taken: TakenPlaces::OfHolder(holder),
            });
        }
        if matches!(holder, TurnHolder::Workload { .. })
            && of_workloads(&waiting) >= workloads_most(limits.waiting)
        {
            return Err(TooManyWait {
                limit: limits.waiting,
                taken: TakenPlaces::OfWorkloads,
            });
        }
        // As many entries at most as there are places.
        if waiting.values().sum::<u64>() >= limits.waiting.default {
            return Err(TooManyWait {
                limit: limits.waiting,
                taken: TakenPlaces::OfAccount,
            });
        }
        waiting.insert(holder.clone(), of_holder + 1);
        drop(waiting);
        Ok(WaitingPlace {
            turns: self,
            holder,
        })
    }

    /// The next turn.
    async fn next(self: Arc<Self>) -> AccountTurn {
        // They are never closed.
        let permit = Arc::clone(&self.running).acquire_owned().await.ok();
        AccountTurn {
            _turns: self,
            _permit: permit,
        }
    }

    /// A turn that is free, while nobody waits for it.
    fn free(self: &Arc<Self>) -> Option<AccountTurn> {
        let permit = Arc::clone(&self.running).try_acquire_owned().ok()?;
        Some(AccountTurn {
            _turns: Arc::clone(self),
            _permit: Some(permit),
        })
    }
}

impl AccountTurns {
    /// None is taken yet.
    #[must_use]
    pub fn new(limits: TurnLimits) -> Self {
        let share = usize::try_from(limits.waiting_per_identity.default);
        Self {
            limits,
            accounts: Mutex::default(),
            endings: KeyedTurns::new(share.unwrap_or(1)),
        }
    }

    /// Waits for a turn of the account, for work of that holder.
    ///
    /// # Errors
    /// When as much of the account, or of the holder, waits as may.
    pub async fn take(
        &self,
        account: AccountId,
        holder: impl Into<TurnHolder>,
    ) -> Result<AccountTurn, TooManyWait> {
        let turns = self.of(account);
        // Whoever waits is first: a turn that comes back is theirs.
        if let Some(turn) = turns.free() {
            return Ok(turn);
        }
        let _place = turns.place(&self.limits, holder.into())?;
        Ok(Arc::clone(&turns).next().await)
    }

    /// Waits for a turn of the account, however many wait: for what completes work that has had its turn.
    pub async fn take_to_complete(&self, account: AccountId) -> AccountTurn {
        self.of(account).next().await
    }

    /// Waits for a turn of the account for what ends credentials. It is never refused, as whoever has a stolen key must not keep others
    /// from ending what it gave; but what is more than the holder's share of the waiting places waits for that.
    pub async fn take_to_end(
        &self,
        account: AccountId,
        holder: impl Into<TurnHolder>,
    ) -> AccountTurn {
        let turns = self.of(account);
        if let Some(turn) = turns.free() {
            return turn;
        }
        let _share = self.endings.take((account, holder.into())).await;
        turns.next().await
    }

    fn of(&self, account: AccountId) -> Arc<Turns> {
        let mut all = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turns) = all.get(&account).and_then(Weak::upgrade) {
            return turns;
        }
        // Accounts for which nobody has or awaits a turn are dropped: requests are bounded, and so are those that are left.
        all.retain(|_, turns| turns.strong_count() > 0);
        let turns = Arc::new(Turns::new(&self.limits));
        all.insert(account, Arc::downgrade(&turns));
        turns
    }
}

#[cfg(test)]
mod tests;
