//! Lists of the identity interface whose entries have a name and a description: filtered and sorted as the request asks, and read page by
//! page.

use super::filter;
use super::list_cursor::{CursorPage, Entry, ListCursor};
use super::order::{By, Order, SortKey};
use super::paging::IAM;
use crate::http::advertised_address::UrlForCaller;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use iam::IamError;
use iam::directory::{ApiKey, Profile, Service};
use iam::manage::page::{PlacedPage, PlacedRequest};
use std::cmp::Ordering;

/// An entry of such a list.
pub(super) trait Described: Entry {
    fn name(&self) -> &str;
    fn description(&self) -> &str;
}

impl Described for ApiKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &str {
        &self.description
    }
}

impl Described for Service {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &str {
        &self.description
    }
}

impl Described for Profile {
    fn name(&self) -> &str {
        &self.name
    }

    fn description(&self) -> &str {
        &self.description
    }
}

/// One of these lists. Its default order is that of the names.
pub(super) struct IdentityList<T: 'static> {
    pub(super) path: &'static str,
    /// The parameters that links to other pages repeat.
    pub(super) kept: &'static [&'static str],
    /// The other orders that can be asked for.
    pub(super) other_orders: &'static [(&'static str, By<T>)],
}

/// The entries that a request asks for.
pub(super) struct Wanted<'w, T> {
    pub(super) shows: &'w dyn Fn(&T) -> bool,
    pub(super) order: &'w dyn Fn(&T, &T) -> Ordering,
    pub(super) part: PlacedRequest<&'w dyn Fn(&T) -> bool>,
}

impl<T: Described + 'static> IdentityList<T> {
    /// The page that a request asks for, of those entries that `shows` and its filter let through.
    pub(super) fn page(
        &self,
        (own_url, params): (&UrlForCaller, &Params),
        shows: impl Fn(&T) -> bool,
        find: impl FnOnce(Wanted<'_, T>) -> Result<PlacedPage<T>, IamError>,
    ) -> Result<CursorPage<T, String>, Refusal> {
        let filter = filter::asked_for(params)?;
        let by_name: (&'static str, By<T>) = ("name", |entry| SortKey::text(entry.name()));
        let order = Order::of(params, by_name, self.other_orders)?;
        let cursor = ListCursor::of(&IAM, params, order)?;
        let is_shown = |entry: &T| {
            shows(entry) && filter::shows(filter.as_ref(), entry.name(), entry.description())
        };
        let order = |a: &T, b: &T| cursor.compare(a, b);
        let PlacedRequest { request, reaches } = cursor.part();
        let reaches: &dyn Fn(&T) -> bool = &reaches;
        let found = find(Wanted {
            shows: &is_shown,
            order: &order,
            part: PlacedRequest { request, reaches },
        })?;
        let path = format!("{}{}", own_url.url, self.path);
        let size = cursor.size();
        let address = |start: Option<&str>| IAM.address_at(&path, params, self.kept, (size, start));
        cursor.page(found, address)
    }
}
