//! The figures of a cgroup as containerd's metrics messages.

use std::fs;
use std::path::Path;

use crate::cgroup::{number, Cgroup, Table};
use crate::proto::{any, Writer};

/// An Any of `io.containerd.cgroups.v1.Metrics` or of version 2, as the machine has it.
pub fn metrics(cgroup: &Cgroup) -> Writer {
    match &cgroup.v2 {
        Some(folder) if cgroup.is_unified() => {
            any("io.containerd.cgroups.v2.Metrics", &version_2(folder).done())
        }
        _ => any("io.containerd.cgroups.v1.Metrics", &version_1(cgroup).done()),
    }
}

const MEMORY_1: [&str; 32] = [
    "cache",
    "rss",
    "rss_huge",
    "mapped_file",
    "dirty",
    "writeback",
    "pgpgin",
    "pgpgout",
    "pgfault",
    "pgmajfault",
    "inactive_anon",
    "active_anon",
    "inactive_file",
    "active_file",
    "unevictable",
    "hierarchical_memory_limit",
    "hierarchical_memsw_limit",
    "total_cache",
    "total_rss",
    "total_rss_huge",
    "total_mapped_file",
    "total_dirty",
    "total_writeback",
    "total_pgpgin",
    "total_pgpgout",
    "total_pgfault",
    "total_pgmajfault",
    "total_inactive_anon",
    "total_active_anon",
    "total_inactive_file",
    "total_active_file",
    "total_unevictable",
];
const MEMORY_2: [&str; 31] = [
    "anon",
    "file",
    "kernel_stack",
    "slab",
    "sock",
    "shmem",
    "file_mapped",
    "file_dirty",
    "file_writeback",
    "anon_thp",
    "inactive_anon",
    "active_anon",
    "inactive_file",
    "active_file",
    "unevictable",
    "slab_reclaimable",
    "slab_unreclaimable",
    "pgfault",
    "pgmajfault",
    "workingset_refault",
    "workingset_activate",
    "workingset_nodereclaim",
    "pgrefill",
    "pgscan",
    "pgsteal",
    "pgactivate",
    "pgdeactivate",
    "pglazyfree",
    "pglazyfreed",
    "thp_fault_alloc",
    "thp_collapse_alloc",
];
/// Fields 1 to 8 of BlkIOStat; the throttling policy counts the first two on every machine.
const BLOCK_IO: [&str; 8] = [
    "blkio.throttle.io_service_bytes_recursive",
    "blkio.throttle.io_serviced_recursive",
    "blkio.io_queued_recursive",
    "blkio.io_service_time_recursive",
    "blkio.io_wait_time_recursive",
    "blkio.io_merged_recursive",
    "blkio.time_recursive",
    "blkio.sectors_recursive",
];
/// The kernel counts the times of processes in these, in hundredths of a second everywhere.
const NANOS_A_TICK: u64 = 10_000_000;

fn version_1(cgroup: &Cgroup) -> Writer {
    let mut all = Writer::new();
    if let Some(folder) = cgroup.controller("hugetlb") {
        for size in page_sizes(folder, "hugetlb.", ".usage_in_bytes") {
            let file = |what: &str| number(folder, &format!("hugetlb.{size}.{what}"));
            let stat = Writer::new()
                .number(1, file("usage_in_bytes"))
                .number(2, file("max_usage_in_bytes"))
                .number(3, file("failcnt"))
                .text(4, &size);
            all = all.message(1, stat);
        }
    }
    if let Some(folder) = cgroup.controller("pids") {
        all = all.message(2, pids(folder));
    }
    if let Some(folder) = cgroup.controller("cpuacct") {
        let quota = cgroup.controller("cpu").unwrap_or(folder);
        all = all.message(3, cpu_1(folder, quota));
    }
    if let Some(folder) = cgroup.controller("memory") {
        all = all.message(4, memory_1(folder));
    }
    if let Some(folder) = cgroup.controller("blkio") {
        let mut stat = Writer::new();
        for (field, file) in (1..).zip(BLOCK_IO) {
            for entry in block_io(&Table::read(folder, file)) {
                stat = stat.message(field, entry);
            }
        }
        all = all.message(5, stat);
    }
    if let Some(folder) = cgroup.controller("rdma") {
        all = all.message(6, rdma(folder));
    }
    if let Some(folder) = cgroup.controller("memory") {
        let control = Table::read(folder, "memory.oom_control");
        let stat = Writer::new()
            .number(1, control.get("oom_kill_disable"))
            .number(2, control.get("under_oom"))
            .number(3, control.get("oom_kill"));
        all = all.message(9, stat);
    }
    all
}

