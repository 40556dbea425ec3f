//! Pages of a list that begin at a place in its order, not after a number of entries: what is made or deleted while somebody reads
//! page by page moves nothing, and nothing is left out or shown twice. A place is what an entry is sorted by, so that it stays when the
//! entry goes.

use super::order::{Order, SortKey};
use super::paging::{ListLinks, Style};
use crate::http::problem::Refusal;
use crate::request::params::Params;
use base::id::Guid;
use base::time::Millis;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use iam::directory::{Account, ApiKey, Instance, Policy, Profile, Service};
use iam::manage::invitation::ReceivedInvitation;
use iam::manage::page::{PageRequest, PlacedPage, PlacedRequest};
use iam::manage::resource_key::ResourceKey;
use iam::manage::session::OpenSession;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Ordering;

/// An entry of such a list.
pub(super) trait Entry {
    /// The list that it is one of: places in another one are none in this.
    const LIST: &'static str;

    /// When it was made, and its id, which never change: the order of entries that are sorted by equal values.
    fn made(&self) -> (Millis, Guid);
}

impl Entry for Account {
    const LIST: &'static str = "accounts";

    fn made(&self) -> (Millis, Guid) {
        (self.created_at, self.id.0)
    }
}

impl Entry for ApiKey {
    const LIST: &'static str = "apikeys";

    fn made(&self) -> (Millis, Guid) {
        (self.created_at, self.id.0)
    }
}

impl Entry for Service {
    const LIST: &'static str = "serviceids";

    fn made(&self) -> (Millis, Guid) {
        (self.created_at, self.id.0)
    }
}

impl Entry for Profile {
    const LIST: &'static str = "profiles";

    fn made(&self) -> (Millis, Guid) {
        (self.created.at, self.id.0)
    }
}

impl Entry for Policy {
    const LIST: &'static str = "policies";

    fn made(&self) -> (Millis, Guid) {
        (self.created.at, self.id.0)
    }
}

impl Entry for OpenSession {
    const LIST: &'static str = "sessions";

    fn made(&self) -> (Millis, Guid) {
        (self.created_at, self.id.0)
    }
}

impl Entry for ReceivedInvitation {
    const LIST: &'static str = "invitations";

    fn made(&self) -> (Millis, Guid) {
        (self.created_at, self.id.0)
    }
}

impl Entry for ResourceKey {
    const LIST: &'static str = "resource_keys";

    fn made(&self) -> (Millis, Guid) {
        (self.created.at, self.id.0)
    }
}

impl Entry for Instance {
    const LIST: &'static str = "resource_instances";

    fn made(&self) -> (Millis, Guid) {
        (self.created.at, self.id.0)
    }
}

/// A place as links have it.
#[derive(Serialize, Deserialize)]
struct Token<'e> {
    /// The list in which it is a place.
    list: Cow<'e, str>,
    /// The order in which it is a place.
    order: String,
    /// Whether the page ends before it; else it begins after it.
    before: bool,
    key: SortKey<'e>,
    at: i64,
    id: String,
}

/// A place in the order of a list.
struct Place {
    before: bool,
    key: SortKey<'static>,
    made: (Millis, Guid),
}

/// Why a text is no place in a list as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoPlace {
    /// No list has said it.
    Unknown,
    OtherList,
    OtherOrder,
}

impl Place {
    /// The place that a link says.
    fn read<T: Entry>(text: &str, order: &Order<T>) -> Result<Self, NoPlace> {
        let read = || {
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let token: Token<'static> = serde_json::from_slice(&bytes).ok()?;
            let id = Guid::parse(&token.id).ok()?;
            Some((token, id))
        };
        let (token, id) = read().ok_or(NoPlace::Unknown)?;
        if token.list != T::LIST {
            return Err(NoPlace::OtherList);
        }
        if token.order != order.name() {
            return Err(NoPlace::OtherOrder);
        }
        Ok(Self {
            before: token.before,
            key: token.key,
            made: (Millis(token.at), id),
        })
    }
}

/// Reads a page of a list.
pub(super) struct ListCursor<T> {
    order: Order<T>,
    place: Option<Place>,
    take: u64,
}

/// A page that was read.
pub(super) struct CursorPage<T, L> {
    pub(super) entries: Vec<T>,
    /// The entries before it.
    pub(super) offset: u64,
    /// The number of entries of a whole page.
    pub(super) limit: u64,
    pub(super) links: ListLinks<L>,
}

