//! The container's root file system, mounted as containerd's snapshotters describe it.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use crate::proto::{Malformed, Message};
use crate::sys;

/// One mount of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mount {
    pub kind: String,
    pub source: String,
    pub target: String,
    pub options: Vec<String>,
}

impl Mount {
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        let message = Message::parse(bytes)?;
        let mut options = Vec::new();
        for option in message.all(4) {
            options.push(std::str::from_utf8(option).map_err(|_| Malformed)?.to_owned());
        }
        Ok(Mount {
            kind: message.text(1)?.to_owned(),
            source: message.text(2)?.to_owned(),
            target: message.text(3)?.to_owned(),
            options,
        })
    }
}

const RECURSIVE_BIND: libc::c_ulong = libc::MS_BIND | libc::MS_REC;
/// The options that are flags: their names, whether they set or clear, and which.
const FLAGS: [(&str, bool, libc::c_ulong); 24] = [
    ("async", false, libc::MS_SYNCHRONOUS),
    ("atime", false, libc::MS_NOATIME),
    ("bind", true, libc::MS_BIND),
    ("defaults", true, 0),
    ("dev", false, libc::MS_NODEV),
    ("diratime", false, libc::MS_NODIRATIME),
    ("dirsync", true, libc::MS_DIRSYNC),
    ("exec", false, libc::MS_NOEXEC),
    ("mand", true, libc::MS_MANDLOCK),
    ("noatime", true, libc::MS_NOATIME),
    ("nodev", true, libc::MS_NODEV),
    ("nodiratime", true, libc::MS_NODIRATIME),
    ("noexec", true, libc::MS_NOEXEC),
    ("nomand", false, libc::MS_MANDLOCK),
    ("norelatime", false, libc::MS_RELATIME),
    ("nostrictatime", false, libc::MS_STRICTATIME),
    ("nosuid", true, libc::MS_NOSUID),
    ("rbind", true, RECURSIVE_BIND),
    ("relatime", true, libc::MS_RELATIME),
    ("ro", true, libc::MS_RDONLY),
    ("rw", false, libc::MS_RDONLY),
    ("strictatime", true, libc::MS_STRICTATIME),
    ("suid", false, libc::MS_NOSUID),
    ("sync", true, libc::MS_SYNCHRONOUS),
];

fn flags_and_data(options: &[String]) -> (libc::c_ulong, Vec<&str>) {
    let mut flags = 0;
    let mut data = Vec::new();
    for option in options {
        match FLAGS.iter().find(|(name, ..)| name == option) {
            Some((_, true, flag)) => flags |= flag,
            Some((_, false, flag)) => flags &= !flag,
            None => data.push(option.as_str()),
        }
    }
    (flags, data)
}

/// Mounts all of them, one over the other. If one fails, none stays.
pub fn mount_all(mounts: &[Mount], rootfs: &Path) -> io::Result<()> {
    for (done, mount) in mounts.iter().enumerate() {
        if let Err(e) = mount_one(mount, rootfs) {
            for _ in 0..done {
                let _ = sys::unmount(rootfs);
            }
            let what = format!("mount {} {} at {}: {e}", mount.kind, mount.source, rootfs.display());
            return Err(io::Error::new(e.kind(), what));
        }
    }
    Ok(())
}

fn mount_one(mount: &Mount, rootfs: &Path) -> io::Result<()> {
    let (flags, data) = flags_and_data(&mount.options);
    let below = mount.target.trim_start_matches('/');
    if below.split('/').any(|part| part == "..") {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("the target {below} leads out")));
    }
    let target = if below.is_empty() { rootfs.to_owned() } else { rootfs.join(below) };
    let joined = data.join(",");
    // The kernel takes one page of data. Long lists of layers nearly always have a folder in common.
    if joined.len() >= 4000 {
        let (folder, short) = from_common_folder(&data).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, "its options are longer than a page")
        })?;
        let here = File::open(".")?;
        sys::change_folder(File::open(&folder)?.as_fd())?;
        let result = sys::mount(&mount.source, &target, &mount.kind, flags, &short);
        sys::change_folder(here.as_fd())?;
        return result;
    }
    sys::mount(&mount.source, &target, &mount.kind, flags, &joined)?;
    // A bind mount takes its other flags in a second step only.
    if flags & libc::MS_BIND != 0 && flags & !RECURSIVE_BIND != 0 {
        let again = (flags & !libc::MS_REC) | libc::MS_REMOUNT;
        sys::mount(&mount.source, &target, "", again, "").inspect_err(|_| {
            let _ = sys::unmount(&target);
        })?;
    }
    Ok(())
}

