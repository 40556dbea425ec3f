//! Functions that compute each value from several points of a series.

mod deviation;
mod exponential;
mod holt_winters;
mod moving;
mod percentile;
mod ranks;
mod regression;
mod sliding;
mod window;

pub(super) use deviation::FUNCTIONS as DEVIATION;
pub(super) use exponential::FUNCTIONS as EXPONENTIAL;
pub(super) use holt_winters::FUNCTIONS as HOLT_WINTERS;
pub(super) use moving::FUNCTIONS as MOVING;
pub(super) use percentile::FUNCTIONS as PERCENTILE;
pub(super) use regression::FUNCTIONS as REGRESSION;