impl<T: Entry> ListCursor<T> {
    /// The page that a request asks for.
    pub(super) fn of(style: &Style, params: &Params, order: Order<T>) -> Result<Self, Refusal> {
        let take = style.size(params)?;
        let text = style.start(params)?;
        Self::at(order, text, take).map_err(|why| match why {
            NoPlace::Unknown => style.invalid_start(text.unwrap_or_default()),
            NoPlace::OtherList => style.start_of_other("of another list"),
            NoPlace::OtherOrder => style.start_of_other(
                "of another order: begin with the first page where the order changes",
            ),
        })
    }

    fn at(order: Order<T>, text: Option<&str>, take: u64) -> Result<Self, NoPlace> {
        let place = text.map(|text| Place::read(text, &order)).transpose()?;
        Ok(Self { order, place, take })
    }

    /// The number of entries of a whole page.
    pub(super) const fn size(&self) -> u64 {
        self.take
    }

    /// The page, of those entries that are on it or beyond it.
    pub(super) fn part(&self) -> PlacedRequest<impl Fn(&T) -> bool> {
        PlacedRequest {
            request: self.window(),
            reaches: move |entry: &T| self.reaches(entry),
        }
    }

    /// The page of a list that the database reads from the place on.
    pub(super) const fn window(&self) -> PageRequest {
        PageRequest {
            skip: 0,
            take: self.take,
        }
    }

    /// When the entry at the place was made, and its id, for lists that the database reads by their age.
    pub(super) fn made(&self) -> Option<(Millis, Guid)> {
        self.place.as_ref().map(|place| place.made)
    }

    /// Whether the entry is on the page or beyond it.
    fn reaches(&self, entry: &T) -> bool {
        let Some(place) = &self.place else {
            return true;
        };
        let by_key = self.order.of_keys(&self.order.key(entry), &place.key);
        let found = by_key.then_with(|| entry.made().cmp(&place.made));
        match place.before {
            true => found == Ordering::Less,
            false => found == Ordering::Greater,
        }
    }

    /// The order in which entries are read: from a page's end to its beginning if it is one before a place.
    pub(super) fn compare(&self, a: &T, b: &T) -> Ordering {
        let order = self.order.of_two(a, b);
        let order = order.then_with(|| a.made().cmp(&b.made()));
        match self.is_backward() {
            true => order.reverse(),
            false => order,
        }
    }

    /// The page of what was read; `link` makes the link to the page at a place, or to the first one.
    pub(super) fn page<L>(
        &self,
        read: impl Into<PlacedPage<T>>,
        link: impl Fn(Option<&str>) -> Result<L, Refusal>,
    ) -> Result<CursorPage<T, L>, Refusal> {
        let PlacedPage { page, passed } = read.into();
        let mut entries = page.entries;
        let rest = page.total.saturating_sub(entries.len() as u64);
        let (before, after) = match self.is_backward() {
            true => (rest, passed),
            false => (passed, rest),
        };
        if self.is_backward() {
            entries.reverse();
        }
        let previous = match entries.first() {
            Some(first) if before > 0 => Some(link(Some(&self.token(first, true)))?),
            _ => None,
        };
        let next = match entries.last() {
            Some(last) if after > 0 => Some(link(Some(&self.token(last, false)))?),
            // Nothing is left before the place: the list begins behind it.
            None if self.is_backward() && after > 0 => Some(link(None)?),
            _ => None,
        };
        let links = ListLinks {
            first: link(None)?,
            previous,
            next,
        };
        Ok(CursorPage {
            entries,
            offset: before,
            limit: self.take,
            links,
        })
    }