/// No limit is 0.
fn pids(folder: &Path) -> Writer {
    let limit = Some(number(folder, "pids.max")).filter(|max| *max != u64::MAX).unwrap_or(0);
    Writer::new().number(1, number(folder, "pids.current")).number(2, limit)
}

fn cpu_1(folder: &Path, quota: &Path) -> Writer {
    let times = Table::read(folder, "cpuacct.stat");
    let mut each = Vec::new();
    for value in
        fs::read_to_string(folder.join("cpuacct.usage_percpu")).unwrap_or_default().split_whitespace()
    {
        packed(&mut each, value.parse().unwrap_or(0));
    }
    let usage = Writer::new()
        .number(1, number(folder, "cpuacct.usage"))
        .number(2, times.get("system") * NANOS_A_TICK)
        .number(3, times.get("user") * NANOS_A_TICK)
        .bytes(4, &each);
    let stat = Table::read(quota, "cpu.stat");
    let throttling = Writer::new()
        .number(1, stat.get("nr_periods"))
        .number(2, stat.get("nr_throttled"))
        .number(3, stat.get("throttled_time"));
    Writer::new().message(1, usage).message(2, throttling)
}

fn packed(list: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        list.push(value as u8 | 0x80);
        value >>= 7;
    }
    list.push(value as u8);
}

fn memory_1(folder: &Path) -> Writer {
    let mut all = named(&Table::read(folder, "memory.stat"), &MEMORY_1);
    for (field, module) in
        [(33, "memory"), (34, "memory.memsw"), (35, "memory.kmem"), (36, "memory.kmem.tcp")]
    {
        let file = |what: &str| number(folder, &format!("{module}.{what}"));
        let entry = Writer::new()
            .number(1, file("limit_in_bytes"))
            .number(2, file("usage_in_bytes"))
            .number(3, file("max_usage_in_bytes"))
            .number(4, file("failcnt"));
        all = all.message(field, entry);
    }
    all
}

/// The fields from 1 on, by their names in a table.
fn named(table: &Table, names: &[&str]) -> Writer {
    (1..).zip(names).fold(Writer::new(), |all, (field, name)| all.number(field, table.get(name)))
}

/// Lines of `major:minor operation value`, or without the operation.
fn block_io(table: &Table) -> Vec<Writer> {
    let entry = |line: &str| {
        let mut words = line.split(' ');
        let (major, minor) = words.next()?.split_once(':')?;
        let (first, second) = (words.next()?, words.next());
        let (operation, value) = second.map_or(("", first), |value| (first, value));
        Some(
            Writer::new()
                .text(1, operation)
                .number(3, major.parse().ok()?)
                .number(4, minor.parse().ok()?)
                .number(5, value.parse().ok()?),
        )
    };
    table.lines().filter_map(entry).collect()
}

fn rdma(folder: &Path) -> Writer {
    let mut stat = Writer::new();
    for (field, file) in [(1, "rdma.current"), (2, "rdma.max")] {
        for line in Table::read(folder, file).lines() {
            let device = line.split(' ').next().unwrap_or_default();
            let value = |name: &str| {
                let text = line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
                text.map_or(0, |t| if t == "max" { u32::MAX.into() } else { t.parse().unwrap_or(0) })
            };
            let entry =
                Writer::new().text(1, device).number(2, value("hca_handle")).number(3, value("hca_object"));
            stat = stat.message(field, entry);
        }
    }
    stat
}

