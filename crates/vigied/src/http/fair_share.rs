//! Fair shares of common resources: slots, arriving bodies, bytes. Nobody may take all of one: each account has a share, each
//! address without a credential has one, and all such addresses together leave something to the accounts.

use super::limit_exceeded::LimitExceeded;
use base::id::AccountId;
use base::limit::{self, Limit};
use base::source::{Source, SourceKey};
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The owner that a resource counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ShareOwner {
    /// A verified caller's account.
    Account(AccountId),
    /// The address of an unauthenticated client.
    Source(SourceKey),
    /// Unauthenticated clients behind a trusted proxy that does not name them: no per-source limit applies.
    Proxy,
}

impl ShareOwner {
    /// An unauthenticated client with this source.
    pub(crate) fn unauthenticated(source: Source) -> Self {
        source.key().map_or(Self::Proxy, Self::Source)
    }

    /// Whether no credential was verified.
    pub(crate) const fn is_unauthenticated(self) -> bool {
        !matches!(self, Self::Account(_))
    }
}

/// The last eighth is reserved for owners that use little, so that a few accounts together cannot take everything either.
const KEPT_PART: u64 = 8;

/// An owner with at most this part of the whole uses little.
const LITTLE_PART: u64 = 32;

/// The shares, in hundredths of the whole.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    pub(crate) account: AccountShare,
    pub(crate) source: u64,
    pub(crate) unauthenticated: u64,
}

/// The share of each account, looked up at each use, because the operator can change it while the server runs.
#[derive(Clone)]
pub(crate) struct AccountShare(Arc<dyn Fn(AccountId) -> u64 + Send + Sync>);

impl AccountShare {
    /// A function from an account to its share. It is called under the lock of a resource, so it must not block.
    pub(crate) fn new(of: impl Fn(AccountId) -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(of))
    }

    /// These shares, each of at least `percent`.
    pub(crate) fn at_least(self, percent: u64) -> Self {
        Self::new(move |account| (self.0)(account).max(percent))
    }
}

impl fmt::Debug for AccountShare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountShare")
    }
}

#[cfg(test)]
impl Shares {
    /// Shares that are the same for every account.
    pub(crate) fn of(account: u64, source: u64, unauthenticated: u64) -> Self {
        Self {
            account: AccountShare::new(move |_| account),
            source,
            unauthenticated,
        }
    }

    /// No limit below the whole.
    pub(crate) fn whole() -> Self {
        Self::of(100, 100, 100)
    }
}

/// At least one, else nobody would be served.
fn share(total: u64, percent: u64) -> u64 {
    let part = u128::from(total) * u128::from(percent.min(100)) / 100;
    u64::try_from(part).unwrap_or(total).max(1)
}

/// How much of a resource is in use, in all and by owner.
#[derive(Debug)]
pub(crate) struct Tally {
    whole: &'static Limit,
    total: u64,
    shares: Shares,
    /// The part reserved for owners that use little.
    kept: u64,
    used: u64,
    unauthenticated: u64,
    owners: HashMap<ShareOwner, u64>,
}

impl Tally {
    pub(crate) fn new(whole: &'static Limit, total: u64, shares: Shares) -> Self {
        Self {
            whole,
            total,
            shares,
            kept: total / KEPT_PART,
            used: 0,
            unauthenticated: 0,
            owners: HashMap::new(),
        }
    }

    /// Reserves at least one of four or more, for owners that use little: for resources of which there are few, and which are held
    /// for long.
    pub(crate) fn reserving_one(mut self) -> Self {
        self.kept = self.kept.max(u64::from(self.total >= 4));
        self
    }

    /// The limit that `more` would exceed for this owner, the narrowest first; `None` if there is room.
    pub(crate) fn over(&self, owner: ShareOwner, more: u64) -> Option<LimitExceeded> {
        let over = |limit, allowed| LimitExceeded {
            whole: self.whole,
            limit,
            allowed,
        };
        let used = self.used.saturating_add(more);
        let has_little = self.of(owner).saturating_add(more) <= (self.total / LITTLE_PART).max(1);
        if used > self.total || (used > self.total - self.kept && !has_little) {
            return Some(over(self.whole, self.total));
        }
        let (limit, percent) = self.share_of(owner);
        let of_owner = share(self.total, percent);
        if self.of(owner).saturating_add(more) > of_owner {
            return Some(over(limit, of_owner));
        }
        let unauthenticated = share(self.total, self.shares.unauthenticated);
        if owner.is_unauthenticated() && self.unauthenticated.saturating_add(more) > unauthenticated
        {
            return Some(over(&limit::STRANGER_SHARE_PERCENT, unauthenticated));
        }
        None
    }

    /// Whether `more` is beyond this owner's own share: then it has no more until it gives some back, whatever others do.
    pub(crate) fn exceeds_own(&self, owner: ShareOwner, more: u64) -> bool {
        let (_, percent) = self.share_of(owner);
        self.of(owner).saturating_add(more) > share(self.total, percent)
    }