/// The options with the lower folders told from a folder that they have in common, and that folder.
fn from_common_folder(data: &[&str]) -> Option<(String, String)> {
    let lower = data.iter().find_map(|option| option.strip_prefix("lowerdir="))?;
    let folders: Vec<&str> = lower.split(':').collect();
    let mut common = folders.first()?.rsplit_once('/')?.0;
    while !folders.iter().all(|f| f.strip_prefix(common).is_some_and(|rest| rest.starts_with('/'))) {
        common = common.rsplit_once('/')?.0;
    }
    let short: Vec<&str> = folders.iter().map(|f| &f[common.len() + 1..]).collect();
    let options: Vec<String> = data
        .iter()
        .map(|option| {
            if option.starts_with("lowerdir=") {
                format!("lowerdir={}", short.join(":"))
            } else {
                (*option).to_owned()
            }
        })
        .collect();
    let folder = if common.is_empty() { "/" } else { common };
    Some((folder.to_owned(), options.join(",")))
}

/// Detaches everything that is mounted at the root file system itself.
pub fn unmount_all(rootfs: &Path) {
    // More than one may lie over the other.
    while sys::unmount(rootfs).is_ok() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(all: &[&str]) -> Vec<String> {
        all.iter().map(|o| (*o).to_owned()).collect()
    }

    #[test]
    fn options_become_flags_and_data() {
        let all = options(&["rbind", "ro", "rw", "nosuid", "lowerdir=/a:/b", "index=off"]);
        assert_eq!(
            flags_and_data(&all),
            (RECURSIVE_BIND | libc::MS_NOSUID, vec!["lowerdir=/a:/b", "index=off"])
        );
    }

    #[test]
    fn long_lists_of_layers_are_told_from_their_common_folder() {
        let data = ["workdir=/s/9/work", "lowerdir=/s/12/fs:/s/1/fs:/s/10/fs"];
        let wanted = ("/s".to_owned(), "workdir=/s/9/work,lowerdir=12/fs:1/fs:10/fs".to_owned());
        assert_eq!(from_common_folder(&data), Some(wanted));
        assert_eq!(
            from_common_folder(&["lowerdir=/a/x:/b/x"]).unwrap(),
            ("/".into(), "lowerdir=a/x:b/x".into())
        );
        assert_eq!(from_common_folder(&["size=1"]), None);
    }

    #[test]
    fn a_mount_that_fails_takes_the_earlier_ones_back() {
        let folder = std::env::temp_dir().join(format!("felucca-shim-mounts-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let tmpfs = || Mount { kind: "tmpfs".into(), source: "tmpfs".into(), ..Mount::default() };
        let bad = Mount { kind: "no-such".into(), source: "x".into(), ..Mount::default() };
        let error = mount_all(&[tmpfs(), bad], &folder).unwrap_err().to_string();
        assert!(error.contains("mount no-such x at"), "{error}");
        assert!(sys::unmount(&folder).is_err(), "something stayed mounted");

        mount_all(&[tmpfs()], &folder).unwrap();
        std::fs::write(folder.join("file"), "x").unwrap();
        let source = folder.display().to_string();
        let bind =
            Mount { kind: "bind".into(), source, options: options(&["rbind", "ro"]), ..Mount::default() };
        mount_all(&[bind], &folder).unwrap();
        assert!(std::fs::write(folder.join("file"), "y").is_err(), "it can be written to");
        unmount_all(&folder);
        assert!(!folder.join("file").exists());
        std::fs::remove_dir(&folder).unwrap();
    }
}
