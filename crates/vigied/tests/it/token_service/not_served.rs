//! What the original's token service has and this one cannot have: each is refused by its name, never taken as if it held.

use super::{APIKEY, ask, by_key, by_password, refusal};
use crate::harness::{Reply, Server};

const IAM_AUTHZ: &str = "urn:ibm:params:oauth:grant-type:iam-authz";

fn error_message(reply: &Reply) -> String {
    reply.json()["errorMessage"].as_str().unwrap().to_owned()
}

#[test]
fn grants_that_nothing_here_could_mean_are_refused_with_the_reason() {
    let server = Server::start();
    for (grant, field, expected) in [
        ("identity-cookie", ("cookie", "x"), "no console"),
        ("derive", ("access_token", "x"), "`response_type=uaa`"),
        ("unheard-of", ("a", "b"), "unheard-of` is not supported"),
    ] {
        let grant = format!("urn:ibm:params:oauth:grant-type:{grant}");
        let form = [("grant_type", grant.as_str()), field];
        let reply = ask(&server).basic("bx", "bx").form(&form).send();
        assert_eq!(refusal(&reply), (400, "BXNIM0106E".to_owned()), "{grant}");
        let message = error_message(&reply);
        assert!(
            message.contains("grant_type") && message.contains(expected),
            "{message}"
        );
    }
}

/// Who sends one believes that it is checked.
#[test]
fn a_second_proof_is_refused_with_its_field() {
    let server = Server::start();
    for field in [
        "security_question_id",
        "security_question_answer",
        "security_code",
        "vendor",
        "authentication_token",
    ] {
        let mut by_key = by_key(&server).to_vec();
        by_key.push((field, "1"));
        let mut by_password = by_password(&server).to_vec();
        by_password.push((field, "1"));
        for form in [by_key, by_password] {
            let reply = ask(&server).basic("bx", "bx").form(&form).send();
            let expected = (400, "BXNIM0106E".to_owned());
            assert_eq!(refusal(&reply), expected, "{field}");
            assert!(error_message(&reply).contains(field), "{}", reply.text());
        }
        // A field that is there and says nothing is none.
        let mut empty = self::by_key(&server).to_vec();
        empty.push((field, ""));
        let reply = ask(&server).form(&empty).send();
        assert_eq!(reply.status, 200, "{field}: {}", reply.text());
    }
}

/// At the other two places that take a password it was passed over.
#[test]
fn a_second_proof_is_refused_wherever_a_password_is_taken() {
    let server = Server::start();
    let owner = &server.owner;
    let uaa = [
        ("grant_type", "password"),
        ("username", owner.user.as_str()),
        ("password", owner.password.as_str()),
    ];
    let login = [
        ("user", owner.user.as_str()),
        ("passwd", owner.password.as_str()),
    ];
    for field in ["security_code", "vendor", "authentication_token"] {
        for (path, form) in [("/oauth/token", &uaa[..]), ("/login", &login[..])] {
            let send = |value: &str| {
                let mut form = form.to_vec();
                form.push((field, value));
                let request = match path {
                    "/login" => server.request("POST", path),
                    _ => server.request("POST", path).basic("cf", ""),
                };
                request.form(&form).send()
            };
            let reply = send("1");
            assert_eq!(reply.status, 400, "{path}: {}", reply.text());
            let message = reply.text();
            assert!(
                message.contains(field) && message.contains("no second factor"),
                "{message}"
            );
            assert_eq!(send("").status, 200, "{path}");
        }
    }
}

#[test]
fn nobody_acts_as_a_crn_that_is_not_theirs() {
    let server = Server::start();
    let token = server.token();
    let crn = "crn-crn:v1:bluemix:public:monitoring:us-south:a/1:2::";
    let asked = |fields: &[(&str, &str)]| {
        let mut form = vec![("grant_type", IAM_AUTHZ)];
        form.extend(fields);
        let reply = ask(&server).form(&form).send();
        (refusal(&reply), error_message(&reply))
    };
    let (found, message) = asked(&[("access_token", &token), ("desired_iam_id", crn)]);
    assert_eq!(found, (403, "BXNIM0513E".to_owned()), "{message}");
    let long = "x".repeat(256);
    for (fields, expected) in [
        (vec![("desired_iam_id", crn)], "BXNIM0109E"),
        (vec![("access_token", token.as_str())], "BXNIM0109E"),
        (
            vec![("access_token", &*token), ("desired_iam_id", &crn[4..])],
            "BXNIM0113E",
        ),
        (
            vec![
                ("access_token", &*token),
                ("desired_iam_id", "crn-crn:v1:x"),
            ],
            "BXNIM0113E",
        ),
        (
            vec![("access_token", &*token), ("desired_iam_id", "IBMid-1")],
            "BXNIM0113E",
        ),
        (
            vec![("access_token", &*token), ("desired_iam_id", &*long)],
            "BXNIM0106E",
        ),
        (
            vec![("access_token", "x"), ("desired_iam_id", crn)],
            "BXNIM0106E",
        ),
        (
            vec![
                ("access_token", &*server.owner.api_key),
                ("desired_iam_id", crn),
            ],
            "BXNIM0106E",
        ),
    ] {
        let (found, message) = asked(&fields);
        assert_eq!(found, (400, expected.to_owned()), "{message}");
    }
}

/// A wrong token is a guess like a wrong key, and a right key is taken all the same.
#[test]
fn who_guesses_tokens_there_is_slowed() {
    let server = Server::with(&["--set", "limits.guesses_per_source=3"]);
    let crn = "crn-crn:v1:bluemix:public:monitoring:us-south:a/1:2::";
    let form = [
        ("grant_type", IAM_AUTHZ),
        ("access_token", "x"),
        ("desired_iam_id", crn),
    ];
    // One more may be tried each time that some seconds have passed.
    let slowed = (0..1000)
        .map(|_| ask(&server).form(&form).send())
        .find(|reply| reply.status == 429);
    let slowed = slowed.expect("nobody was slowed");
    assert_eq!(refusal(&slowed), (429, "BXNIM0106E".to_owned()));
    assert!(slowed.text().contains("guesses_per_source"));
    assert!(slowed.header("retry-after").is_some());
    let key = [("grant_type", APIKEY), ("apikey", &*server.owner.api_key)];
    assert_eq!(ask(&server).form(&key).send().status, 200);
}
