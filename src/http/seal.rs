//! Signatures that can be verified without the service: Ed25519 over the canonical form of JSON (RFC 8785).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::keys::Keys;
use crate::domain::upload::item::Signature;

/// The only algorithm there is.
const ALGORITHM: &str = "Ed25519";

/// The public key as a JSON Web Key (RFC 8037), by which anybody can verify what is signed.
pub fn public_key(keys: &Keys) -> Value {
    let mut key = bare_key(keys);
    key["kid"] = json!(thumbprint(keys));
    key["use"] = json!("sig");
    key["alg"] = json!("EdDSA");
    key
}

fn bare_key(keys: &Keys) -> Value {
    json!({ "crv": ALGORITHM, "kty": "OKP", "x": URL_SAFE_NO_PAD.encode(keys.public()) })
}

/// The thumbprint of the key (RFC 7638): its members in order, digested.
fn thumbprint(keys: &Keys) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, bare_key(keys).to_string().as_bytes()).as_ref())
}

fn canonical(document: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json_canonicalizer::to_vec(document).map_err(|error| ApiError::internal(error.to_string()))
}

/// Signs a document.
///
/// # Errors
/// It has no canonical form.
pub fn sign(keys: &Keys, document: &impl Serialize) -> Result<Signature, ApiError> {
    let value = URL_SAFE_NO_PAD.encode(keys.seal(&canonical(document)?));
    Ok(Signature { algorithm: ALGORITHM.into(), key_id: thumbprint(keys), value })
}

/// Whether a signature is that of a document by the key with these 32 bytes.
pub fn verifies(public: &[u8], document: &Value, signature: &str) -> bool {
    let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
    let Ok(canonical) = canonical(document) else { return false };
    UnparsedPublicKey::new(&ED25519, public).verify(&canonical, &signature).is_ok()
}

/// The 32 bytes of a JSON Web Key, if it is one of this kind.
pub fn key_bytes(key: &Value) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(key["x"].as_str().filter(|_| key["crv"] == ALGORITHM)?).ok()
}
