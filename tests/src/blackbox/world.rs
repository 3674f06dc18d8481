//! A practice for a test.

use super::{Options, Person, Server};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A server and the therapist who founded a practice on it.
pub struct World {
    // Ended before the folder goes.
    /// The server.
    pub server: Server,
    /// The therapist, on her first device.
    pub thera: Person,
    folder: TempDir,
}

/// The therapist's password.
pub const THERAS_PASSWORD: &str = "seven quiet lanterns above the orchard wall";

/// A folder that goes with the test.
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("sotto-blackbox-").tempdir().expect("make a temporary folder")
}

impl World {
    /// A practice on the built-in database.
    pub fn new() -> Self {
        Self::with(Options::new)
    }

    /// The same on a server of one's choice.
    pub fn with(options: impl FnOnce(&Path) -> Options) -> Self {
        let folder = folder();
        let server = Server::start(options(&folder.path().join("server")));
        let link = server.setup_link();
        Self::found(folder, server, &link, None)
    }

    /// The same by a link of one's choice.
    pub fn found(folder: TempDir, server: Server, link: &str, ca: Option<PathBuf>) -> Self {
        let mut thera = Person::new(folder.path(), "thera", THERAS_PASSWORD);
        thera.ca = ca;
        thera.ok(&[
            "setup",
            link,
            "--handle",
            "thera",
            "--name",
            "Therapist",
            "--practice",
            "The practice",
            "--password-file",
            thera.password_file(),
        ]);
        Self { server, thera, folder }
    }

    /// Of parts that are there already.
    pub fn assemble(folder: TempDir, server: Server, thera: Person) -> Self {
        Self { server, thera, folder }
    }

    /// Where the test may write.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A person without account.
    pub fn person(&self, handle: &str) -> Person {
        let password = format!("a copper kettle hums beside the window of {handle}");
        Person { ca: self.thera.ca.clone(), ..Person::new(self.folder(), handle, &password) }
    }

    /// An invitation link.
    pub fn invite(&self) -> String {
        let link = self.thera.json(&["invite", "--note", "Welcome"]);
        link["link"].as_str().expect("a link").to_owned()
    }

    /// A client who has joined; the therapist has not been online since.
    pub fn client(&self, handle: &str) -> Person {
        let person = self.person(handle);
        person.join(&self.invite(), &format!("Client {handle}"));
        person
    }

    /// Another device of somebody, signed in.
    pub fn device(&self, of: &Person, name: &str) -> Person {
        let device = of.other_device(name);
        device.login(self.server.origin());
        device
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}
