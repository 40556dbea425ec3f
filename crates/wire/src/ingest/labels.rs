//! Names of Prometheus as names here: the metric, and its labels as tags.

use super::Names;
use base::name::{NameError, SeriesName};
use base::sample::RejectReason;

/// The metric and its labels, in the form `name;label=value`. A label without a value is none, as in Prometheus.
///
/// # Errors
/// [`NameError`]: what no name may hold, unless `names` replaces it; a `;` in a value would begin another tag, so it is such a
/// character too.
pub(crate) fn name<'l>(
    metric: &str,
    labels: impl IntoIterator<Item = (&'l str, &'l str)>,
    names: Names,
) -> Result<SeriesName<'static>, RejectReason> {
    if metric.is_empty() {
        return Err(RejectReason::Name(NameError::Empty));
    }
    let mut text = String::new();
    push(&mut text, metric, names)?;
    for (label, value) in labels {
        if value.is_empty() {
            continue;
        }
        text.push(';');
        push(&mut text, label, names)?;
        text.push('=');
        push(&mut text, value, names)?;
    }
    Ok(names.read(&text)?.into_owned())
}

fn push(text: &mut String, part: &str, names: Names) -> Result<(), RejectReason> {
    match names.replacement() {
        _ if !part.contains(';') => text.push_str(part),
        Some(with) => text.extend(
            part.chars()
                .map(|character| if character == ';' { with } else { character }),
        ),
        None => return Err(RejectReason::Name(NameError::Character(';'))),
    }
    Ok(())
}
