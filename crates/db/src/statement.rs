//! A statement with its parameters.

/// A statement with its parameters bound.
macro_rules! bound {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                Value::Text(text) => query.bind(text.clone()),
                Value::Int(number) => query.bind(*number),
                Value::Blob(bytes) => query.bind(bytes.clone()),
            };
        }
        query
    }};
}
pub(crate) use bound;
