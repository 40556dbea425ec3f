use super::*;
use proptest::prelude::*;

fn read(line: &str) -> Result<(String, f64, Option<&str>), String> {
    let sample = Sample::read(line).map_err(|reason| reason.to_string())?;
    let sample = sample.ok_or("nothing")?;
    let name = sample.name(None, Names::default());
    let name = name.map_err(|reason| reason.to_string())?;
    let (value, time) = sample
        .value_and_time()
        .map_err(|reason| reason.to_string())?;
    Ok((name.as_str().to_owned(), value, time))
}

#[test]
fn names_stand_before_the_braces_or_in_them() {
    for line in [
        "up{job=\"x\"} 1 2",
        "\tup { job = \"x\" , } 1\t2 \r",
        "{__name__=\"up\",job=\"x\"} 1 2 # {trace_id=\"y\"} 3 4",
        "{\"up\",\"job\"=\"x\"} 1 2",
    ] {
        let sample = ("up;job=x".to_owned(), 1.0, Some("2"));
        assert_eq!(read(line), Ok(sample), "{line}");
    }
    assert_eq!(read("a.b 1"), Ok(("a.b".to_owned(), 1.0, None)));
    for line in ["", " \r", "# EOF"] {
        assert_eq!(read(line), Err("nothing".to_owned()), "{line}");
    }
}

#[test]
fn plain_names_are_told_from_others() {
    let is_plain = |line: &str| Sample::read(line).unwrap().unwrap().has_plain_names();
    assert!(is_plain("node:up_total{le=\"+Inf\",a_1=\"x y\"} 1"));
    for line in [
        "a.b 1",
        "{\"a b\"} 1",
        "a{b-c=\"d\"} 1",
        "a{\"b c\"=\"d\"} 1",
    ] {
        assert!(!is_plain(line), "{line}");
    }
}

#[test]
fn a_label_is_added_where_there_is_none_of_its_name() {
    let name = |line: &str| {
        let sample = Sample::read(line).unwrap().unwrap();
        let name = sample.name(Some(("instance", "web1")), Names::default());
        name.unwrap().as_str().to_owned()
    };
    assert_eq!(name("a 1"), "a;instance=web1");
    assert_eq!(name("a{b=\"c\"} 1"), "a;b=c;instance=web1");
    assert_eq!(name("a{instance=\"x\"} 1"), "a;instance=x");
    // A label without a value is none, and is not another one's.
    assert_eq!(name("a{instance=\"\"} 1"), "a");
}

#[test]
fn labels_have_a_bound() {
    let labels = |count: usize| {
        let labels: Vec<_> = (0..count).map(|at| format!("l{at}=\"\"")).collect();
        format!("a{{{}}} 1", labels.join(","))
    };
    assert!(read(&labels(LABELS_MAX)).is_ok());
    let error = read(&labels(LABELS_MAX + 1)).unwrap_err();
    assert_eq!(error, "the line has too many labels");
}

proptest! {
    #[test]
    fn any_line_is_read_or_refused(line in "[a1{}=\",\\\\ #n01é\t]{0,40}") {
        let _ = read(&line);
    }
}
