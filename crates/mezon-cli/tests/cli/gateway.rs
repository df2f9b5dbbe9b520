//! An emulator in this process, with a folder for the files of one test.

use std::path::PathBuf;
use std::time::Duration;

use mezon_emulator::{Emulator, EmulatorBuilder, Stats};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::mez::{Mez, mez};

/// More than anything here takes.
const LIMIT: Duration = Duration::from_secs(20);

/// One emulator and one folder, gone at the end of the test.
pub(crate) struct Gateway {
    pub(crate) emulator: Emulator,
    runtime: Runtime,
    pub(crate) folder: TempDir,
}

impl Gateway {
    pub(crate) fn start() -> Self {
        Self::with(Emulator::builder())
    }

    pub(crate) fn with(builder: EmulatorBuilder) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self { emulator, runtime, folder: TempDir::new().unwrap() }
    }

    /// A file in the test's folder; it need not exist.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the test's folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.file(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The command with the session file of `user`.
    pub(crate) fn mez(&self, user: &str) -> Mez {
        mez().variable("MEZON_SESSION", self.file(&format!("{user}.json")))
    }

    /// The command with which `user` signs in here.
    pub(crate) fn login(&self, user: &str, id: i64) -> Mez {
        self.mez(user)
            .variable("MEZON_GATEWAY_URL", self.emulator.url())
            .variable("MEZON_ID_TOKEN", "an-id-token")
            .args(["login", "--username", user, "--user-id", &id.to_string()])
    }

    /// Signs `user` in.
    pub(crate) fn sign_in(&self, user: &str, id: i64) {
        self.login(user, id).run().succeeded();
    }

    /// Two users with a direct channel; gives its id.
    pub(crate) fn an_and_binh(&self) -> String {
        self.sign_in("an", 1001);
        self.sign_in("binh", 1002);
        let dm = self.mez("an").args(["dm", "1002", "--json"]).run().json();
        dm["channel_id"].as_str().unwrap().to_owned()
    }

    /// Lets `user`, who needs no client, write into a channel.
    pub(crate) fn say(&self, user: i64, channel: &str, text: &str) {
        self.runtime.block_on(self.emulator.say(user, channel.parse().unwrap(), text)).unwrap();
    }

    /// Waits until the emulator has seen something.
    pub(crate) fn wait_for(&self, condition: impl FnMut(&Stats) -> bool) -> Stats {
        self.runtime.block_on(async { tokio::time::timeout(LIMIT, self.emulator.wait_for(condition)).await }).unwrap()
    }

    /// Stops listening: the gateway is down.
    pub(crate) fn go_down(&self) {
        self.runtime.block_on(self.emulator.pause_listening());
    }
}