    /// The most that this owner could have with nobody else there, and the limit that says so: what needs more never fits.
    pub(crate) fn most(&self, owner: ShareOwner) -> LimitExceeded {
        let over = |limit, allowed| LimitExceeded {
            whole: self.whole,
            limit,
            allowed,
        };
        let little = (self.total / LITTLE_PART).max(1);
        let most = over(self.whole, (self.total - self.kept).max(little));
        let (limit, percent) = self.share_of(owner);
        let of_owner = over(limit, share(self.total, percent));
        let unauthenticated = owner.is_unauthenticated().then(|| {
            let allowed = share(self.total, self.shares.unauthenticated);
            over(&limit::STRANGER_SHARE_PERCENT, allowed)
        });
        // The narrowest. Of two that are equal it is the whole, and else the owner's own.
        let of_owner = match unauthenticated {
            Some(unauthenticated) if unauthenticated.allowed < of_owner.allowed => unauthenticated,
            _ => of_owner,
        };
        if most.allowed <= of_owner.allowed {
            most
        } else {
            of_owner
        }
    }

    /// How much more an owner may have now, and the limit that says so: the narrowest.
    pub(crate) fn left(&self, owner: ShareOwner) -> LimitExceeded {
        let left = |limit, allowed| LimitExceeded {
            whole: self.whole,
            limit,
            allowed,
        };
        let (of_owner, little) = (self.of(owner), (self.total / LITTLE_PART).max(1));
        let free = self.total.saturating_sub(self.used);
        // Of what is reserved, only those who have little.
        let of_all = free
            .saturating_sub(self.kept)
            .max(free.min(little.saturating_sub(of_owner)));
        let (limit, percent) = self.share_of(owner);
        let of_share = share(self.total, percent).saturating_sub(of_owner);
        let mut narrowest = left(self.whole, of_all);
        if of_share < narrowest.allowed {
            narrowest = left(limit, of_share);
        }
        let unauthenticated =
            share(self.total, self.shares.unauthenticated).saturating_sub(self.unauthenticated);
        if owner.is_unauthenticated() && unauthenticated < narrowest.allowed {
            narrowest = left(&limit::STRANGER_SHARE_PERCENT, unauthenticated);
        }
        narrowest
    }

    /// The limit that says how much an owner may have, and its hundredths.
    fn share_of(&self, owner: ShareOwner) -> (&'static Limit, u64) {
        match owner {
            ShareOwner::Account(id) => (&limit::ACCOUNT_SHARE_PERCENT, (self.shares.account.0)(id)),
            ShareOwner::Source(_) => (&limit::SOURCE_SHARE_PERCENT, self.shares.source),
            ShareOwner::Proxy => (&limit::STRANGER_SHARE_PERCENT, self.shares.unauthenticated),
        }
    }

    /// The amount that an owner has.
    pub(crate) fn of(&self, owner: ShareOwner) -> u64 {
        self.owners.get(&owner).copied().unwrap_or(0)
    }

    /// Whether there is nothing left for anybody.
    pub(crate) const fn is_full(&self) -> bool {
        self.used >= self.total
    }

    /// The amount in use.
    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    pub(crate) fn add(&mut self, owner: ShareOwner, more: u64) {
        self.used += more;
        if owner.is_unauthenticated() {
            self.unauthenticated += more;
        }
        *self.owners.entry(owner).or_default() += more;
    }

