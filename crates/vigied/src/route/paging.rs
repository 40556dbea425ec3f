//! Pages of lists in the style of each interface: Cloud Foundry's `page` and `results-per-page`, the account management's
//! `_start` and `limit`, the token service's `pagetoken` and `pagesize`, the access policies' `start` and `limit`, the access groups'
//! `offset` and `limit`. In some lists a page begins at a place, which a text names (`list_cursor.rs`), in the others after entries.
//!
//! The links to the next and previous page repeat the filters and the order of the list.

use super::cloud_foundry_filter;
use crate::http::invalid::invalid;
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::limit;
use iam::manage::page::{Page, PageRequest};
use wire::cf::list::{List, Resource};

/// The paging parameters of an interface.
#[derive(Debug)]
pub(crate) struct Style {
    /// The parameter for the number of entries.
    size: &'static str,
    /// The default number of entries.
    default: u64,
    /// The parameter for the page.
    start: &'static str,
}

/// Of the token service.
pub(crate) const IAM: Style = Style {
    size: "pagesize",
    default: 20,
    start: "pagetoken",
};

/// Of the account management.
pub(crate) const ACCOUNTS: Style = Style {
    size: "limit",
    default: 100,
    start: "_start",
};

/// Of access policies, and of resource instances and their keys.
pub(crate) const LIMIT_AND_START: Style = Style {
    size: "limit",
    default: 100,
    start: "start",
};

/// Of access groups.
pub(crate) const GROUPS: Style = Style {
    size: "limit",
    default: 50,
    start: "offset",
};

const CF: Style = Style {
    size: "results-per-page",
    default: 50,
    start: "page",
};

fn refused(key: &'static str, what: &str, text: &str) -> Refusal {
    let excerpt: String = text.chars().take(40).collect();
    invalid(key, format!("`{key}` is {what}, not {excerpt:?}"))
}

fn number(params: &Params, key: &'static str, what: &str) -> Result<Option<u64>, Refusal> {
    let read = |text: &str| text.parse().map_err(|_| refused(key, what, text));
    params.one(key)?.map(read).transpose()
}

/// The expected form of a page's start, for messages.
const START: &str = "what `next` of a page says";

impl Style {
    /// The number of entries of a page.
    pub(super) fn size(&self, params: &Params) -> Result<u64, Refusal> {
        let page_max = limit::PAGE_ENTRIES.default;
        let what = format!("a number from 1 to {page_max}");
        match number(params, self.size, &what)? {
            None => Ok(self.default),
            Some(size @ 1..) if size <= page_max => Ok(size),
            Some(0) => Err(refused(self.size, &what, "0")),
            Some(size) => {
                let name = limit::PAGE_ENTRIES.name;
                let what = format!("at most `{name}` = {page_max}");
                let Refusal(problem) = refused(self.size, &what, &size.to_string());
                Err(Refusal(problem.limit(&limit::PAGE_ENTRIES)))
            }
        }
    }

    /// The requested part of the list, for interfaces that address a page by its first entry.
    pub(crate) fn window(&self, params: &Params) -> Result<PageRequest, Refusal> {
        let skip = number(params, self.start, START)?;
        Ok(PageRequest {
            skip: skip.unwrap_or(0),
            take: self.size(params)?,
        })
    }

