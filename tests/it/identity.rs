//! Tokens: what is not exactly right is refused.

use jixiao::http::Context;
use jixiao::http::identity::Role;
use jixiao::http::keys::{Claims, Keys};
use serde_json::json;

use crate::harness::{Kind, Service};

fn claims() -> Claims {
    let now = Context::system_clock().timestamp();
    Claims {
        sub: "tester".into(),
        iss: "jixiao:430922".into(),
        aud: "jixiao".into(),
        iat: now,
        exp: now + 60,
        jti: "1".into(),
        role: "reader".into(),
        unit: None,
        region: None,
    }
}

#[actix_web::test]
async fn issuer_audience_and_expiry_are_checked() {
    let service = Service::start(Kind::Sqlite).await.unwrap();
    let right = claims();
    service.caller_claiming(&right).get("/v1/units").await.expect(200);
    for (what, wrong) in [
        ("another county", Claims { iss: "jixiao:430923".into(), ..right.clone() }),
        ("another audience", Claims { aud: "platform".into(), ..right.clone() }),
        ("expired", Claims { exp: right.iat - 60, ..right.clone() }),
        ("no such role", Claims { role: "king".into(), ..right.clone() }),
        ("no such unit", Claims { unit: Some("a b".into()), ..right.clone() }),
        ("a region that is not asked here", Claims { region: Some("44".into()), ..right.clone() }),
        ("no such region", Claims { region: Some("x".into()), ..right.clone() }),
        (
            "a region, and more than reading",
            Claims { region: Some("43".into()), role: "admin".into(), ..right.clone() },
        ),
        (
            "a region, and less than a county",
            Claims { region: Some("43".into()), unit: Some("u".into()), ..right.clone() },
        ),
    ] {
        let reply = service.caller_claiming(&wrong).get("/v1/units").await;
        assert_eq!(reply.status, 401, "{what}");
    }
}

#[actix_web::test]
async fn only_our_key_and_our_algorithm_count() {
    let service = Service::start(Kind::Sqlite).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = Keys::open(elsewhere.path(), &"430922".parse().unwrap()).unwrap();
    service.caller_with(&stranger.sign(&claims()).unwrap()).get("/v1/units").await.expect(401);

    let ours = service.context.keys.sign(&claims()).unwrap();
    let parts: Vec<_> = ours.split('.').collect();
    // `{"alg":"none"}`, with and without a signature, and a body that was changed.
    for forged in [
        format!("eyJhbGciOiJub25lIn0.{}.", parts[1]),
        format!("eyJhbGciOiJub25lIn0.{}.{}", parts[1], parts[2]),
        format!("{}.{}x.{}", parts[0], parts[1], parts[2]),
        "x".into(),
        String::new(),
    ] {
        service.caller_with(&forged).get("/v1/units").await.expect(401);
    }
}

#[actix_web::test]
async fn a_shared_secret_made_of_the_public_key_does_not_count() {
    use jsonwebtoken::{EncodingKey, Header};
    let service = Service::start(Kind::Sqlite).await.unwrap();
    let key = EncodingKey::from_secret(b"anything");
    let token = jsonwebtoken::encode(&Header::default(), &claims(), &key).unwrap();
    service.caller_with(&token).get("/v1/units").await.expect(401);
}

#[actix_web::test]
async fn strangers_learn_nothing_from_a_broken_body() {
    let service = Service::start(Kind::Sqlite).await.unwrap();
    let put = async |caller: crate::harness::Caller<'_>| {
        caller.send(reqwest::Method::PUT, "/v1/units/x", Some(b"{".to_vec())).await.status
    };
    assert_eq!(put(service.nobody()).await, 401);
    assert_eq!(put(service.caller(Role::Reader)).await, 403);
    assert_eq!(put(service.caller(Role::Admin)).await, 400);
}

#[cfg(unix)]
#[test]
fn the_key_is_readable_by_its_owner_only_and_kept() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let county = "430922".parse().unwrap();
    let first = Keys::open(directory.path(), &county).unwrap();
    let file = directory.path().join("signing-key.der");
    let bytes = std::fs::read(&file).unwrap();

    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    Keys::open(directory.path(), &county).unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), bytes, "a second start keeps the key");
    assert!(!format!("{first:?}").contains("signing"), "keys are not printed");
}

#[actix_web::test]
async fn the_documentation_and_health_need_no_token() {
    let service = Service::start(Kind::Sqlite).await.unwrap();
    for (path, status) in
        [("/openapi.json", 200), ("/docs/", 200), ("/livez", 204), ("/readyz", 200), ("/metrics", 200)]
    {
        service.nobody().get(path).await.expect(status);
    }
    assert_eq!(
        service.nobody().get("/v1/units").await.expect(401).body["detail"],
        json!("请在 Authorization 头中提供 Bearer 令牌")
    );
}
