mod decoded;
pub(crate) mod reader;

use super::*;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

const VALUES: &[f64] = &[1.0, f64::NAN, 0.1, f64::NEG_INFINITY];

fn with_column<T>(points: &[f64], use_it: impl FnOnce(&Column<'_>) -> T) -> T {
    let tags = BTreeMap::from([
        ("name".to_owned(), "a".to_owned()),
        ("host".to_owned(), "\"x\"".to_owned()),
    ]);
    use_it(&Column {
        name: "f(a,\"b\")",
        is_unnamed: false,
        tags: &tags,
        path_expression: "a.*",
        start: 1_700_000_000,
        end: 1_700_000_000 + 60 * points.len() as i64,
        step: 60,
        values_per_point: 1,
        consolidation: "average",
        x_files_factor: 0.5,
        points,
        is_whole: false,
    })
}

fn text(write: impl FnOnce(&mut Vec<u8>, &Column<'_>)) -> String {
    let mut out = Vec::new();
    with_column(VALUES, |column| write(&mut out, column));
    String::from_utf8(out).unwrap()
}

#[test]
fn texts_are_what_graphite_web_writes() {
    assert_eq!(
        text(|out, column| {
            let Ok(_) = render_json::write(out, column, false, true);
        }),
        ",{\"target\":\"f(a,\\\"b\\\")\",\"tags\":{\"host\":\"\\\"x\\\"\",\"name\":\"a\"},\"datapoints\":\
         [[1,1700000000],[null,1700000060],[0.1,1700000120],[-1e9999,1700000180]]}"
    );
    assert_eq!(
        text(|out, column| {
            let Ok(()) = rickshaw::write(out, column, true);
        }),
        "{\"target\":\"f(a,\\\"b\\\")\",\"datapoints\":[{\"x\":1700000000,\"y\":1},{\"x\":1700000060,\"y\":null},\
         {\"x\":1700000120,\"y\":0.1},{\"x\":1700000180,\"y\":-1e9999}]}"
    );
    assert_eq!(
        text(|out, column| {
            let short = Column {
                points: &[7.0],
                ..*column
            };
            let Ok(()) = dygraph::write(out, &[*column, short]);
        }),
        "{\"labels\":[\"Time\",\"f(a,\\\"b\\\")\",\"f(a,\\\"b\\\")\"],\"data\":[[1700000000000,1,7],\
         [1700000060000,null,null],[1700000120000,0.1,null],[1700000180000,-Infinity,null]]}"
    );
    assert_eq!(
        text(|out, column| {
            let Ok(()) = raw::write(out, column);
        }),
        "f(a,\"b\"),1700000000,1700000240,60|1.0,None,0.1,-inf\n"
    );
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    assert_eq!(
        text(|out, column| {
            let Ok(()) = csv::write(out, column, &zone);
        }),
        "\"f(a,\"\"b\"\")\",2023-11-14 23:13:20,1.0\r\n\"f(a,\"\"b\"\")\",2023-11-14 23:14:20,\r\n\
         \"f(a,\"\"b\"\")\",2023-11-14 23:15:20,0.1\r\n\"f(a,\"\"b\"\")\",2023-11-14 23:16:20,-inf\r\n"
    );
}

#[test]
fn what_nobody_named_has_no_name() {
    let unnamed = |write: &dyn Fn(&mut Vec<u8>, &Column<'_>)| {
        text(|out, column| {
            let nameless = Column {
                is_unnamed: true,
                name: "None",
                ..*column
            };
            write(out, &nameless);
        })
    };
    let written = unnamed(&|out, column| {
        let Ok(()) = rickshaw::write(out, column, true);
    });
    assert!(written.starts_with("{\"target\":null,"), "{written}");
    let written = unnamed(&|out, column| {
        let Ok(()) = dygraph::write(out, &[*column]);
    });
    assert!(
        written.starts_with("{\"labels\":[\"Time\",null],"),
        "{written}"
    );
    let written = unnamed(&|out, column| {
        let Ok(()) = csv::write(out, column, &TimeZone::UTC);
    });
    assert!(
        written.starts_with(",2023-11-14 22:13:20,1.0\r\n"),
        "{written}"
    );
    let written = unnamed(&|out, column| {
        let Ok(()) = raw::write(out, column);
    });
    assert!(written.starts_with("None,1700000000,"), "{written}");
}

#[test]
fn counts_have_no_point_in_texts() {
    let whole = |write: &dyn Fn(&mut Vec<u8>, &Column<'_>)| {
        text(|out, column| {
            let points = &[3.0, f64::NAN, -2.0, 0.5, 1e300];
            let counts = Column {
                points,
                is_whole: true,
                ..*column
            };
            write(out, &counts);
        })
    };
    let written = whole(&|out, column| {
        let Ok(()) = raw::write(out, column);
    });
    assert!(written.ends_with("|3,None,-2,0.5,1e+300\n"), "{written}");
    let written = whole(&|out, column| {
        let Ok(()) = csv::write(out, column, &TimeZone::UTC);
    });
    assert!(
        written.contains("22:13:20,3\r\n") && written.contains("22:15:20,-2\r\n"),
        "{written}"
    );
}

#[test]
fn a_series_of_nulls_alone_is_left_out_where_nulls_are() {
    let mut out = Vec::new();
    with_column(&[f64::NAN, f64::NAN], |column| {
        let Ok(is_written) = render_json::write(&mut out, column, true, false);
        assert!(!is_written && out.is_empty());
    });
    let written = text(|out, column| {
        let Ok(_) = render_json::write(out, column, true, false);
    });
    assert!(
        written.contains("[1,1700000000],[0.1,1700000120]"),
        "{written}"
    );
}

#[test]
fn points_that_stand_for_several_values_are_as_far_apart() {
    let mut out = Vec::new();
    with_column(&[1.0, 2.0], |column| {
        let coarse = Column {
            values_per_point: 2,
            end: column.start + 240,
            ..*column
        };
        let Ok(_) = render_json::write(&mut out, &coarse, true, true);
    });
    let written = String::from_utf8(out).unwrap();
    assert!(
        written.contains("[[1,1700000000],[2,1700000120]]"),
        "{written}"
    );
}

/// Python and a MessagePack reader of their own see the same; here, that the frames are whole.
#[test]
fn binary_forms_have_a_beginning_and_an_end() {
    with_column(VALUES, |column| {
        let mut out = Vec::new();
        pickle::begin(&mut out);
        let Ok(()) = pickle::write(&mut out, column);
        pickle::end(&mut out);
        assert!(out.starts_with(b"\x80\x02](}(X\x04\x00\x00\x00name") && out.ends_with(b"eue."));
        let mut out = Vec::new();
        msgpack::begin(&mut out, 1);
        let Ok(()) = msgpack::write(&mut out, column);
        assert!(out.starts_with(b"\xdd\x00\x00\x00\x01\x89\xdb\x00\x00\x00\x04name"));
        assert!(out.ends_with(&f64::NEG_INFINITY.to_be_bytes()));
    });
}
