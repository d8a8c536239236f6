//! A PostgreSQL server made from the binaries of the machine. Benchmarks use it too.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Where `initdb` is: on the path, or where Debian puts it.
pub(super) fn binaries() -> Option<PathBuf> {
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
    settings: &'static str,
}

impl OwnServer {
    /// Starts one; nothing where the machine has none.
    pub fn start_new() -> Option<Self> {
        Self::start_with("")
    }

    /// The same, with more settings.
    pub fn start_with(settings: &'static str) -> Option<Self> {
        let binaries = binaries()?;
        let script = format!(
            "set -e; D=$(mktemp -d /tmp/jixiao-own.XXXXXX); chmod 755 \"$D\"; cd \"$D\"; \
             '{}/initdb' -D \"$D/data\" -U postgres -A trust --no-sync --locale=C -E UTF8 >/dev/null; echo \"$D\"",
            binaries.display()
        );
        let made = as_postgres(&script).output().ok()?;
        let directory = String::from_utf8(made.stdout).ok()?.trim().to_owned();
        assert!(!directory.is_empty(), "{}", String::from_utf8_lossy(&made.stderr));
        let server = Self { binaries, directory, settings };
        server.start();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres@localhost/postgres?host={}", self.directory)
    }

    /// Starts it and waits until it answers.
    pub fn start(&self) {
        let options = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=200 {}",
            self.directory, self.settings
        );
        self.control(&format!("-w -l {}/log -o '{options}' start", self.directory));
        assert!(std::fs::exists(format!("/proc/{}", self.process())).unwrap());
    }

    /// Stops it at once, as a crash would.
    pub fn crash(&self) {
        self.control("-m immediate -w stop");
    }

    /// Makes a copy that follows it, and tells where it is: `copy` in its directory.
    pub fn follow(&self) -> String {
        self.run(
            "mkdir \"$D/copy-socket\"; \
             pg_basebackup -h \"$D\" -U postgres -D \"$D/copy\" -X stream -R -C -S copy --no-sync -c fast >/dev/null 2>&1; \
             pg_ctl -D \"$D/copy\" -w -l \"$D/copy-log\" -o \"-c listen_addresses= -c unix_socket_directories=$D/copy-socket -c max_connections=200\" \
             start >/dev/null 2>&1",
        );
        format!("postgres://postgres@localhost/postgres?host={}/copy-socket", self.directory)
    }

    /// Stops the copy, so that it follows no further.
    pub fn stop_copy(&self) {
        self.run("pg_ctl -D \"$D/copy\" -m fast -w stop >/dev/null 2>&1");
    }

    /// Starts the copy where the server was, which is gone.
    pub fn start_copy(&self) {
        self.run(
            "pg_ctl -D \"$D/copy\" -w -l \"$D/copy-log\" -o \"-c listen_addresses= -c unix_socket_directories=$D -c max_connections=200\" \
             start >/dev/null 2>&1",
        );
    }

    /// Makes the copy a server of its own.
    pub fn promote(&self) {
        self.run("pg_ctl -D \"$D/copy\" -w promote >/dev/null");
    }

    /// The process that all its others come from.
    pub fn process(&self) -> u32 {
        let file = std::fs::read_to_string(format!("{}/data/postmaster.pid", self.directory)).unwrap();
        file.lines().next().unwrap().trim().parse().unwrap()
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
        for part in ["copy", "data"] {
            let line = format!("'{}/pg_ctl' -D {}/{part} -m immediate stop", self.binaries.display(), self.directory);
            let _ = as_postgres(&line).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// A shell line as the user that PostgreSQL runs as: it refuses to run as root.
pub(super) fn as_postgres(line: &str) -> Command {
    let root = std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let mut command = if root { Command::new("runuser") } else { Command::new("sh") };
    if root {
        command.args(["-u", "postgres", "--", "sh"]);
    }
    command.args(["-c", line]);
    command
}
