//! A database for each test, made from a migrated template.
//!
//! PostgreSQL is the server at `JIXIAO_TEST_POSTGRES` (a URL of a role that may create databases), or a private
//! cluster made from the binaries of the machine, which ends with the test process.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use jixiao::store::Store;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::OnceCell;

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
            let (address, alive) = if let Ok(url) = std::env::var("JIXIAO_TEST_POSTGRES") {
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

/// Where `initdb` is: on the path, or where Debian puts it.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut places: Vec<_> = debian.map(|version| version.path().join("bin")).collect();
    places.sort();
    places.reverse();
    places.extend(std::env::split_paths(&path));
    places.into_iter().find(|place| place.join("initdb").exists() && place.join("postgres").exists())
}

/// A PostgreSQL server of one test's own, that it may stop and start.
pub struct OwnServer {
    binaries: PathBuf,
    directory: String,
}

impl OwnServer {
    /// Starts one; nothing where the machine has none.
    pub fn start_new() -> Option<Self> {
        let binaries = binaries()?;
        let script = format!(
            "set -e; D=$(mktemp -d /tmp/jixiao-own.XXXXXX); chmod 755 \"$D\"; cd \"$D\"; \
             '{}/initdb' -D \"$D/data\" -U postgres -A trust --no-sync --locale=C -E UTF8 >/dev/null; echo \"$D\"",
            binaries.display()
        );
        let made = as_postgres(&script).output().ok()?;
        let directory = String::from_utf8(made.stdout).ok()?.trim().to_owned();
        assert!(!directory.is_empty(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = Self { binaries, directory };
        server.start();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.directory)
    }

    /// Starts it and waits until it answers.
    pub fn start(&self) {
        let options =
            format!("-c listen_addresses= -c unix_socket_directories={} -c max_connections=200", self.directory);
        self.control(&format!("-w -l {}/log -o '{options}' start", self.directory));
    }

    /// Stops it at once, as a crash would.
    pub fn crash(&self) {
        self.control("-m immediate -w stop");
    }

    /// Runs one of its programs, `$D` being its directory.
    pub fn run(&self, line: &str) {
        let line = format!("cd /; D='{}'; PATH='{}':$PATH; {line}", self.directory, self.binaries.display());
        let done = as_postgres(&line).output().unwrap();
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn control(&self, command: &str) {
        // Its standard output would be kept open by the server.
        let line =
            format!("cd /; '{}/pg_ctl' -D {}/data {command} >/dev/null 2>&1", self.binaries.display(), self.directory);
        assert!(as_postgres(&line).status().unwrap().success(), "{line}");
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ =
            as_postgres(&format!("'{}/pg_ctl' -D {}/data -m immediate stop", self.binaries.display(), self.directory))
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A shell line as the user that PostgreSQL runs as: it refuses to run as root.
fn as_postgres(line: &str) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
    if root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.args(["-c", line]);
    command
}
