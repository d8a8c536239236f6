//! `jixiao verify`: whether a receipt is as it was given, and whether the journal is as it was written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::config::Config;
use crate::domain::chain::{Break, Digest, Link, Released, Walk};
use crate::domain::entry::Operation;
use crate::http::keys::Keys;
use crate::http::seal;
use crate::store::Store;
use crate::store::journal::{ACCESS, entry, instant};

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

/// An entry in a file of those that were let go of.
#[derive(serde::Deserialize)]
struct Exported {
    county: String,
    sequence: i64,
    at: String,
    actor: String,
    role: String,
    token: Option<String>,
    address: Option<String>,
    request_id: String,
    upload: Option<String>,
    operation: String,
    resource: String,
    unit: Option<String>,
    id: String,
    became: Option<Box<RawValue>>,
    digest: String,
}

impl Exported {
    fn link(&self) -> Link<'_> {
        Link {
            county: &self.county,
            sequence: self.sequence,
            at: &self.at,
            actor: &self.actor,
            role: &self.role,
            token: self.token.as_deref(),
            address: self.address.as_deref(),
            request_id: &self.request_id,
            upload: self.upload.as_deref(),
            operation: &self.operation,
            resource: &self.resource,
            unit: self.unit.as_deref(),
            id: &self.id,
            became: self.became.as_deref().map(RawValue::get),
        }
    }
}

/// A run of entries as the chain tells of it: the first, the last, and its digest.
type Run = (i64, i64, String);

/// What was let go of, by the number of its first entry; and those of its entries that are in files.
struct Gone {
    runs: BTreeMap<i64, Released>,
    files: BTreeMap<i64, Exported>,
    /// Runs that were passed by, and runs that entries of the chain say were let go of.
    passed: BTreeSet<Run>,
    recorded: BTreeSet<Run>,
    /// How many of its entries no file has.
    unseen: i64,
}

impl Gone {
    fn of(runs: Vec<Released>, files: &[PathBuf]) -> Result<Self, Failure> {
        let mut exported = BTreeMap::new();
        for path in files {
            let broken = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
            let text = std::fs::read_to_string(path).map_err(|error| broken(&error))?;
            for line in text.lines() {
                let entry: Exported = serde_json::from_str(line).map_err(|error| broken(&error))?;
                exported.insert(entry.sequence, entry);
            }
        }
        let runs = runs.into_iter().map(|run| (run.first, run)).collect();
        Ok(Self { runs, files: exported, passed: BTreeSet::new(), recorded: BTreeSet::new(), unseen: 0 })
    }

    /// Goes on over what was let go of, as far as the next entry that is there: entry by entry as far as a file has them.
    /// Tells `seen` where the walk stands on the way.
    fn bridge(&mut self, walk: &mut Walk, next: i64, seen: &mut impl FnMut(&Walk)) -> Result<(), (i64, Break)> {
        while walk.sequence + 1 < next
            && let Some(run) = self.runs.get(&(walk.sequence + 1)).copied()
        {
            // An entry that is there was not let go of.
            if run.last >= next {
                return Err((next, Break::Changed));
            }
            self.passed.insert((run.first, run.last, run.digest.to_string()));
            let mut along = walk.clone();
            for entry in (run.first..=run.last).map_while(|number| self.files.get(&number)) {
                if entry.operation != Operation::Refused.code() {
                    return Err((entry.sequence, Break::Missing));
                }
                let digest: Digest = entry.digest.parse().map_err(|_| (entry.sequence, Break::Unsealed))?;
                along.step(&entry.link(), Some(digest.bytes())).map_err(|broken| (entry.sequence, broken))?;
                seen(&along);
            }
            if along.sequence == run.last && along.digest != run.digest {
                return Err((run.last, Break::Changed));
            }
            self.unseen += run.last - along.sequence;
            walk.pass(&run).map_err(|broken| (run.first, broken))?;
            seen(walk);
        }
        Ok(())
    }

