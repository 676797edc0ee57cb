//! The fifos that join us to a container's shim.

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::sys;

/// One read, one splice.
pub const CHUNK: usize = 256 << 10;
/// What one stream may move before the others get their turn.
pub const TURN: usize = 4 << 20;
/// A fifo of this size lets a shim and us take turns less often.
const SIZE: i32 = 256 << 10;

/// The path of a fifo; the error for whatever else lies there is one for the engine.
pub fn path(bytes: &[u8]) -> Result<PathBuf, String> {
    let path = PathBuf::from(OsStr::from_bytes(bytes));
    match std::fs::metadata(&path) {
        Ok(found) if found.file_type().is_fifo() => Ok(path),
        Ok(_) => Err(format!("{} is not a fifo", path.display())),
        Err(e) => Err(format!("{}: {e}", path.display())),
    }
}

/// Does not wait for a writer.
pub fn open_for_reading(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().read(true))
}

/// ENXIO while nobody reads.
pub fn open_for_writing(path: &Path) -> io::Result<File> {
    open(path, OpenOptions::new().write(true))
}

fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let fifo = options.custom_flags(libc::O_NONBLOCK).open(path)?;
    sys::enlarge_pipe(fifo.as_fd(), SIZE);
    Ok(fifo)
}
