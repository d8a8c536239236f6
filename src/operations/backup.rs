//! Keeping a copy of an embedded database while it is written to, and putting it back. A PostgreSQL database is kept with
//! its own tools (`pg_dump`, `pg_restore`, base backups): `docs/operations.md`.
//!
//! A backup is a directory that only its owner reads: the database as it was at one moment, and the key that receipts,
//! journal heads and tokens are signed with, without which nobody could verify them. It is there whole or not at all.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::http::keys::KEY_FILE;
use crate::store::copy;

/// The database in a backup.
const DATABASE: &str = "jixiao.db";

/// Why there is no backup, or nothing was put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// It is no embedded database.
    #[error("a PostgreSQL database is kept with pg_dump: see docs/operations.md (PostgreSQL 数据库请用 pg_dump 备份)")]
    NotEmbedded,
    /// There is something already.
    #[error("{} is there already; nothing is overwritten (已存在，不覆盖)", .0.display())]
    There(PathBuf),
    /// It is damaged.
    #[error("{} is damaged: {what} (文件已损坏)", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        error: std::io::Error,
    },
}

fn file<T>(path: &Path, done: std::io::Result<T>) -> Result<T, BackupError> {
    done.map_err(|error| BackupError::File { file: path.to_owned(), error })
}

fn must_not_be_there(path: &Path) -> Result<(), BackupError> {
    if path.exists() { Err(BackupError::There(path.to_owned())) } else { Ok(()) }
}

/// The same path with an ending more.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Copies a file to where none is, for its owner alone, and waits until it is on the disk.
fn copy_file(from: &Path, to: &Path) -> Result<(), BackupError> {
    let part = beside(to, ".part");
    file(from, fs::copy(from, &part))?;
    file(&part, fs::set_permissions(&part, fs::Permissions::from_mode(0o600)))?;
    file(&part, File::open(&part).and_then(|done| done.sync_all()))?;
    must_not_be_there(to)?;
    file(to, fs::rename(&part, to))
}

/// Waits until what was made in a directory is on the disk.
fn settle(directory: &Path) -> Result<(), BackupError> {
    file(directory, File::open(directory).and_then(|done| done.sync_all()))
}

/// Copies database and key into a new directory; writers go on meanwhile. Answers where the database is.
///
/// # Errors
/// [`BackupError`].
pub async fn keep(config: &Config, directory: &Path) -> Result<PathBuf, BackupError> {
    let (database, key) = places(config)?;
    for needed in [&database, &key] {
        file(needed, fs::metadata(needed))?;
    }
    must_not_be_there(directory)?;
    let part = beside(directory, ".part");
    file(&part, fs::DirBuilder::new().recursive(true).mode(0o700).create(&part))?;
    let made = fill(&database, &key, &part).await;
    let made = made.and_then(|()| file(directory, fs::rename(&part, directory)));
    if made.is_err() {
        // Half a backup is none; what cannot be removed does not matter then.
        let _ = fs::remove_dir_all(&part);
    }
    made.map(|()| directory.join(DATABASE))
}

/// Puts the two files of a backup into a directory.
async fn fill(database: &Path, key: &Path, directory: &Path) -> Result<(), BackupError> {
    let copied = directory.join(DATABASE);
    copy::copy(database, &copied).await.map_err(|error| damaged(database, &error))?;
    file(&copied, File::open(&copied).and_then(|done| done.sync_all()))?;
    copy_file(key, &directory.join(KEY_FILE))?;
    sound(&copied).await?;
    settle(directory)
}

/// Puts a backup back where nothing is; answers where the database is.
///
/// # Errors
/// [`BackupError`].
pub async fn put_back(config: &Config, directory: &Path) -> Result<PathBuf, BackupError> {
    let (database, key) = places(config)?;
    // What was not merged into the old database yet would be merged into the new one.
    for left in ["", "-wal", "-shm", "-journal"] {
        must_not_be_there(&beside(&database, left))?;
    }
    let (kept, kept_key) = (directory.join(DATABASE), directory.join(KEY_FILE));
    // The same key may be there already: only the database was lost, or this is done once more.
    let same = file(&kept_key, fs::read(&kept_key))?;
    let has_key = fs::read(&key).is_ok_and(|there| there == same);
    if !has_key {
        must_not_be_there(&key)?;
    }
    sound(&kept).await?;
    for place in [&database, &key] {
        let directory = place.parent().unwrap_or(Path::new("."));
        file(directory, fs::create_dir_all(directory))?;
    }
    if !has_key {
        copy_file(&kept_key, &key)?;
    }
    copy_file(&kept, &database)?;
    settle(database.parent().unwrap_or(Path::new(".")))?;
    Ok(database)
}

/// Where the embedded database and the key are.
fn places(config: &Config) -> Result<(PathBuf, PathBuf), BackupError> {
    Ok((config.embedded_database().ok_or(BackupError::NotEmbedded)?, config.data_dir.join(KEY_FILE)))
}

/// Refuses a database that is damaged, or none.
async fn sound(database: &Path) -> Result<(), BackupError> {
    file(database, fs::metadata(database))?;
    match copy::damage(database).await {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(BackupError::Damaged { file: database.to_owned(), what }),
        Err(error) => Err(damaged(database, &error)),
    }
}

fn damaged(database: &Path, error: &crate::store::Error) -> BackupError {
    BackupError::Damaged { file: database.to_owned(), what: error.to_string() }
}
