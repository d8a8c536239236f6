//! The worked example of the documentation, run request by request.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Reply, on_both};

/// The fenced blocks of a page: their language and their text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut parts = page.split("```").skip(1);
    let mut blocks = Vec::new();
    while let (Some(block), _) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        blocks.push((language.to_owned(), text.to_owned()));
    }
    blocks
}

/// Whether an answer holds what is shown: more fields may be there, items are as many and in this order.
fn holds(shown: &Value, answered: &Value) -> bool {
    match (shown, answered) {
        (Value::Object(shown), Value::Object(answered)) => {
            shown.iter().all(|(key, one)| answered.get(key).is_some_and(|other| holds(one, other)))
        }
        (Value::Array(shown), Value::Array(answered)) => {
            shown.len() == answered.len() && shown.iter().zip(answered).all(|(one, other)| holds(one, other))
        }
        (one, other) => one == other,
    }
}

on_both! {
    async fn the_worked_example_of_a_scheme_works(service: Service) {
        let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schemes.md")).unwrap();
        let (mut last, mut asked, mut compared): (Option<Reply>, usize, usize) = (None, 0, 0);
        let all = blocks(&page);
        for (place, (language, text)) in all.iter().enumerate() {
            if language == "json" {
                let (shown, reply) = (serde_json::from_str::<Value>(text).unwrap(), last.as_ref().unwrap());
                assert!(holds(&shown, &reply.body), "{shown:#}\n\nis not in\n\n{:#}", reply.body);
                compared += 1;
                continue;
            }
            let (request, body) = text.split_once('\n').unwrap();
            let (method, path) = request.split_once(' ').unwrap();
            let body = (!body.trim().is_empty()).then(|| body.as_bytes().to_vec());
            let reply = service.admin().send(Method::from_bytes(method.as_bytes()).unwrap(), path, body).await;
            let is_compared = all.get(place + 1).is_some_and(|(language, _)| language == "json");
            assert!(reply.status < 300 || is_compared, "{request}: {:#}", reply.body);
            (last, asked) = (Some(reply), asked + 1);
        }
        assert_eq!((asked, compared), (19, 3));
    }
}
