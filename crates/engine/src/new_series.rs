//! The series that a batch creates: which of its unknown names get a number, and the record of the log that creates them. Both are
//! prepared before the catalog is locked to add them.

use crate::config::EngineConfig;
use crate::created_series::CreatedSeries;
use crate::index::names::Names;
use crate::registry::table::Fingerprint;
use crate::series_ref::SeriesRef;
use crate::wal::record::{Kind, Payload, put_created};
use base::id::TenantId;
use base::limit;
use base::sample::RejectReason;
use base::store::{Remaining, SeriesQuota};
use std::collections::HashMap;

/// How many series may be made, and the first of their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSeriesRoom {
    pub(crate) first_number: u32,
    /// Series that the tenant may still have, and of how many in all.
    pub(crate) left_of_tenant: u64,
    pub(crate) tenant_limit: u64,
    /// Bytes that their names may take, by the limit of the store that is nearest.
    pub(crate) name_bytes: Remaining,
    /// The rest of the account's quota.
    pub(crate) quota: SeriesQuota,
}

/// The last eighth of `name_bytes_in_all` is reserved for accounts whose names have less than this part of it: a new account can still
/// begin, however much the others have, until this many have begun there. Shares that shrink with each new account would instead put
/// accounts over their share afterwards.
const SMALL_ACCOUNTS: u64 = 1024;

/// The bytes of `allowed` that are left for an account whose names have `of_account` bytes.
const fn left_of_all(allowed: u64, used: u64, of_account: u64) -> u64 {
    let small = allowed / 8 / SMALL_ACCOUNTS;
    let left = allowed.saturating_sub(used);
    let for_all = left.saturating_sub(small * SMALL_ACCOUNTS);
    let for_small = small.saturating_sub(of_account);
    let for_small = if for_small < left { for_small } else { left };
    if for_small > for_all {
        for_small
    } else {
        for_all
    }
}

/// The bytes that are left for names of new series of the tenant: of its own, or of those of all where these are fewer.
pub(crate) fn name_bytes_left(
    config: &EngineConfig,
    names: &Names,
    tenant: TenantId,
    quota: SeriesQuota,
) -> Remaining {
    let of_tenant = Remaining::of(
        &limit::NAME_BYTES_PER_TENANT,
        config.name_bytes_per_tenant,
        names.bytes_of(tenant),
    );
    let allowed = config.name_bytes_in_all;
    let of_all = Remaining {
        left: left_of_all(allowed, names.bytes(), quota.used_name_bytes),
        ..Remaining::of(&limit::NAME_BYTES_IN_ALL, allowed, names.bytes())
    };
    if of_all.left < of_tenant.left {
        of_all
    } else {
        of_tenant
    }
}

/// Series that are to be made, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct NewSeries<'n> {
    tenant: TenantId,
    room: NewSeriesRoom,
    numbers: HashMap<&'n str, SeriesRef>,
    fingerprints: Vec<Fingerprint>,
    series: Vec<CreatedSeries>,
    /// The bytes of their names.
    name_bytes: u64,
}