    /// The text that says where the requested page begins, if there is one.
    pub(super) fn start<'p>(&self, params: &'p Params) -> Result<Option<&'p str>, Refusal> {
        params.one(self.start)
    }

    /// The refusal of a text that says of no page where it begins.
    pub(super) fn invalid_start(&self, text: &str) -> Refusal {
        refused(self.start, START, text)
    }

    /// The refusal of a text that says where another page begins.
    pub(super) fn start_of_other(&self, whose: &str) -> Refusal {
        invalid(self.start, format!("`{}` is {whose}", self.start))
    }

    /// The URL of a page of the list at `path`, with the parameters of `kept` as they were sent.
    pub(crate) fn address(
        &self,
        path: &str,
        params: &Params,
        kept: &[&'static str],
        (size, start): (u64, Option<u64>),
    ) -> Result<String, Refusal> {
        let start = start.map(|start| start.to_string());
        self.address_at(path, params, kept, (size, start.as_deref()))
    }

    /// The URL of a page that begins at a place.
    pub(super) fn address_at(
        &self,
        path: &str,
        params: &Params,
        kept: &[&'static str],
        (size, start): (u64, Option<&str>),
    ) -> Result<String, Refusal> {
        let size = size.to_string();
        let mut query = vec![(self.size, size.as_str())];
        query.extend(start.map(|start| (self.start, start)));
        for name in kept {
            query.extend(params.one(name)?.map(|value| (*name, value)));
        }
        Ok(format!("{path}?{}", wire::query::encode(&query)))
    }
}

/// The start of the next page, if there is one.
fn next<T>(window: PageRequest, part: &Page<T>) -> Option<u64> {
    let next = window.skip.saturating_add(window.take);
    (next < part.total).then_some(next)
}

/// The links of a page to others of its list.
#[derive(Debug)]
pub(crate) struct ListLinks<L> {
    pub(crate) first: L,
    pub(crate) previous: Option<L>,
    pub(crate) next: Option<L>,
}

/// The links of a page, for interfaces that address a page by its first entry; `link` makes the one to the page that starts there.
pub(crate) fn list_links<T, L>(
    window: PageRequest,
    part: &Page<T>,
    link: impl Fn(u64) -> Result<L, Refusal>,
) -> Result<ListLinks<L>, Refusal> {
    let before = window.skip.saturating_sub(window.take);
    Ok(ListLinks {
        first: link(0)?,
        previous: (window.skip > 0).then(|| link(before)).transpose()?,
        next: next(window, part).map(link).transpose()?,
    })
}

/// The start of the last page.
pub(crate) fn last<T>(window: PageRequest, part: &Page<T>) -> u64 {
    let full = part.total.saturating_sub(1).checked_div(window.take);
    full.unwrap_or(0).saturating_mul(window.take)
}

/// Refuses an order that Cloud Foundry lists do not have here.
fn check_order(params: &Params) -> Result<(), Refusal> {
    for (key, only) in [("order-by", "name"), ("order-direction", "asc")] {
        let other = params.one(key)?.filter(|text| *text != only);
        if let Some(other) = other {
            let what = format!("`{only}` alone");
            return Err(refused(key, &what, other));
        }
    }
    Ok(())
}

/// The neighbours of a page of a Cloud Foundry list.
#[derive(Debug)]
pub(crate) struct PageLinks {
    /// The number of pages.
    pub(crate) pages: u64,
    /// The URL of the previous page.
    pub(crate) previous: Option<String>,
    /// The URL of the next page.
    pub(crate) next: Option<String>,
}

/// A page of a Cloud Foundry list.
#[derive(Debug)]
pub(crate) struct CfPage {
    page: u64,
    size: u64,
}

impl CfPage {
    /// The requested page.
    pub(crate) fn of(params: &Params) -> Result<Self, Refusal> {
        let what = "a number from 1 on";
        let page = match number(params, CF.start, what)? {
            None => 1,
            Some(0) => return Err(refused(CF.start, what, "0")),
            Some(page) => page,
        };
        check_order(params)?;
        let size = CF.size(params)?;
        Ok(Self { page, size })
    }

    /// The part of the list on this page.
    pub(crate) const fn window(&self) -> PageRequest {
        PageRequest {
            skip: (self.page - 1).saturating_mul(self.size),
            take: self.size,
        }
    }

    /// The answer; `path` is that of the list, `kept` are the parameters that filter it beside `q`.
    pub(crate) fn list<T, E>(
        &self,
        path: &str,
        params: &Params,
        kept: &[&'static str],
        part: &Page<T>,
        resource: impl Fn(&T) -> Resource<E>,
    ) -> Result<List<E>, Refusal> {
        let links = self.links(path, params, kept, part.total)?;
        Ok(List {
            total_results: part.total,
            total_pages: links.pages,
            prev_url: links.previous,
            next_url: links.next,
            resources: part.entries.iter().map(resource).collect(),
        })
    }

    /// The neighbours of this page in a list of so many entries.
    pub(crate) fn links(
        &self,
        path: &str,
        params: &Params,
        kept: &[&'static str],
        total: u64,
    ) -> Result<PageLinks, Refusal> {
        let pages = total.div_ceil(self.size).max(1);
        let filters = params.all(cloud_foundry_filter::NAME).into_iter();
        let filters: Vec<(&str, &str)> = filters
            .map(|filter| (cloud_foundry_filter::NAME, filter))
            .collect();
        let filters = wire::query::encode(&filters);
        let address = |page: u64| -> Result<String, Refusal> {
            let address = CF.address(path, params, kept, (self.size, Some(page)))?;
            Ok(match filters.is_empty() {
                true => address,
                false => format!("{address}&{filters}"),
            })
        };
        let (previous, next) = (self.page - 1, self.page.saturating_add(1));
        Ok(PageLinks {
            pages,
            previous: (1..=pages)
                .contains(&previous)
                .then(|| address(previous))
                .transpose()?,
            next: (next <= pages).then(|| address(next)).transpose()?,
        })
    }
}
