//! The control groups of a container, and the figures that they give; read from their files, so that
//! no runtime has to be started for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where the groups of a process are, in each hierarchy that has some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cgroup {
    /// Controllers of version 1, each with its folder.
    pub v1: Vec<(String, PathBuf)>,
    pub v2: Option<PathBuf>,
}

impl Cgroup {
    pub fn of(pid: i32) -> io::Result<Self> {
        let groups = fs::read_to_string(format!("/proc/{pid}/cgroup"))?;
        let mounts = fs::read_to_string("/proc/self/mountinfo")?;
        Ok(Self::find(&groups, &mounts))
    }

    fn find(groups: &str, mounts: &str) -> Self {
        let mut found = Cgroup::default();
        for line in groups.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
            if controllers.is_empty() {
                found.v2 = folder(mounts, "cgroup2", None, path);
            }
            for controller in controllers.split(',').filter(|c| !c.is_empty()) {
                if let Some(folder) = folder(mounts, "cgroup", Some(controller), path) {
                    found.v1.push((controller.to_owned(), folder));
                }
            }
        }
        found
    }

    /// Whether the machine has version 2 alone.
    pub fn is_unified(&self) -> bool {
        self.v2.is_some() && self.v1.iter().all(|(controller, _)| controller.starts_with("name="))
    }

    pub fn controller(&self, name: &str) -> Option<&Path> {
        self.v1.iter().find(|(controller, _)| controller == name).map(|(_, folder)| folder.as_path())
    }

    /// The processes in it and below it, in no particular order.
    pub fn processes(&self) -> Vec<u32> {
        let mut found = Vec::new();
        let folder = match &self.v2 {
            Some(folder) if self.is_unified() => Some(folder.as_path()),
            _ => self.controller("devices").or_else(|| self.v1.first().map(|(_, folder)| folder.as_path())),
        };
        if let Some(folder) = folder {
            collect(folder, &mut found);
        }
        found
    }
}

/// Where a group is below the mount of its hierarchy; None for the root, which is no container's own.
fn folder(mounts: &str, kind: &str, controller: Option<&str>, path: &str) -> Option<PathBuf> {
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, place) = (before.next()?, before.next()?);
        let mut after = after.split(' ');
        if after.next()? != kind {
            return None;
        }
        if let Some(controller) = controller {
            let options = after.nth(1)?;
            if !options.split(',').any(|option| option == controller) {
                return None;
            }
        }
        let path = if root == "/" { path } else { path.strip_prefix(root)? };
        let path = path.trim_matches('/');
        (!path.is_empty()).then(|| Path::new(place).join(path))
    })
}

fn collect(folder: &Path, found: &mut Vec<u32>) {
    for line in fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default().lines() {
        found.extend(line.parse::<u32>().ok());
    }
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            collect(&entry.path(), found);
        }
    }
}

/// The one number of a file; `max` is the largest there is, and what is missing is 0.
pub fn number(folder: &Path, file: &str) -> u64 {
    let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
    match text.trim() {
        "max" => u64::MAX,
        text => text.parse().unwrap_or(0),
    }
}

/// The lines of a file of names and numbers.
pub struct Table(String);

impl Table {
    pub fn read(folder: &Path, file: &str) -> Self {
        Table(fs::read_to_string(folder.join(file)).unwrap_or_default())
    }

    pub fn get(&self, name: &str) -> u64 {
        let value = self.0.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|v| v.trim().parse().ok()).unwrap_or(0)
    }

    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.lines()
    }
}

/// How many processes of it the kernel has killed for want of memory.
pub fn oom_kills(cgroup: &Cgroup) -> u64 {
    match (&cgroup.v2, cgroup.controller("memory")) {
        (_, Some(memory)) => Table::read(memory, "memory.oom_control").get("oom_kill"),
        (Some(folder), None) => Table::read(folder, "memory.events").get("oom_kill"),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str = "\
25 20 0:22 / /sys/fs/cgroup rw - tmpfs tmpfs rw
26 25 0:23 / /sys/fs/cgroup/cpu,cpuacct rw shared:1 - cgroup cgroup rw,cpu,cpuacct
27 25 0:24 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
28 25 0:25 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
29 25 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
";

    #[test]
    fn groups_are_found_in_a_hybrid_of_both_versions() {
        let groups = "4:cpu,cpuacct:/default/a\n3:memory:/docker/x/b\n1:name=systemd:/default/a\n0::/\n";
        let found = Cgroup::find(groups, HYBRID);
        assert!(!found.is_unified());
        assert_eq!(found.controller("cpuacct").unwrap(), Path::new("/sys/fs/cgroup/cpu,cpuacct/default/a"));
        assert_eq!(found.controller("memory").unwrap(), Path::new("/sys/fs/cgroup/memory/b"));
        assert_eq!(found.v2, None);
    }

    #[test]
    fn groups_are_found_in_version_2_alone() {
        let mounts = "30 20 0:27 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
        let found = Cgroup::find("0::/default/a\n", mounts);
        assert!(found.is_unified());
        assert_eq!(found.v2.as_deref(), Some(Path::new("/sys/fs/cgroup/default/a")));
    }

    #[test]
    fn tables_are_read_by_whole_names() {
        let table = Table("rss_huge 5\nrss 4\ntotal 9\n".into());
        assert_eq!((table.get("rss"), table.get("rss_huge"), table.get("tot")), (4, 5, 0));
    }
}
