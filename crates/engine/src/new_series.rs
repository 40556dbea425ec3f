//! The series that a batch creates: which of its unknown names get a number, and the record of the log that creates them. Both are
//! prepared before the catalog is locked to add them.

use crate::created_series::CreatedSeries;
use crate::registry::table::Fingerprint;
use crate::series_ref::SeriesRef;
use crate::wal::record::{Kind, Payload, put_created};
use base::id::TenantId;
use base::sample::RejectReason;
use base::store::SeriesQuota;
use std::collections::HashMap;

/// How many series may be made, and the first of their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewSeriesRoom {
    pub(crate) first_number: u32,
    /// Series that the tenant may still have, and of how many in all.
    pub(crate) left_of_tenant: u64,
    pub(crate) tenant_limit: u64,
    /// Bytes that names of further series of the tenant may take, and of how many in all.
    pub(crate) name_bytes_left: u64,
    pub(crate) name_bytes_limit: u64,
    /// What is left of it.
    pub(crate) quota: SeriesQuota,
}

/// Series that are to be made, in the order of their numbers.
#[derive(Debug)]
pub(crate) struct NewSeries<'n> {
    tenant: TenantId,
    room: NewSeriesRoom,
    numbers: HashMap<&'n str, SeriesRef>,
    fingerprints: Vec<Fingerprint>,
    series: Vec<CreatedSeries>,
    /// Of their names.
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
            name_bytes_left,
            name_bytes_limit,
            quota,
        } = self.room;
        if made >= quota.new_series {
            return Err(RejectReason::AccountLimit {
                limit: quota.limit,
                allowed: quota.allowed,
            });
        }
        if made >= left_of_tenant {
            return Err(RejectReason::SeriesLimit {
                limit: tenant_limit,
            });
        }
        let name_bytes = self.name_bytes.saturating_add(name.len() as u64);
        if name_bytes > name_bytes_left {
            return Err(RejectReason::NameBytesLimit {
                limit: name_bytes_limit,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::table::Registry;
    use base::limit;

    const ROOM: NewSeriesRoom = NewSeriesRoom {
        first_number: 7,
        left_of_tenant: 10,
        tenant_limit: 100,
        name_bytes_left: 1000,
        name_bytes_limit: 2000,
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
            new_series: 2,
            limit: limit::SERIES_PER_ACCOUNT,
            allowed: 50,
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
        let room = NewSeriesRoom {
            name_bytes_left: 5,
            ..ROOM
        };
        let too_long = Err(RejectReason::NameBytesLimit { limit: 2000 });
        assert_eq!(
            numbers(room, &["aaa", "bbb", "cc", "d", "aaa"]),
            [Ok(7), too_long.clone(), Ok(8), too_long, Ok(7)]
        );
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