impl<'n> NewSeries<'n> {
    pub(crate) fn new(tenant: TenantId, room: NewSeriesRoom) -> Self {
        Self {
            tenant,
            room,
            numbers: HashMap::new(),
            fingerprints: Vec::new(),
            series: Vec::new(),
            name_bytes: 0,
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    pub(crate) const fn len(&self) -> usize {
        self.series.len()
    }

    /// The bytes of their names.
    pub(crate) const fn name_bytes(&self) -> u64 {
        self.name_bytes
    }

    /// The number of a name that no series has yet: the same for the same name.
    pub(crate) fn number(
        &mut self,
        fingerprint: Fingerprint,
        name: &'n str,
    ) -> Result<SeriesRef, RejectReason> {
        if let Some(series) = self.numbers.get(name) {
            return Ok(*series);
        }
        let made = self.series.len() as u64;
        let NewSeriesRoom {
            first_number,
            left_of_tenant,
            tenant_limit,
            name_bytes: of_store,
            quota,
        } = self.room;
        if made >= quota.new_series.left {
            return Err(of_account(quota.new_series));
        }
        if made >= left_of_tenant {
            return Err(RejectReason::SeriesLimit {
                limit: tenant_limit,
            });
        }
        let name_bytes = self.name_bytes.saturating_add(name.len() as u64);
        if name_bytes > quota.name_bytes.left {
            return Err(of_account(quota.name_bytes));
        }
        if name_bytes > of_store.left {
            return Err(RejectReason::NameBytesLimit {
                limit: *of_store.limit,
                allowed: of_store.allowed,
            });
        }
        // The last number is never used.
        let number = u32::try_from(u64::from(first_number) + made).unwrap_or(u32::MAX);
        if number == u32::MAX {
            return Err(RejectReason::NumbersUsedUp);
        }
        let series = SeriesRef(number);
        self.name_bytes = name_bytes;
        self.numbers.insert(name, series);
        self.fingerprints.push(fingerprint);
        self.series.push(CreatedSeries {
            tenant: self.tenant,
            name: name.into(),
            series,
        });
        Ok(series)
    }

    /// The record of the log that creates them.
    pub(crate) fn payload(&self) -> Payload {
        Payload::new(Kind::Created, put_created(&self.series))
    }

    /// The series with the fingerprints of their names, ascending by number.
    pub(crate) fn into_series(self) -> impl Iterator<Item = (Fingerprint, CreatedSeries)> {
        self.fingerprints.into_iter().zip(self.series)
    }
}

const fn of_account(used_up: Remaining) -> RejectReason {
    RejectReason::AccountLimit {
        limit: *used_up.limit,
        allowed: used_up.allowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::table::Registry;

    const ROOM: NewSeriesRoom = NewSeriesRoom {
        first_number: 7,
        left_of_tenant: 10,
        tenant_limit: 100,
        name_bytes: Remaining::of(&limit::NAME_BYTES_PER_TENANT, 2000, 1000),
        quota: SeriesQuota::UNLIMITED,
    };

    /// The number, or the refusal, that each of the names gets.
    fn numbers(room: NewSeriesRoom, names: &[&'static str]) -> Vec<Result<u32, RejectReason>> {
        let registry = Registry::new([1, 2]);
        let tenant = TenantId(1);
        let mut new = NewSeries::new(tenant, room);
        let number = |name: &&'static str| {
            let fingerprint = registry.fingerprint(tenant, name);
            new.number(fingerprint, name).map(|series| series.0)
        };
        names.iter().map(number).collect()
    }

    #[test]
    fn a_name_gets_one_number_however_often_it_comes() {
        let given = numbers(ROOM, &["a", "b", "a", "c", "b"]);
        assert_eq!(given, [Ok(7), Ok(8), Ok(7), Ok(9), Ok(8)]);
    }

    #[test]
    fn the_nearest_limit_is_the_one_that_is_named() {
        let quota = SeriesQuota {
            new_series: Remaining::of(&limit::SERIES_PER_ACCOUNT, 50, 48),
            ..SeriesQuota::UNLIMITED
        };
        let of_account = RejectReason::AccountLimit {
            limit: limit::SERIES_PER_ACCOUNT,
            allowed: 50,
        };
        let names = ["a", "b", "c", "b"];
        assert_eq!(
            numbers(NewSeriesRoom { quota, ..ROOM }, &names),
            [Ok(7), Ok(8), Err(of_account), Ok(8)]
        );
        let room = NewSeriesRoom {
            quota,
            left_of_tenant: 1,
            ..ROOM
        };
        let of_tenant = || Err(RejectReason::SeriesLimit { limit: 100 });
        assert_eq!(
            numbers(room, &names),
            [Ok(7), of_tenant(), of_tenant(), of_tenant()]
        );
    }

    /// A long name that does not fit leaves room for a short one.
    #[test]
    fn names_get_numbers_as_far_as_there_are_bytes_for_them() {
        let of_account = SeriesQuota {
            name_bytes: Remaining::of(&limit::NAME_BYTES_PER_ACCOUNT, 2000, 1995),
            ..SeriesQuota::UNLIMITED
        };
        let of_all = Remaining::of(&limit::NAME_BYTES_IN_ALL, 2000, 1995);
        let allowed = 2000;
        for (quota, name_bytes, too_long) in [
            (
                SeriesQuota::UNLIMITED,
                of_all,
                RejectReason::NameBytesLimit {
                    limit: limit::NAME_BYTES_IN_ALL,
                    allowed,
                },
            ),
            (
                of_account,
                ROOM.name_bytes,
                RejectReason::AccountLimit {
                    limit: limit::NAME_BYTES_PER_ACCOUNT,
                    allowed,
                },
            ),
        ] {
            let room = NewSeriesRoom {
                quota,
                name_bytes,
                ..ROOM
            };
            let too_long = Err(too_long);
            assert_eq!(
                numbers(room, &["aaa", "bbb", "cc", "d", "aaa"]),
                [Ok(7), too_long.clone(), Ok(8), too_long, Ok(7)]
            );
        }
    }

    #[test]
    fn the_last_eighth_of_all_names_is_for_accounts_with_few() {
        let allowed = 8 * 1024 * 100;
        let kept = allowed / 8;
        for (used, of_account, left) in [
            (0, 0, allowed - kept),
            (0, allowed / 2, allowed - kept),
            (allowed - kept - 10, 1000, 10),
            (allowed - kept - 10, 60, 40),
            (allowed - kept, 100, 0),
            (allowed - kept, 60, 40),
            (allowed - 30, 60, 30),
            (allowed, 0, 0),
            (allowed + 1, 0, 0),
        ] {
            let found = left_of_all(allowed, used, of_account);
            assert_eq!(found, left, "{used} of all, {of_account} of the account");
        }
        assert_eq!(left_of_all(20, 5, 5), 15, "too few to share");
    }

    #[test]
    fn the_last_number_is_given_once_and_then_none() {
        let room = NewSeriesRoom {
            first_number: u32::MAX - 1,
            ..ROOM
        };
        let used_up = Err(RejectReason::NumbersUsedUp);
        let last = u32::MAX - 1;
        assert_eq!(
            numbers(room, &["a", "b", "a"]),
            [Ok(last), used_up, Ok(last)]
        );
    }
}