fn page_sizes(folder: &Path, before: &str, after: &str) -> Vec<String> {
    let names = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |name: std::ffi::OsString| {
        let size = name.to_str()?.strip_prefix(before)?.strip_suffix(after)?.to_owned();
        (!size.contains('.')).then_some(size)
    };
    let mut sizes: Vec<String> = names.filter_map(|entry| size(entry.file_name())).collect();
    sizes.sort();
    sizes
}

fn version_2(folder: &Path) -> Writer {
    let cpu = Table::read(folder, "cpu.stat");
    let names = ["usage_usec", "user_usec", "system_usec", "nr_periods", "nr_throttled", "throttled_usec"];
    let cpu = pressure(named(&cpu, &names), 7, folder, "cpu.pressure")
        .number(8, cpu.get("nr_bursts"))
        .number(9, cpu.get("burst_usec"));
    let memory = named(&Table::read(folder, "memory.stat"), &MEMORY_2)
        .number(32, number(folder, "memory.current"))
        .number(33, number(folder, "memory.max"))
        .number(34, number(folder, "memory.swap.current"))
        .number(35, number(folder, "memory.swap.max"))
        .number(36, number(folder, "memory.peak"))
        .number(37, number(folder, "memory.swap.peak"));
    let memory = pressure(memory, 38, folder, "memory.pressure");
    let mut io = Writer::new();
    for entry in io_2(&Table::read(folder, "io.stat")) {
        io = io.message(1, entry);
    }
    let io = pressure(io, 2, folder, "io.pressure");
    let mut all = Writer::new()
        .message(1, pids(folder))
        .message(2, cpu)
        .message(4, memory)
        .message(5, rdma(folder))
        .message(6, io);
    for size in page_sizes(folder, "hugetlb.", ".current") {
        let stat = Writer::new()
            .number(1, number(folder, &format!("hugetlb.{size}.current")))
            .number(2, number(folder, &format!("hugetlb.{size}.max")))
            .text(3, &size)
            .number(4, Table::read(folder, &format!("hugetlb.{size}.events")).get("max"));
        all = all.message(7, stat);
    }
    let events = Table::read(folder, "memory.events");
    all.message(8, named(&events, &["low", "high", "max", "oom", "oom_kill", "oom_group_kill"]))
}

/// Lines of `major:minor name=value ...`.
fn io_2(table: &Table) -> Vec<Writer> {
    let entry = |line: &str| {
        let mut words = line.split(' ');
        let (major, minor) = words.next()?.split_once(':')?;
        let all = Writer::new().number(1, major.parse().ok()?).number(2, minor.parse().ok()?);
        let value = |name: &str| {
            let text = line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            text.and_then(|t| t.parse().ok()).unwrap_or(0)
        };
        let names = ["rbytes", "wbytes", "rios", "wios"];
        Some((3..).zip(names).fold(all, |all, (field, name)| all.number(field, value(name))))
    };
    table.lines().filter_map(entry).collect()
}

