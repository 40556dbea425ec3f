//! Reads paged lists to their end.

use crate::client::{Reply, Request};
use crate::context::Context;
use crate::error::Failure;
use crate::printable_text::escaped;
use serde::de::DeserializeOwned;
use wire::cf::deleted::{DeletedEntity, DeletedList};
use wire::cf::list::{List, Resource};
use wire::iam::account::{AccountResource, Accounts};
use wire::iam::api_key::{ApiKey, ApiKeyList};
use wire::iam::invitation::{Invitation, Invitations};
use wire::iam::service_id::{ServiceId, ServiceIdList};
use wire::iam::user::{User, Users};

/// The maximum number of pages: with more, the server is assumed to loop.
const PAGES_MAX: usize = 1000;

/// The page size: the maximum of the servers.
pub(crate) const PAGE_SIZE: &str = "100";

/// A page: its entries, and the next page's URL.
pub(crate) trait Page: DeserializeOwned {
    /// The type of an entry.
    type Entry;

    /// The entries and the next page's URL.
    fn parts(self) -> (Vec<Self::Entry>, Option<String>);
}

impl<T: DeserializeOwned> Page for List<T> {
    type Entry = Resource<T>;

    fn parts(self) -> (Vec<Resource<T>>, Option<String>) {
        (self.resources, self.next_url)
    }
}

macro_rules! pages {
    ($($page:ty: $entry:ty, $entries:ident, $next:ident;)*) => {$(
        impl Page for $page {
            type Entry = $entry;

            fn parts(self) -> (Vec<$entry>, Option<String>) {
                (self.$entries, self.$next)
            }
        }
    )*};
}

pages! {
    Accounts: AccountResource, resources, next_url;
    DeletedList: DeletedEntity, resources, next_url;
    Users: User, resources, next_url;
    Invitations: Invitation, resources, next_url;
    ApiKeyList: ApiKey, apikeys, next;
    ServiceIdList: ServiceId, serviceids, next;
}

impl Context {
    /// All entries of the pages from `first` on, at the server with the root `base`. `doing` completes "cannot …".
    pub(crate) fn pages<P: Page>(
        &self,
        base: &str,
        first: Request,
        doing: &str,
    ) -> Result<Vec<P::Entry>, Failure> {
        self.pages_at::<P>(first, doing, |next| self.next_page(base, next))
    }

    /// As [`Self::pages`]; `address` resolves the next page's URL.
    pub(crate) fn pages_at<P: Page>(
        &self,
        first: Request,
        doing: &str,
        address: impl Fn(&str) -> Result<String, Failure>,
    ) -> Result<Vec<P::Entry>, Failure> {
        read_all::<P>(first, doing, address, |request| self.ask(request, doing))
    }
}

/// All entries of the pages from `first` on. `address` resolves the next page's URL, and `ask` sends with the credential.
pub(crate) fn read_all<P: Page>(
    first: Request,
    doing: &str,
    address: impl Fn(&str) -> Result<String, Failure>,
    ask: impl Fn(Request) -> Result<Reply, Failure>,
) -> Result<Vec<P::Entry>, Failure> {
    let (mut request, mut found) = (first, Vec::new());
    for _ in 0..PAGES_MAX {
        let (entries, next) = ask(request)?.parse::<P>(doing)?.parts();
        found.extend(entries);
        match next {
            Some(next) => request = Request::get(address(&next)?),
            None => return Ok(found),
        }
    }
    // An incomplete list must not look complete.
    Err(Failure::failed(escaped!(
        "cannot {}: the list has more than {} pages",
        doing,
        PAGES_MAX
    )))
}