    /// Whether the page ends before its place.
    pub(super) fn is_backward(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.before)
    }

    fn token(&self, entry: &T, before: bool) -> String {
        let (at, id) = entry.made();
        let token = Token {
            list: Cow::Borrowed(T::LIST),
            order: self.order.name(),
            before,
            key: self.order.key(entry),
            at: at.0,
            id: id.to_string(),
        };
        // Texts and numbers are always written.
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use iam::manage::page::ListPart;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[derive(Debug, Clone, PartialEq, Eq)]
    struct Item {
        name: String,
        at: i64,
        id: u8,
    }

    impl Entry for Item {
        const LIST: &'static str = "items";

        fn made(&self) -> (Millis, Guid) {
            (Millis(self.at), Guid::from_random([self.id; 16]))
        }
    }

    fn by_name(reverse: bool) -> Order<Item> {
        Order::tried(|row| SortKey::text(&row.name), reverse)
    }

    type Links = CursorPage<Item, Option<String>>;

    fn read(list: &[Item], reverse: bool, start: Option<&str>, take: u64) -> Links {
        let cursor = ListCursor::at(by_name(reverse), start, take).ok().unwrap();
        let order = |a: &Item, b: &Item| cursor.compare(a, b);
        let found = cursor.part().cut(list.iter().collect(), order);
        let link = |start: Option<&str>| Ok(start.map(str::to_owned));
        cursor.page(found, link).unwrap()
    }

    /// Names and ages that often agree, in an order that they say nothing about.
    fn items() -> impl Strategy<Value = Vec<Item>> {
        let item = ("[ab]{0,2}", 0_i64..3);
        prop::collection::vec(item, 0..30).prop_map(|all| {
            let all = all.into_iter().zip(0_u8..);
            all.map(|((name, at), id)| Item { name, at, id }).collect()
        })
    }

    proptest! {
        #[test]
        fn following_next_shows_each_entry_once_whatever_is_deleted_meanwhile(
            mut list in items(), take in 1_u64..6, deletes in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
            cleans: bool, reverse: bool,
        ) {
            let all: BTreeSet<u8> = list.iter().map(|row| row.id).collect();
            let (mut seen, mut gone) = (Vec::new(), BTreeSet::new());
            let mut deletes = deletes.into_iter();
            let mut start = None;
            loop {
                let page = read(&list, reverse, start.as_deref(), take);
                prop_assert!(page.entries.len() as u64 <= take);
                seen.extend(page.entries.iter().map(|row| row.id));
                // A loop that cleans up deletes what it has read; others delete anything.
                if cleans {
                    list.retain(|row| !page.entries.contains(row));
                }
                if let Some(index) = deletes.next()
                    && !list.is_empty()
                {
                    gone.insert(list.remove(index.index(list.len())).id);
                }
                match page.links.next {
                    Some(next) => start = next,
                    None => break,
                }
            }
            let once: BTreeSet<u8> = seen.iter().copied().collect();
            prop_assert_eq!(once.len(), seen.len(), "shown twice: {:?}", seen);
            let missed: Vec<u8> = all.difference(&once).copied().collect();
            prop_assert!(missed.iter().all(|id| gone.contains(id)), "left out: {:?}", missed);
        }

        #[test]
        fn previous_leads_back_over_the_same_pages(list in items(), take in 1_u64..6, reverse: bool) {
            let mut before: Option<Links> = None;
            let mut start = None;
            loop {
                let page = read(&list, reverse, start.as_deref(), take);
                prop_assert_eq!(page.links.previous.is_some(), page.offset > 0);
                if let (Some(before), Some(previous)) = (&before, &page.links.previous) {
                    let back = read(&list, reverse, previous.as_deref(), take);
                    prop_assert_eq!(&back.entries, &before.entries);
                    prop_assert_eq!(back.offset, before.offset);
                    let again = back.links.next.flatten();
                    prop_assert_eq!(&read(&list, reverse, again.as_deref(), take).entries, &page.entries);
                }
                start = page.links.next.clone().flatten();
                before = Some(page);
                if start.is_none() {
                    break;
                }
            }
        }
    }

    #[test]
    fn what_is_before_a_place_may_be_gone() {
        let item = |name: &str, id: u8| Item {
            name: name.to_owned(),
            at: 0,
            id,
        };
        let list = [item("a", 1), item("b", 2), item("c", 3)];
        let second = read(&list, false, None, 1).links.next.flatten();
        let second = read(&list, false, second.as_deref(), 1);
        let back = second.links.previous.flatten();
        let page = read(&list[1..], false, back.as_deref(), 1);
        assert_eq!((page.entries.len(), page.offset), (0, 0));
        assert_eq!(page.links.previous, None);
        assert_eq!(page.links.next, Some(None));
    }

    #[test]
    fn a_place_is_one_in_its_own_order() {
        let list: Vec<Item> = (0..3)
            .map(|id| Item {
                name: String::new(),
                at: 0,
                id,
            })
            .collect();
        let next = read(&list, false, None, 1).links.next.flatten().unwrap();
        let read = |text: &str, order: Order<Item>| Place::read(text, &order).err();
        assert_eq!(read(&next, by_name(false)), None);
        assert_eq!(read(&next, by_name(true)), Some(NoPlace::OtherOrder));
        assert_eq!(read(&next, Order::unsorted()), Some(NoPlace::OtherOrder));
        for wrong in ["", "0", "x", "e30", "=", &next[1..]] {
            assert_eq!(
                read(wrong, by_name(false)),
                Some(NoPlace::Unknown),
                "{wrong}"
            );
        }
        let keys: Order<ApiKey> = Order::unsorted();
        let foreign = Place::read(&next, &keys).err();
        assert_eq!(foreign, Some(NoPlace::OtherList));
    }
}
