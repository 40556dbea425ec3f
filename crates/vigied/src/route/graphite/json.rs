//! JSON of an answer that is written piece by piece: within the callback where one is named, and on several lines where that is
//! asked for.

use super::request::{GraphiteRequest, close, is_pretty, open};
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::context::Stop;
use base::store::StoreError;
use wire::render::{Indented, Sink};

/// The sink of the JSON.
pub(super) enum Json<'a> {
    /// Unchanged, on one line.
    Plain(&'a mut Answer),
    /// Indented, on several lines.
    Pretty(Indented<'a, Answer>),
}

impl Sink for Json<'_> {
    type Error = Stop;

    fn out(&mut self) -> &mut Vec<u8> {
        match self {
            Self::Plain(answer) => &mut answer.out,
            Self::Pretty(indented) => indented.out(),
        }
    }

    fn step(&mut self) -> Result<(), Stop> {
        match self {
            Self::Plain(answer) => answer.step(),
            Self::Pretty(indented) => indented.step(),
        }
    }
}

/// Writes what `work` writes.
pub(super) fn write(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    work: impl FnOnce(&mut Json<'_>) -> Result<(), Stop>,
) -> Result<(), Refusal> {
    write_as(asked, answer, is_pretty(&asked.parameters), work)
}

/// The same, on several lines where `is_pretty`, whatever is asked for.
pub(super) fn write_as(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    is_pretty: bool,
    work: impl FnOnce(&mut Json<'_>) -> Result<(), Stop>,
) -> Result<(), Refusal> {
    open(asked, answer)?;
    let mut json = match is_pretty {
        true => Json::Pretty(Indented::new(answer)),
        false => Json::Plain(answer),
    };
    let written = work(&mut json).and_then(|()| json.step());
    written.map_err(StoreError::Stopped)?;
    close(asked, answer)
}
