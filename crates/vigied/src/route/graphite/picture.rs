//! The answer of `/render` as a picture.

use super::parameters::invalid;
use super::request::GraphiteRequest;
use crate::http::problem::Refusal;
use crate::query::answer::Answer;
use base::context::Stop;
use base::error::Problem;
use base::store::StoreError;
use query::draw::{DrawError, Options, OptionsError, Picture, draw};
use query::series::Series;
use query::window::Window;

/// Draws the series.
pub(super) fn write(
    asked: &GraphiteRequest,
    answer: &mut Answer,
    series: Vec<Series>,
    window: &Window,
) -> Result<(), Refusal> {
    let options = Options::parse(asked.parameters.iter()).map_err(|error| wrong(&error))?;
    let picture = Picture {
        series,
        from: window.from,
        until: window.until,
        zone: window.zone.clone(),
        options: &options,
    };
    let mut drawn = draw(picture, &answer.context()).map_err(|error| match error {
        DrawError::Stopped(stop) => stopped(stop),
        DrawError::Options(error) => wrong(&error),
    })?;
    drawn.shrink_to_fit();
    answer.put_whole(drawn).map_err(stopped)
}

fn wrong(error: &OptionsError) -> Refusal {
    let refusal = invalid(error.parameter(), error.to_string());
    match error.limit() {
        Some(limit) => Refusal(refusal.0.limit(limit)),
        None => refusal,
    }
}

/// The data fits; it is the picture of it that does not.
fn stopped(stop: Stop) -> Refusal {
    let refusal = Refusal::from(StoreError::Stopped(stop));
    if !matches!(stop, Stop::Budget { .. }) {
        return refusal;
    }
    let message = refusal.0.message.replacen("the query", "the picture", 1);
    let problem = Problem {
        message: message.into(),
        ..refusal.0
    };
    let hint = "ask for a smaller `width` and `height`";
    Refusal(problem.hint(hint).field("width"))
}
