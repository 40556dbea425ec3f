//! The drawing parameters in the OpenAPI document.

use super::*;
use base::limit;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../../../openapi/vigie.json");

#[test]
fn the_largest_picture_and_every_word_are_as_documented() {
    let document: Value = serde_json::from_str(DOCUMENT).unwrap();
    for method in ["get", "post"] {
        let all = document["paths"]["/render"][method]["parameters"]
            .as_array()
            .unwrap();
        let drawn = all.iter().filter_map(|parameter| {
            let meaning = parameter["description"]
                .as_str()?
                .strip_prefix("a picture: ")?;
            Some((
                parameter["name"].as_str()?,
                meaning,
                &parameter["schema"]["enum"],
            ))
        });
        let drawn: Vec<_> = drawn.collect();
        for (name, most) in [
            ("width", limit::PICTURE_WIDTH),
            ("height", limit::PICTURE_HEIGHT),
        ] {
            let (_, meaning, _) = drawn.iter().find(|(known, ..)| *known == name).unwrap();
            let expected = format!("pixels, 10 to {};", most.default);
            assert!(meaning.starts_with(&expected), "{name}: {meaning}");
        }
        for (name, _, words) in drawn {
            for word in words.as_array().into_iter().flatten() {
                let word = word.as_str().unwrap();
                assert!(Options::parse([(name, word)]).is_ok(), "{name}={word}");
            }
        }
    }
}
