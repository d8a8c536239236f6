//! Keeping a copy of an embedded database while it is written to, and putting it back. A PostgreSQL database is kept with
//! its own tools (`pg_dump`, `pg_restore`, base backups): `docs/operations.md`.
//!
//! A backup is a directory: the database as it was at one moment, and the key that receipts, journal heads and tokens are
//! signed with, without which nobody could verify them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::http::identity::KEY_FILE;
use crate::store::{Store, copy};

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
    /// The database failed.
    #[error(transparent)]
    Store(#[from] crate::store::Error),
}

fn file<T>(path: &Path, done: std::io::Result<T>) -> Result<T, BackupError> {
    done.map_err(|error| BackupError::File { file: path.to_owned(), error })
}

fn must_not_be_there(path: &Path) -> Result<(), BackupError> {
    if path.exists() { Err(BackupError::There(path.to_owned())) } else { Ok(()) }
}

/// Copies database and key into a new directory; writers go on meanwhile. Answers where the database is.
///
/// # Errors
/// [`BackupError`].
pub async fn keep(config: &Config, directory: &Path) -> Result<PathBuf, BackupError> {
    if config.embedded_database().is_none() {
        return Err(BackupError::NotEmbedded);
    }
    must_not_be_there(directory)?;
    file(directory, fs::create_dir_all(directory))?;
    let (copy, key) = (directory.join(DATABASE), directory.join(KEY_FILE));
    let store = Store::open(&config.database_url, &config.county).await?;
    let kept = store.copy_to(&copy).await;
    store.close().await;
    kept?;
    // Whoever can read the key can sign as the service: its permissions come along.
    file(&key, fs::copy(config.data_dir.join(KEY_FILE), &key))?;
    sound(&copy).await?;
    Ok(copy)
}

/// Puts a backup back where nothing is; answers where the database is.
///
/// # Errors
/// [`BackupError`].
pub async fn put_back(config: &Config, directory: &Path) -> Result<PathBuf, BackupError> {
    let place = config.embedded_database().ok_or(BackupError::NotEmbedded)?;
    let key = config.data_dir.join(KEY_FILE);
    must_not_be_there(&place)?;
    must_not_be_there(&key)?;
    let copy = directory.join(DATABASE);
    sound(&copy).await?;
    file(&config.data_dir, fs::create_dir_all(&config.data_dir))?;
    file(&copy, fs::copy(&copy, &place))?;
    file(&key, fs::copy(directory.join(KEY_FILE), &key))?;
    Ok(place)
}

/// Refuses a database that is damaged, or none.
async fn sound(database: &Path) -> Result<(), BackupError> {
    file(database, fs::metadata(database))?;
    match copy::damage(database).await {
        Ok(None) => Ok(()),
        Ok(Some(what)) => Err(BackupError::Damaged { file: database.to_owned(), what }),
        Err(error) => Err(BackupError::Damaged { file: database.to_owned(), what: error.to_string() }),
    }
}
