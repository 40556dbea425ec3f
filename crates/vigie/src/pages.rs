//! Lists that a server gives page by page, read to their end.

use crate::client::{Reply, Request};
use crate::context::Context;
use crate::error::Failure;
use crate::shown::shown;
use serde::de::DeserializeOwned;
use wire::cf::deleted::{DeletedEntity, DeletedList};
use wire::cf::list::{List, Resource};
use wire::iam::account::{AccountResource, Accounts};
use wire::iam::api_key::{ApiKey, ApiKeyList};
use wire::iam::invitation::{Invitation, Invitations};
use wire::iam::user::{User, Users};

/// Pages read of one list; more is a server that goes in circles.
const PAGES_MAX: usize = 1000;

/// Entries asked for with one page: the most that servers give.
pub(crate) const PAGE_SIZE: &str = "100";

/// A page: what is on it, and where the list goes on.
pub(crate) trait Page: DeserializeOwned {
    /// What the list is of.
    type Entry;

    /// Its entries, and the next page's address.
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
}

impl Context {
    /// Everything on the pages from `first` on, which are of the server with the root `base`. `doing` completes "cannot …".
    pub(crate) fn pages<P: Page>(
        &self,
        base: &str,
        first: Request,
        doing: &str,
    ) -> Result<Vec<P::Entry>, Failure> {
        self.pages_at::<P>(first, doing, |next| self.next_page(base, next))
    }

    /// The same, where `address` says what to make of the next page's address.
    pub(crate) fn pages_at<P: Page>(
        &self,
        first: Request,
        doing: &str,
        address: impl Fn(&str) -> Result<String, Failure>,
    ) -> Result<Vec<P::Entry>, Failure> {
        read_all::<P>(first, doing, address, |request| self.ask(request, doing))
    }
}

/// Every page from `first` on: `address` says what to make of the next one's address, and `ask` has the credential.
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
    // Half a list must not be taken for the whole one.
    Err(Failure::failed(shown!(
        "cannot {}: the list goes on after {} pages",
        doing,
        PAGES_MAX
    )))
}
