//! A shim that was started ahead: it waits for the container that it will be for, which the engine
//! that started it names by the call `Assign`. It ends with that engine's connection, so it outlives
//! nobody.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::bundle;
use crate::events::Events;
use crate::json::quoted;
use crate::proto::{Message, Writer};
use crate::shim::Shim;
use crate::sys;
use crate::ttrpc::{unknown, Failure, ALREADY_EXISTS, FAILED_PRECONDITION, INVALID_ARGUMENT};

/// What the sockets of those are called that wait. All others are called by a digest.
const PREFIX: &str = "wait-";
/// Whoever starts one connects at once.
const FIRST_CONNECTION: Duration = Duration::from_secs(10);

/// Until when whoever started it must have spoken to it, and over which connection that was.
pub struct Waiting {
    until: Instant,
    connection: Option<u64>,
}

impl Waiting {
    pub fn begin() -> Self {
        Waiting { until: Instant::now() + FIRST_CONNECTION, connection: None }
    }

    /// The first to speak is the one that it waits for. Others only look whether somebody listens.
    pub fn spoken_to(&mut self, connection: u64) {
        self.connection.get_or_insert(connection);
    }

    /// Whether nobody is there any more to name a container.
    pub fn is_over(&self, is_open: impl Fn(u64) -> bool, now: Instant) -> bool {
        self.connection.map_or(self.until <= now, |connection| !is_open(connection))
    }

    pub fn wakes(&self) -> Option<Instant> {
        self.connection.is_none().then_some(self.until)
    }
}

/// Where one listens while it waits. Numbers of processes come again, and one may wait for long.
pub fn socket(folder: &Path) -> PathBuf {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    folder.join(format!("{PREFIX}{}-{now:x}-{number}", std::process::id()))
}

/// Removes the sockets of those that were killed while they waited.
pub fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let refused = |e: io::Error| e.kind() == ErrorKind::ConnectionRefused;
        if entry.file_name().to_string_lossy().starts_with(PREFIX)
            && UnixStream::connect(entry.path()).is_err_and(refused)
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Shim {
    /// Says which container this shim is for. From here on it is as if it had been started for it.
    pub fn assign(&mut self, message: &Message<'_>) -> Result<Option<Vec<u8>>, Failure> {
        if self.waits.is_none() {
            return Err(Failure::new(FAILED_PRECONDITION, "this shim waits for no container any more"));
        }
        let (namespace, id) = (message.text(1)?, message.text(2)?);
        let (bundle, socket) = (PathBuf::from(message.text(3)?), PathBuf::from(message.text(4)?));
        let (events, engine) = (message.text(5)?, message.text(6)?);
        if namespace.is_empty() || id.is_empty() || !bundle.is_absolute() || !socket.is_absolute() {
            return Err(Failure::new(INVALID_ARGUMENT, "a container, its bundle and a socket must be named"));
        }
        let folder = socket.parent().unwrap_or(&socket);
        // As in `start`: one at a time looks who listens.
        let lock = File::open(folder)
            .and_then(|f| sys::lock(&f).map(|()| f))
            .map_err(unknown(format!("lock {}", folder.display())))?;
        if UnixStream::connect(&socket).is_ok() {
            let what = format!("another shim listens on {}", socket.display());
            return Err(Failure::new(ALREADY_EXISTS, what));
        }
        std::env::set_current_dir(&bundle).map_err(unknown(format!("enter {}", bundle.display())))?;
        let address = format!("unix://{}", socket.display());
        let json = format!("{{\"version\":3,\"address\":{},\"protocol\":\"ttrpc\"}}", quoted(&address));
        fs::write(bundle::ADDRESS, &address)
            .and_then(|()| fs::write("bootstrap.json", json))
            .and_then(|()| fs::rename(&self.settings.socket, &socket))
            .map_err(unknown(format!("listen on {}", socket.display())))?;
        drop(lock);
        std::env::set_var("NAMESPACE", namespace);
        let queue = bundle.join("felucca-events");
        self.events = Events::new(events, namespace, &queue, crate::shim::EVENTS);
        self.settings.namespace = namespace.to_owned();
        self.settings.log = bundle.join("log");
        self.settings.socket = socket;
        self.waits = None;
        let program = std::env::args().next().unwrap_or_default();
        sys::set_title(&[&program, "-namespace", namespace, "-id", id, "-address", engine]);
        Ok(Some(Writer::new().text(1, &address).done()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    #[test]
    fn waiting_ends_with_its_connection_or_without_one_in_time() {
        let mut waiting = Waiting::begin();
        let now = Instant::now();
        assert!(!waiting.is_over(|_| false, now));
        assert!(waiting.wakes().is_some());
        assert!(waiting.is_over(|_| false, now + FIRST_CONNECTION));
        waiting.spoken_to(7);
        waiting.spoken_to(8);
        assert!(!waiting.is_over(|connection| connection == 7, now + FIRST_CONNECTION));
        assert!(waiting.is_over(|connection| connection == 8, now));
        assert!(waiting.wakes().is_none());
    }

    #[test]
    fn sockets_of_the_killed_are_removed() {
        let folder = std::env::temp_dir().join(format!("felucca-waiting-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (dead, alive) = (socket(&folder), socket(&folder));
        drop(UnixListener::bind(&dead).unwrap());
        let listener = UnixListener::bind(&alive).unwrap();
        let other = folder.join("0123");
        drop(UnixListener::bind(&other).unwrap());
        remove_abandoned(&folder);
        assert!(!dead.exists() && alive.exists() && other.exists());
        drop(listener);
        fs::remove_dir_all(&folder).unwrap();
    }
}