/// How long processes waited for a resource, where the kernel counts it.
fn pressure(all: Writer, field: u32, folder: &Path, file: &str) -> Writer {
    let table = Table::read(folder, file);
    let mut stats = Writer::new();
    let mut any = false;
    for line in table.lines() {
        let value = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
        let share = |name| value(name).and_then(|v| v.parse::<f64>().ok()).unwrap_or(0.0);
        let which = match line.split(' ').next() {
            Some("some") => 1,
            Some("full") => 2,
            _ => continue,
        };
        let data = Writer::new()
            .double(1, share("avg10"))
            .double(2, share("avg60"))
            .double(3, share("avg300"))
            .number(4, value("total").and_then(|v| v.parse().ok()).unwrap_or(0));
        stats = stats.message(which, data);
        any = true;
    }
    if any {
        all.message(field, stats)
    } else {
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::Message;

    fn folder(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
        let folder = std::env::temp_dir().join(format!("felucca-shim-metrics-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
        folder
    }

    #[test]
    fn version_1_has_what_the_files_say() {
        let at = folder(
            "1",
            &[
                ("pids.current", "3\n"),
                ("pids.max", "max\n"),
                ("cpuacct.usage", "900\n"),
                ("cpuacct.usage_percpu", "300 600 \n"),
                ("cpuacct.stat", "user 2\nsystem 3\n"),
                ("memory.stat", "cache 1\nrss 2\ntotal_unevictable 7\n"),
                ("memory.usage_in_bytes", "4096\n"),
                ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"),
                ("blkio.throttle.io_serviced_recursive", "8:0 Read 5\nTotal 5\n"),
                ("hugetlb.2MB.usage_in_bytes", "6\n"),
                ("hugetlb.2MB.rsvd.usage_in_bytes", "6\n"),
            ],
        );
        let v1 =
            ["pids", "cpuacct", "memory", "blkio", "hugetlb"].map(|c| (c.to_owned(), at.clone())).to_vec();
        let bytes = metrics(&Cgroup { v1, v2: None }).done();
        let any = Message::parse(&bytes).unwrap();
        assert_eq!(any.text(1), Ok("io.containerd.cgroups.v1.Metrics"));
        let all = Message::parse(any.bytes(2)).unwrap();
        let part = |number| Message::parse(all.bytes(number)).unwrap();
        assert_eq!((part(2).number(1), part(2).number(2)), (3, 0));
        let usage = Message::parse(part(3).bytes(1)).unwrap();
        assert_eq!((usage.number(1), usage.number(2), usage.number(3)), (900, 30_000_000, 20_000_000));
        assert_eq!(usage.bytes(4), [0xac, 2, 0xd8, 4]);
        assert_eq!((part(4).number(1), part(4).number(2), part(4).number(32)), (1, 2, 7));
        assert_eq!(Message::parse(part(4).bytes(33)).unwrap().number(2), 4096);
        let serviced = Message::parse(part(5).bytes(2)).unwrap();
        assert_eq!((serviced.text(1), serviced.number(3), serviced.number(5)), (Ok("Read"), 8, 5));
        assert_eq!(part(9).number(3), 2);
        assert_eq!(all.all(1).count(), 1);
        assert_eq!((part(1).number(1), part(1).text(4)), (6, Ok("2MB")));
        fs::remove_dir_all(at).unwrap();
    }

    #[test]
    fn version_2_has_what_the_files_say() {
        let at = folder(
            "2",
            &[
                ("pids.current", "3\n"),
                ("pids.max", "100\n"),
                ("cpu.stat", "usage_usec 9\nuser_usec 5\nsystem_usec 4\n"),
                ("cpu.pressure", "some avg10=1.50 avg60=0.00 avg300=0.00 total=77\n"),
                ("memory.stat", "anon 1\nfile 2\nthp_collapse_alloc 8\n"),
                ("memory.max", "max\n"),
                ("memory.events", "low 0\nhigh 0\nmax 1\noom 1\noom_kill 1\n"),
                ("io.stat", "8:16 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0\n"),
            ],
        );
        let bytes = metrics(&Cgroup { v1: Vec::new(), v2: Some(at.clone()) }).done();
        let any = Message::parse(&bytes).unwrap();
        assert_eq!(any.text(1), Ok("io.containerd.cgroups.v2.Metrics"));
        let all = Message::parse(any.bytes(2)).unwrap();
        let part = |number| Message::parse(all.bytes(number)).unwrap();
        assert_eq!(part(1).number(2), 100);
        assert_eq!((part(2).number(1), part(2).number(3)), (9, 4));
        let pressure = Message::parse(part(2).bytes(7)).unwrap();
        let some = Message::parse(pressure.bytes(1)).unwrap();
        assert_eq!((f64::from_bits(some.number(1)), some.number(4)), (1.5, 77));
        assert_eq!((part(4).number(1), part(4).number(31), part(4).number(33)), (1, 8, u64::MAX));
        let io = Message::parse(part(6).bytes(1)).unwrap();
        assert_eq!((io.number(1), io.number(2), io.number(3), io.number(6)), (8, 16, 10, 2));
        assert_eq!((part(8).number(3), part(8).number(5)), (1, 1));
        fs::remove_dir_all(at).unwrap();
    }
}
