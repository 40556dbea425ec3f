//! What mends an API key that the server refuses.

/// Hints by the server's reason. A new key needs another way to log in.
pub(crate) fn hint(message: &str) -> &'static str {
    if message.contains("its account was deleted") {
        "the server's operator alone can bring a deleted account back, and its keys with it; for another account, take a key of that one"
    } else if message.contains("cannot be used") {
        "log in with `vigie login -u USER`; then fix this key, or make another with `vigie iam api-key-create NAME`; for a service ID an Administrator does, with `vigie iam service-api-key-create NAME SERVICE_ID`"
    } else {
        "is it the whole key, and not deleted? for a new one, log in with `vigie login -u USER` and use `vigie iam api-key-create NAME`; for a service ID an Administrator does, with `vigie iam service-api-key-create NAME SERVICE_ID`"
    }
}