    /// Owners that have nothing left are forgotten, so that the table is no larger than what is in use.
    pub(crate) fn subtract(&mut self, owner: ShareOwner, less: u64) {
        self.used = self.used.saturating_sub(less);
        if owner.is_unauthenticated() {
            self.unauthenticated = self.unauthenticated.saturating_sub(less);
        }
        if let Some(held) = self.owners.get_mut(&owner) {
            *held = held.saturating_sub(less);
            if *held == 0 {
                self.owners.remove(&owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::id::Guid;

    pub(crate) fn account(number: u8) -> ShareOwner {
        ShareOwner::Account(AccountId(Guid::from_random([number; 16])))
    }

    fn source(number: u8) -> ShareOwner {
        ShareOwner::Source(SourceKey::of([127, 0, 0, number].into()))
    }

    fn shares() -> Shares {
        Shares::of(50, 25, 75)
    }

    fn taken(tally: &mut Tally, owner: ShareOwner) -> (u64, &'static str) {
        let mut taken = 0;
        loop {
            match tally.over(owner, 1) {
                None => tally.add(owner, 1),
                Some(over) => return (taken, over.limit.name),
            }
            taken += 1;
        }
    }

    #[test]
    fn each_has_a_share_and_strangers_leave_some() {
        let mut tally = Tally::new(&limit::CONCURRENT_REQUESTS, 8, shares());
        for (owner, expected) in [
            (source(1), (2, "source_share_percent")),
            (source(2), (2, "source_share_percent")),
            (source(3), (2, "source_share_percent")),
            (source(4), (0, "stranger_share_percent")),
            (ShareOwner::Proxy, (0, "stranger_share_percent")),
            // The last of eight is reserved for owners without any.
            (account(1), (1, "concurrent_requests")),
            (account(2), (1, "concurrent_requests")),
        ] {
            assert_eq!(taken(&mut tally, owner), expected, "{owner:?}");
        }
        for owner in [source(1), source(2), source(3)] {
            tally.subtract(owner, 2);
        }
        for owner in [account(1), account(2)] {
            tally.subtract(owner, 1);
        }
        assert!(tally.owners.is_empty() && tally.used == 0 && tally.unauthenticated == 0);
        assert_eq!(taken(&mut tally, account(1)), (4, "account_share_percent"));
        assert_eq!(taken(&mut tally, account(2)), (3, "concurrent_requests"));
        assert_eq!(taken(&mut tally, account(3)), (1, "concurrent_requests"));
    }

    #[test]
    fn what_one_can_ever_have_is_what_it_gets_alone() {
        for (total, shares) in [
            (64, shares()),
            (64, Shares::whole()),
            (64, Shares::of(50, 80, 60)),
            (3, Shares::whole()),
            (1, shares()),
        ] {
            for owner in [account(1), source(1), ShareOwner::Proxy] {
                let mut tally = Tally::new(&limit::CONCURRENT_REQUESTS, total, shares.clone());
                let most = tally.most(owner);
                let (taken, limit) = taken(&mut tally, owner);
                assert_eq!((most.allowed, most.limit.name), (taken, limit), "{owner:?}");
            }
        }
    }

    /// The remaining amount is to be had, and one more is not.
    #[test]
    fn what_is_left_is_what_fits() {
        for (total, shares) in [
            (64, shares()),
            (64, Shares::whole()),
            (512, Shares::of(30, 80, 60)),
            (3, shares()),
            (1, Shares::whole()),
        ] {
            let owners = [account(1), source(1), ShareOwner::Proxy, account(2)];
            let mut tally = Tally::new(&limit::CONCURRENT_REQUESTS, total, shares);
            // By turns, until nothing is left for anybody.
            for round in 0..2 * total {
                for owner in owners {
                    let left = tally.left(owner);
                    let case = format!("{owner:?} of {total} in round {round}: {left:?}");
                    assert!(
                        left.allowed == 0 || tally.over(owner, left.allowed).is_none(),
                        "{case}"
                    );
                    let over = tally.over(owner, left.allowed + 1);
                    assert_eq!(
                        over.map(|over| over.limit.name),
                        Some(left.limit.name),
                        "{case}"
                    );
                    if tally.over(owner, 1 + round % 3).is_none() {
                        tally.add(owner, 1 + round % 3);
                    }
                }
            }
        }
    }

    #[test]
    fn one_account_may_have_a_share_of_its_own_and_another_one_from_now_on() {
        let set = Arc::new(std::sync::atomic::AtomicU64::new(25));
        let percent = Arc::clone(&set);
        let ShareOwner::Account(special) = account(1) else {
            unreachable!()
        };
        let shares = Shares {
            account: AccountShare::new(move |id| {
                if id == special {
                    percent.load(std::sync::atomic::Ordering::Relaxed)
                } else {
                    50
                }
            }),
            ..shares()
        };
        let mut tally = Tally::new(&limit::CONCURRENT_REQUESTS, 8, shares);
        assert_eq!(taken(&mut tally, account(1)), (2, "account_share_percent"));
        assert_eq!(taken(&mut tally, account(2)), (4, "account_share_percent"));
        tally.subtract(account(2), 4);
        set.store(75, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(taken(&mut tally, account(1)), (4, "account_share_percent"));
        // Less than it has takes nothing away, and gives nothing more.
        set.store(10, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(taken(&mut tally, account(1)), (0, "account_share_percent"));
        assert_eq!(tally.of(account(1)), 6);
    }

    #[test]
    fn a_share_is_never_nothing() {
        for total in [1, 2, 3] {
            assert!(share(total, 1) == 1 && share(total, 100) == total);
        }
        assert_eq!(share(u64::MAX, 100), u64::MAX);
    }

    #[test]
    fn a_refusal_names_its_limit() {
        let mut tally = Tally::new(&limit::CONCURRENT_REQUESTS, 8, shares());
        tally.add(source(1), 2);
        let refusal = tally.over(source(1), 1).unwrap().refusal().0;
        assert_eq!(refusal.limit, Some(&limit::SOURCE_SHARE_PERCENT));
        assert!(refusal.message.contains("`source_share_percent`"));
        assert!(refusal.message.contains("2 requests"), "{refusal}");
        let whole = tally.over(source(2), 9).unwrap();
        assert!(whole.is_whole());
        let message = whole.refusal().0.message;
        assert!(message.contains("`concurrent_requests` = 8"), "{message}");
    }
}
