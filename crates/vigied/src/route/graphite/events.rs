//! `/events`: what happened in a domain, beside its series. Events have no names, so only callers who reach the whole domain see
//! any.

mod post;
mod query;
mod remove;
mod source;

pub(in crate::route) use source::EventSource;
pub(crate) use {post::post_event, remove::delete_events};

use super::parameters::{Parameters, time};
use super::request::{
    GraphiteRequest, answer, close, json_type, open, routes, routes_of_one, write_json,
};
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::store::StoreError;
use base::time::{Millis, TimeRange};
use iam::manage::event::Event;
use query::EventQuery;
use wire::code;
use wire::event::{EventListing, Single, TagQuery};

routes! {
    /// `/events/get_data`, and `/events` itself.
    event_data, event_data_post: json_type => write_events;
}

routes_of_one! {
    /// `GET /events/{id}`.
    event, "id" => write_event;
}

fn listed(event: &Event) -> EventListing<'_> {
    let texts = (&*event.what, &*event.mark.tags, &*event.data);
    EventListing::new(event.mark.place.number, event.mark.place.at, texts)
}

fn write_event(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let id = asked.parameters.last("id").unwrap_or_default();
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let number = id.parse().ok().filter(|_| is_number);
    let found = match number {
        Some(number) => EventQuery::new(asked, answer).one(number)?,
        None => None,
    };
    let Some(event) = found else {
        let id = wire::excerpt::beginning(id);
        let problem = code::EVENT_UNKNOWN.problem(format!("there is no event `{id}`"));
        return Err(Refusal(problem.field("id")));
    };
    let texts = (&*event.what, &*event.mark.tags, &*event.data);
    let single = Single::new(event.mark.place.number, event.mark.place.at, texts);
    let json = serde_json::to_string(&single).unwrap_or_default();
    write_json(asked, answer, &json)
}

/// The range that is asked for: all there is, up to now.
fn range(asked: &GraphiteRequest) -> Result<TimeRange, Refusal> {
    let parameters = &asked.parameters;
    let clock = parameters.clock(&asked.app)?;
    let instant = |name: &'static str, default| match parameters.last(name) {
        Some(text) => time(text, clock.now, &clock.zone, name),
        None => Ok(default),
    };
    Ok(TimeRange {
        from: instant("from", Millis(0))?,
        until: instant("until", clock.now)?,
    })
}

fn write_events(asked: &GraphiteRequest, answer: &mut Answer) -> Result<(), Refusal> {
    let range = range(asked)?;
    let set = asked.parameters.last("set");
    let tags = asked.parameters.last("tags");
    let mut wanted = tags.map(|tags| TagQuery::parse(tags, set));
    let events = EventQuery::new(asked, answer).all(range, wanted.as_mut())?;
    open(asked, answer)?;
    answer.out.push(b'[');
    for (place, event) in events.iter().enumerate() {
        if place > 0 {
            answer.out.push(b',');
        }
        // Writing into memory can't fail.
        let _ = serde_json::to_writer(&mut answer.out, &listed(event));
        answer.step().map_err(StoreError::Stopped)?;
    }
    answer.out.push(b']');
    close(asked, answer)
}
