//! `jixiao verify`: whether a receipt is as it was given, and whether the journal is as it was written.

use std::path::Path;

use serde_json::Value;

use crate::config::Config;
use crate::domain::chain::{Digest, Walk};
use crate::http::identity::Keys;
use crate::http::seal;
use crate::store::Store;
use crate::store::journal::instant;

type Failure = Box<dyn std::error::Error>;

/// Entries that are read at once.
const BATCH: u64 = 1000;

fn read(path: &Path) -> Result<Value, Failure> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(serde_json::from_slice(&bytes).map_err(|error| format!("{}: {error}", path.display()))?)
}

/// The public key in a file, or that of the data directory.
fn public_key(config: &Config, key: Option<&Path>, signed_by: &Value) -> Result<Vec<u8>, Failure> {
    let Some(path) = key else { return Ok(Keys::open_existing(&config.data_dir, &config.county)?.public().to_vec()) };
    let key = read(path)?;
    let of_set = key["keys"].as_array().and_then(|keys| keys.iter().find(|one| one["kid"] == *signed_by));
    Ok(seal::key_bytes(of_set.unwrap_or(&key)).ok_or("the key file holds no Ed25519 key of that id")?)
}

/// Whether the part `signed` of a document is signed by a key.
fn is_signed(config: &Config, document: &Value, signed: &str, key: Option<&Path>) -> Result<bool, Failure> {
    let public = public_key(config, key, &document["signature"]["key_id"])?;
    let signature = document["signature"]["value"].as_str().unwrap_or_default();
    Ok(seal::verifies(&public, &document[signed], signature))
}

/// Says whether a receipt is signed by a key.
///
/// # Errors
/// A file that cannot be read.
pub fn receipt(config: &Config, path: &Path, key: Option<&Path>) -> Result<bool, Failure> {
    let upload = read(path)?;
    let id = upload["receipt"]["upload"].as_str().unwrap_or("?");
    let signed = is_signed(config, &upload, "receipt", key)?;
    if signed {
        println!("{id}: 签名有效，回执未被改动（the signature is valid; the receipt is as it was given）");
    } else {
        println!("{id}: 签名无效（the signature is not valid）");
    }
    Ok(signed)
}

/// A head of the journal that was kept elsewhere.
struct Kept {
    sequence: i64,
    digest: String,
}

impl Kept {
    fn of(config: &Config, path: &Path, key: Option<&Path>) -> Result<Self, Failure> {
        let document = read(path)?;
        let head = &document["head"];
        if head["county"] != config.county.to_string() {
            return Err(
                format!("{}: 不是本县流水账的头（not the head of this county's journal）", path.display()).into()
            );
        }
        if !is_signed(config, &document, "head", key)? {
            return Err(format!("{}: 签名无效（the signature is not valid）", path.display()).into());
        }
        let (sequence, digest) = (head["sequence"].as_i64(), head["digest"].as_str());
        let (sequence, digest) = sequence.zip(digest).ok_or("the head has no sequence and digest")?;
        Ok(Self { sequence, digest: digest.to_owned() })
    }
}

/// Walks the chain of the journal and says the first entry that does not fit.
///
/// # Errors
/// A database or a file that cannot be read.
pub async fn journal(config: &Config, head: Option<&Path>, key: Option<&Path>) -> Result<bool, Failure> {
    let kept = head.map(|path| Kept::of(config, path, key)).transpose()?;
    let store = Store::open(&config.database_url, &config.county).await?;
    let snapshot = store.snapshot().await?;
    let view = snapshot.view();
    let (last, digest) = view.journal_head().await?;
    let (mut walk, mut at_kept) = (Walk::default(), None);
    loop {
        let entries = view.journal_after(walk.sequence, BATCH).await?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            let at = instant(entry.at);
            if let Err(broken) = walk.step(&entry.link(&at), entry.digest.as_deref()) {
                let (zh, en) = broken.sentences();
                println!("第 {} 条: {zh}（entry {0}: {en}）", entry.sequence);
                return Ok(false);
            }
            if kept.as_ref().is_some_and(|kept| kept.sequence == walk.sequence) {
                at_kept = Some(walk.digest);
            }
        }
    }
    if (walk.sequence, walk.digest) != (last, digest) {
        println!(
            "第 {last} 条: 流水账的头与最后一条不符，末尾的记录缺失（entry {last}: the head names it, and it is not there）"
        );
        return Ok(false);
    }
    if let Some(kept) = &kept {
        let fits = at_kept.as_ref().map(Digest::to_string).as_ref() == Some(&kept.digest);
        if !fits {
            let sequence = kept.sequence;
            println!(
                "第 {sequence} 条: 与另存的头不符（entry {sequence}: it is not what the head that was kept says）"
            );
            return Ok(false);
        }
    }
    println!("{} 条，环环相扣，头为 {}（{0} entries, every one fits）", walk.sequence, walk.digest);
    if walk.unsealed > 0 {
        println!("其中前 {} 条早于摘要链（the first {0} are older than the chain）", walk.unsealed);
    }
    Ok(true)
}