    /// Notes what an entry says was let go of.
    fn note(&mut self, entry: &entry::Model) {
        let record: Value =
            entry.became.as_deref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
        for run in record["runs"].as_array().into_iter().flatten() {
            if let (Some(first), Some(last), Some(digest)) = (run[0].as_i64(), run[1].as_i64(), run[2].as_str())
                && last < entry.sequence
            {
                self.recorded.insert((first, last, digest.to_owned()));
            }
        }
    }

    /// The first run that is gone though nothing says that it was let go of.
    fn unrecorded(&self) -> Option<i64> {
        self.passed.difference(&self.recorded).next().map(|(first, ..)| *first)
    }
}

fn does_not_fit(number: i64, (zh, en): (&str, &str)) -> bool {
    println!("第 {number} 条: {zh}（entry {number}: {en}）");
    false
}

/// Walks the chain of the journal and says the first entry that does not fit.
///
/// # Errors
/// A database or a file that cannot be read.
pub async fn journal(
    config: &Config,
    head: Option<&Path>,
    key: Option<&Path>,
    released: &[PathBuf],
) -> Result<bool, Failure> {
    let kept = head.map(|path| Kept::of(config, path, key)).transpose()?;
    let store = Store::open(&config.database_url, &config.county).await?;
    let snapshot = store.snapshot().await?;
    let view = snapshot.view();
    let (last, digest) = view.journal_head().await?;
    let mut gone = Gone::of(view.released().await?, released)?;
    let (mut walk, mut at_kept) = (Walk::default(), None);
    let mut seen = |walk: &Walk| {
        if kept.as_ref().is_some_and(|kept| kept.sequence == walk.sequence) {
            at_kept = Some(walk.digest);
        }
    };
    loop {
        let entries = view.journal_after(walk.sequence, BATCH).await?;
        let next = entries.first().map_or(i64::MAX, |entry| entry.sequence);
        if let Err((number, broken)) = gone.bridge(&mut walk, next, &mut seen) {
            return Ok(does_not_fit(number, broken.sentences()));
        }
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            if let Err((number, broken)) = gone.bridge(&mut walk, entry.sequence, &mut seen) {
                return Ok(does_not_fit(number, broken.sentences()));
            }
            let at = instant(entry.at);
            if let Err(broken) = walk.step(&entry.link(&at), entry.digest.as_deref()) {
                return Ok(does_not_fit(entry.sequence, broken.sentences()));
            }
            if entry.operation == Operation::Released.code() && entry.resource == ACCESS {
                gone.note(entry);
            }
            seen(&walk);
        }
    }
    if (walk.sequence, walk.digest) != (last, digest) {
        let why = ("流水账的头与最后一条不符，末尾的记录缺失", "the head names it, and it is not there");
        return Ok(does_not_fit(last, why));
    }
    if let Some(number) = gone.unrecorded() {
        let why = ("记录已移出，但流水账中没有移出的记载", "it is gone, and no entry says that it was let go of");
        return Ok(does_not_fit(number, why));
    }
    if let Some(kept) = &kept
        && at_kept.as_ref().map(Digest::to_string).as_ref() != Some(&kept.digest)
    {
        let changed = ("与另存的头不符", "it is not what the head that was kept says");
        let released = ("已移出流水账，请用 --released 给出文件", "it was let go of: name its file with --released");
        let is_released = at_kept.is_none() && kept.sequence <= walk.sequence;
        return Ok(does_not_fit(kept.sequence, if is_released { released } else { changed }));
    }
    if kept.is_some() && gone.unseen > 0 {
        let count = gone.unseen;
        println!(
            "{count} 条已移出，需用 --released 给出其文件才能证明（{count} entries were let go of: name their files with --released to prove that nothing else was）"
        );
        return Ok(false);
    }
    println!("{} 条，环环相扣，头为 {}（{0} entries, every one fits）", walk.sequence, walk.digest);
    if gone.unseen > 0 {
        println!(
            "其中 {} 条已移出，未核对其文件（{0} of them were let go of, and their files are not named with --released）",
            gone.unseen
        );
    }
    if walk.unsealed > 0 {
        println!("其中前 {} 条早于摘要链（the first {0} are older than the chain）", walk.unsealed);
    }
    Ok(true)
}
