//! A database for each test, made from a migrated template.
//!
//! PostgreSQL is the server at `JIXIAO_TEST_POSTGRES` (a URL of a role that may create databases), or one with Citus at
//! `JIXIAO_TEST_CITUS_URL`, or a private cluster made from the binaries of the machine, which ends with the test process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use jixiao::store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

use super::own_server::{as_postgres, binaries};

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database of one test.
pub struct Database {
    pub kind: Kind,
    pub url: String,
}

impl Database {
    /// A migrated database without rows; nothing where there is no PostgreSQL.
    pub async fn fresh(kind: Kind, directory: &Path) -> Option<Self> {
        let url = match kind {
            Kind::Sqlite => {
                let file = directory.join("test.db");
                std::fs::copy(sqlite_template().await, &file).unwrap();
                format!("sqlite://{}", file.display())
            }
            Kind::Postgres => postgres_database(Some("jixiao_template")).await?,
        };
        Some(Self { kind, url })
    }

    /// A database without a schema.
    pub async fn empty(kind: Kind, directory: &Path) -> Option<Self> {
        let url = match kind {
            Kind::Sqlite => format!("sqlite://{}?mode=rwc", directory.join("empty.db").display()),
            Kind::Postgres => postgres_database(None).await?,
        };
        Some(Self { kind, url })
    }
}

/// The migrated SQLite file that tests copy.
async fn sqlite_template() -> &'static Path {
    static TEMPLATE: OnceCell<(tempfile::TempDir, PathBuf)> = OnceCell::const_new();
    let (_, path) = TEMPLATE
        .get_or_init(|| async {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("template.db");
            migrate(&format!("sqlite://{}?mode=rwc", path.display())).await;
            // Bring everything out of the write-ahead log into the file that is copied.
            let mut connection =
                sqlx::SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
            sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            (directory, path)
        })
        .await;
    path
}

async fn migrate(url: &str) {
    let store = Store::open(url, &"430922".parse().unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
}

/// A new PostgreSQL database, from a template or empty.
async fn postgres_database(template: Option<&str>) -> Option<String> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let cluster = cluster().await?;
    let name = format!("{}_{}", cluster.template, NEXT.fetch_add(1, Ordering::Relaxed));
    let template = template.map_or(String::new(), |_| format!(" TEMPLATE {}", cluster.template));
    cluster.run(&format!("CREATE DATABASE {name}{template}")).await;
    Some(cluster.url(&name))
}

/// A server, with a migrated database to copy.
struct Cluster {
    /// An address with `{}` where the database's name goes.
    address: String,
    template: String,
    /// As long as this is open, the private cluster runs.
    _alive: Option<ChildStdin>,
}

impl Cluster {
    fn url(&self, database: &str) -> String {
        self.address.replace("{}", database)
    }

    async fn run(&self, sql: &str) {
        let mut connection = PgConnection::connect(&self.url("postgres")).await.unwrap();
        // A template cannot be copied by two at once.
        sqlx::query("SELECT pg_advisory_lock(1)").execute(&mut connection).await.unwrap();
        sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "tests have settings of their own")]
async fn cluster() -> Option<&'static Cluster> {
    static CLUSTER: OnceCell<Option<Cluster>> = OnceCell::const_new();
    CLUSTER
        .get_or_init(|| async {
            let citus = std::env::var("JIXIAO_TEST_CITUS_URL").ok();
            let given = citus.clone().or_else(|| std::env::var("JIXIAO_TEST_POSTGRES").ok());
            let (address, alive) = if let Some(url) = given {
                (with_placeholder(&url), None)
            } else {
                let Some((address, alive)) = private_cluster() else {
                    assert!(std::env::var("CI").is_err(), "{MISSING}");
                    eprintln!("{MISSING}");
                    return None;
                };
                (address, Some(alive))
            };
            // A process number may come again on a server that is kept.
            let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis();
            let template = format!("jixiao_test_{}_{since}", std::process::id());
            let cluster = Cluster { address, template: template.clone(), _alive: alive };
            cluster.run(&format!("CREATE DATABASE {template}")).await;
            if citus.is_some() {
                // A cluster of one machine: its shards are copied with the template.
                let mut connection = PgConnection::connect(&cluster.url(&template)).await.unwrap();
                for sql in ["CREATE EXTENSION citus", "SELECT citus_set_coordinator_host('localhost')"] {
                    sqlx::query(sql).execute(&mut connection).await.unwrap();
                }
                connection.close().await.unwrap();
            }
            migrate(&cluster.url(&template)).await;
            Some(cluster)
        })
        .await
        .as_ref()
}

const MISSING: &str = "\n\
    ******************************************************************\n\
    * NO POSTGRESQL: HALF OF THE TESTS DID NOT RUN.                  *\n\
    * Install its server (Debian: postgresql) or set                 *\n\
    * JIXIAO_TEST_POSTGRES=postgres://user:password@host/postgres    *\n\
    ******************************************************************\n";

/// Puts a placeholder where the URL names its database.
fn with_placeholder(url: &str) -> String {
    let (address, options) = url.split_once('?').map_or((url, String::new()), |(a, o)| (a, format!("?{o}")));
    let (server, _) = address.rsplit_once('/').unwrap();
    format!("{server}/{{}}{options}")
}

/// Starts a cluster of its own, if the machine has the binaries; it stops when the returned handle is dropped.
fn private_cluster() -> Option<(String, ChildStdin)> {
    let binaries = binaries()?;
    // Reading from standard input ends when this process does, however it ends.
    let script = format!(
        "set -e; D=$(mktemp -d /tmp/jixiao-pg.XXXXXX); cd \"$D\"; chmod 755 \"$D\"; \
         '{0}/initdb' -D \"$D/data\" -U postgres -A trust --no-sync --locale=C -E UTF8 >/dev/null; \
         '{0}/postgres' -D \"$D/data\" -c listen_addresses= -c unix_socket_directories=\"$D\" -c fsync=off \
           -c max_connections=400 -c log_min_messages=fatal >/dev/null 2>\"$D/log\" & P=$!; \
         until '{0}/pg_isready' -q -h \"$D\"; do kill -0 $P; sleep 0.1; done; \
         echo \"$D\"; cat >/dev/null || true; kill -INT $P; wait $P || true; rm -rf \"$D\"",
        binaries.display()
    );
    let child = as_postgres(&script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = child.ok()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take()?).read_line(&mut line).ok()?;
    let directory = line.trim();
    if directory.is_empty() {
        return None;
    }
    Some((format!("postgres://postgres@localhost/{{}}?host={directory}"), child.stdin.take()?))
}
