//! Older files of a log, compressed: what a rotated file becomes, and what a reader has to know of it.
//! The work is done by a process of its own, so that the container's output does not wait for it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use flate2::{Compression, GzBuilder};

use crate::log::with_suffix;
use crate::sys;

/// What this program is asked by, with the path of a rotated file behind it.
pub const WORD: &str = "gzip";

/// The subfield of the header (RFC 1952) with the inode and the length of the file as it was.
const FIELD: [u8; 4] = [b'F', b'e', 16, 0];
const HEADER: usize = 12;

pub fn name(path: &Path) -> PathBuf {
    with_suffix(path, "gz")
}

/// Begins to compress a rotated file.
pub fn start(path: &Path) -> io::Result<Child> {
    let word = [OsString::from(WORD), path.into()];
    let silent = || Stdio::null();
    Command::new("/proc/self/exe").args(word).stdin(silent()).stdout(silent()).stderr(silent()).spawn()
}

/// Puts a compressed file in the place of a rotated one. If that fails, the old one stays.
pub fn compress(path: &Path) -> io::Result<()> {
    sys::yield_to_others();
    let from = OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW).open(path)?;
    let found = from.metadata()?;
    let part = with_suffix(path, "part");
    let _ = std::fs::remove_file(&part);
    let done = write(&from, &part).and_then(|()| {
        // Another logger of the same container may have rotated meanwhile.
        match std::fs::symlink_metadata(path)?.ino() == found.ino() {
            true => std::fs::rename(&part, name(path)),
            false => Err(ErrorKind::NotFound.into()),
        }
    });
    if done.is_err() {
        let _ = std::fs::remove_file(&part);
        return done;
    }
    std::fs::remove_file(path)
}

fn write(from: &File, to: &Path) -> io::Result<()> {
    let found = from.metadata()?;
    let mut extra = FIELD.to_vec();
    extra.extend(found.ino().to_le_bytes());
    extra.extend(found.len().to_le_bytes());
    let file = OpenOptions::new().write(true).create_new(true).mode(0o640).open(to)?;
    let mut out = GzBuilder::new().extra(extra).write(BufWriter::new(file), Compression::fast());
    io::copy(&mut BufReader::with_capacity(1 << 17, from.take(found.len())), &mut out)?;
    let file = out.finish()?.into_inner()?;
    // The old file goes only when the new one is on the disk.
    file.sync_data()
}

/// The inode that a compressed file had before; None for any other file.
pub fn inode(path: &Path) -> Option<u64> {
    let mut head = [0; HEADER + 20];
    File::open(path).ok()?.read_exact(&mut head).ok()?;
    let has_extra = head[..3] == [0x1f, 0x8b, 8] && head[3] & 4 != 0 && head[HEADER..HEADER + 4] == FIELD;
    has_extra.then(|| u64::from_le_bytes(head[HEADER + 4..HEADER + 12].try_into().unwrap_or_default()))
}
