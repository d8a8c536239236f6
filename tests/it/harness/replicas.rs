//! Servers as processes, several over one database, that a test kills, stops and starts.

use std::path::Path;
use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Replicas over one database.
pub struct Replicas {
    children: Mutex<Vec<Option<Child>>>,
    pub addresses: Vec<std::net::SocketAddr>,
    pub directory: tempfile::TempDir,
    pub database: String,
    /// A copy of the database for reading.
    pub copy: Option<String>,
}

impl Replicas {
    pub fn new(database: String, number: usize) -> Self {
        let free = |_| std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        // All at once, so that no address is handed out twice.
        let sockets: Vec<_> = (0..number).map(free).collect();
        let addresses = sockets.iter().map(|one| one.local_addr().unwrap()).collect();
        let children = Mutex::new((0..number).map(|_| None).collect());
        let replicas = Self { children, addresses, directory: tempfile::tempdir().unwrap(), database, copy: None };
        drop(sockets);
        replicas
    }

    pub fn jixiao(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jixiao"));
        command.env_clear().env("JIXIAO_DATA_DIR", self.directory.path()).env("JIXIAO_LOG", "off");
        command.env("JIXIAO_DATABASE_URL", &self.database).env("JIXIAO_DRAIN", "1s");
        command.envs(self.copy.iter().map(|url| ("JIXIAO_DATABASE_READ_URL", url)));
        command
    }

    pub fn token(&self) -> String {
        let made = self.jixiao().args(["token", "--role", "admin"]).output().unwrap().stdout;
        String::from_utf8(made).unwrap().trim().to_owned()
    }

    pub fn start(&self, place: usize) {
        self.start_in(place, self.directory.path());
    }

    /// Starts one with its key in a directory.
    pub fn start_in(&self, place: usize, directory: &Path) {
        let mut command = self.jixiao();
        command.env("JIXIAO_DATA_DIR", directory).env("JIXIAO_BIND", self.addresses[place].to_string());
        self.children.lock().unwrap()[place] = Some(command.arg("serve").spawn().unwrap());
    }

    /// SIGKILL.
    pub fn kill(&self, place: usize) {
        if let Some(mut child) = self.children.lock().unwrap()[place].take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// SIGTERM, and what it ends with.
    pub async fn terminate(&self, place: usize) {
        let mut child = self.children.lock().unwrap()[place].take().unwrap();
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", child.id())]).status().unwrap();
        assert!(sent.success());
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(40), "{place} does not leave");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(child.wait().unwrap().success());
    }

    /// Waits until one says that it is ready, or that it is not.
    pub async fn ready(&self, place: usize, wanted: bool) {
        let begun = Instant::now();
        let url = format!("http://{}/readyz", self.addresses[place]);
        while reqwest::get(&url).await.is_ok_and(|reply| reply.status().is_success()) != wanted {
            assert!(begun.elapsed() < Duration::from_secs(40), "{place} is not {wanted}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Replicas {
    fn drop(&mut self) {
        (0..self.addresses.len()).for_each(|place| self.kill(place));
    }
}
