//! `jixiao release`: refused attempts whose time is over are written to a file, and then let go of.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context as Sha, SHA256};
use chrono::TimeDelta;
use serde_json::json;

use crate::domain::chain::{Digest, Released};
use crate::http::Context;
use crate::http::file::hexadecimal;
use crate::resources::journal::shown;
use crate::store::Error;
use crate::store::journal::{entry, instant};

type Failure = Box<dyn std::error::Error>;

/// Entries of one file.
const MOST: u64 = 100_000;

/// Runs that are let go of in one transaction.
const CHUNK: usize = 1_000;

/// Lets go of what is older than `keep`, a file at a time; how many entries that were, and the files they are in.
///
/// # Errors
/// A file that cannot be written: then nothing of it is let go of. The database's.
pub async fn run(context: &Context, keep: TimeDelta, directory: &Path) -> Result<Vec<(PathBuf, usize)>, Failure> {
    let before = (context.now)() - keep;
    let mut files = Vec::new();
    loop {
        let old = context.store.view().refused_before(before, 0, MOST).await?;
        let (Some(first), Some(last)) = (old.first(), old.last()) else { return Ok(files) };
        let name = format!("access-{}-{}-{}.ndjson", first.county, first.sequence, last.sequence);
        let (runs, count) = (runs(&old)?, old.len());
        let sha256 = export(&directory.join(&name), old)?;
        // Some at a time: writers wait meanwhile.
        for runs in runs.chunks(CHUNK) {
            let listed: Vec<_> = runs.iter().map(|run| json!([run.first, run.last, run.digest.to_string()])).collect();
            let mut record = json!({ "before": instant(before), "file": name, "runs": listed, "sha256": sha256 });
            record.sort_all_objects();
            let mut write = context.store.begin(context.own_stamp()).await?;
            write.release(runs, record.to_string()).await?;
            write.commit().await?;
        }
        files.push((directory.join(&name), count));
    }
}

/// Entries one behind the other, each run with the digest of its last.
fn runs(entries: &[entry::Model]) -> Result<Vec<Released>, Error> {
    let mut runs: Vec<Released> = Vec::new();
    for entry in entries {
        let digest = entry.digest.as_deref().and_then(Digest::of_bytes);
        let digest = digest.ok_or_else(|| Error::Corrupt(format!("entry {} has no digest", entry.sequence)))?;
        match runs.last_mut().filter(|run| run.last + 1 == entry.sequence) {
            Some(run) => (run.last, run.digest) = (entry.sequence, digest),
            None => runs.push(Released { first: entry.sequence, last: entry.sequence, digest }),
        }
    }
    Ok(runs)
}

/// Writes entries to a new file, an entry a line as `GET /v1/journal` shows it; the digest of the file. It is on the disk
/// when this returns.
fn export(path: &Path, entries: Vec<entry::Model>) -> Result<String, Failure> {
    let mut digest = Sha::new(&SHA256);
    let unfinished = path.with_extension("part");
    let file = File::create(&unfinished).map_err(|error| format!("{}: {error}", unfinished.display()))?;
    let mut file = BufWriter::new(file);
    for entry in entries {
        let line = serde_json::to_string(&shown(entry).map_err(|error| error.to_string())?)? + "\n";
        digest.update(line.as_bytes());
        file.write_all(line.as_bytes())?;
    }
    file.into_inner().map_err(|error| error.to_string())?.sync_all()?;
    std::fs::rename(&unfinished, path)?;
    if let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
        File::open(directory)?.sync_all()?;
    }
    Ok(hexadecimal(digest.finish().as_ref()))
}
