//! Copies of an embedded database.

use std::path::Path;

use sea_orm::DatabaseBackend;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Row};

use super::{Error, Store};

/// Copies an embedded database, as it is at one moment, into a file that is not there; writers go on meanwhile. It is
/// opened for reading alone.
///
/// # Errors
/// The database's.
pub async fn copy(database: &Path, to: &Path) -> Result<(), Error> {
    let mut connection = SqliteConnectOptions::new().filename(database).read_only(true).connect().await?;
    let copied = sqlx::query("VACUUM INTO ?").bind(to.display().to_string()).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    Ok(())
}

impl Store {
    /// The pools with their connections: how many are open, and how many of them idle.
    pub fn connections(&self) -> Vec<(&'static str, u32, usize)> {
        let pools = [("reading", &self.reading), ("writing", &self.writing), ("sending", &self.sending)];
        let attempting = self.attempting.iter().map(|pool| ("attempting", pool));
        let copy = self.replica.iter().map(|replica| ("replica", replica.pool()));
        let count = |pool: &sea_orm::DatabaseConnection| {
            if pool.get_database_backend() == DatabaseBackend::Postgres {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            } else {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            }
        };
        pools
            .into_iter()
            .chain(attempting)
            .chain(copy)
            .map(|(name, pool)| (name, count(pool).0, count(pool).1))
            .collect()
    }
}

/// What is damaged in a file that should be an embedded database; nothing where it is whole. The file is not changed.
///
/// # Errors
/// A file that cannot be opened, or is no database.
pub async fn damage(file: &Path) -> Result<Option<String>, Error> {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).immutable(true);
    let mut connection = options.connect().await?;
    let told = sqlx::query("PRAGMA integrity_check").fetch_all(&mut connection).await?;
    let told: Vec<String> = told.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let ours = sqlx::query("SELECT 1 FROM journal LIMIT 1").fetch_optional(&mut connection).await;
    connection.close().await?;
    Ok(match (told.as_slice(), ours) {
        ([one], Ok(_)) if one == "ok" => None,
        (_, Err(error)) => Some(error.to_string()),
        (told, _) => Some(told.join("; ")),
    })
}
