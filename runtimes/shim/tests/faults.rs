//! What a shim does when something around it breaks.

mod common;
#[allow(dead_code)]
#[path = "../src/proto.rs"]
mod proto;
#[allow(dead_code)]
#[path = "../src/ttrpc.rs"]
mod ttrpc;

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use common::{reader, until, Bench, Client, Engine, Wanted};
use proto::{Message, Writer};

const CRUN: &str = "/usr/bin/crun";

/// A bench whose runtime is a script; `$CRUN` in it is a real one.
fn scripted(script: &str) -> Bench {
    let mut bench = Bench::new(CRUN);
    let path = bench.folder.join("scripted-runtime");
    fs::write(&path, format!("#!/bin/sh\nCRUN={CRUN}\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    bench.runtime = path;
    bench
}

fn sleeping(bench: &Bench) -> Client {
    let mut client = bench.start(&Wanted::program(&["/bin/sleep", "1000"]));
    client.number("Create", bench.creation(["", "", ""], false), 1);
    let request = client.own();
    client.number("Start", request, 1);
    client
}

fn kill(pid: u64) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
    let alive = || {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    until("the end of a killed process", || (!alive()).then_some(()));
}

#[test]
fn a_killed_shim_is_cleaned_up_after() {
    let bench = Bench::new(CRUN);
    let mut client = sleeping(&bench);
    client.exec("e", &["/bin/sleep", "1000"], ["", "", ""], false);
    let pid = client.shim_pid();
    kill(pid);
    assert_eq!(bench.delete(), 137);
    bench.nothing_stays();
    // Once more is no fault.
    assert_eq!(bench.delete(), 137);
}

#[test]
fn a_recorded_exit_outlives_its_shim() {
    let bench = Bench::new("/usr/sbin/runc");
    let mut client = bench.start(&Wanted::shell("exit 23"));
    client.number("Create", bench.creation(["", "", ""], false), 1);
    let request = client.own();
    client.number("Start", request, 1);
    assert_eq!(client.wait(""), 23);
    let pid = client.shim_pid();
    kill(pid);
    assert_eq!(bench.delete(), 23);
    bench.nothing_stays();
}

#[test]
fn delete_of_a_bundle_that_holds_nothing_is_no_fault() {
    let bench = Bench::new(CRUN);
    assert_eq!(bench.delete(), 137);
    fs::write(bench.bundle.join("options.json"), "rubbish").unwrap();
    fs::write(bench.bundle.join("runtime"), "/no/such/runtime").unwrap();
    fs::write(bench.bundle.join("felucca-exit.json"), "{\"pid\":").unwrap();
    fs::write(bench.bundle.join("init.pid"), "1").unwrap();
    fs::write(bench.bundle.join("address"), "unix:///run/felucca-shim/none").unwrap();
    assert_eq!(bench.delete(), 137);
}

#[test]
fn a_runtime_that_hangs_is_ended_in_time() {
    let bench = scripted("case \"$*\" in *\" create \"*) exec sleep 1000;; esac; exec $CRUN \"$@\"");
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let creation = bench.creation(["", "", ""], false);
    let stream = client.send_to("containerd.task.v3.Task", "Create", creation, Duration::from_millis(300));
    // Others are served meanwhile.
    assert!(client.shim_pid() > 1);
    let failed = client.answer(stream).unwrap_err();
    assert_eq!(failed.0, ttrpc::DEADLINE_EXCEEDED, "{failed:?}");
    assert!(!bench.is_mounted());
    client.shutdown(&bench);
}

#[test]
fn a_runtime_killed_in_the_middle_is_told() {
    let bench = scripted("case \"$*\" in *\" create \"*) kill -9 $$;; esac; exec $CRUN \"$@\"");
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let failed = client.call("Create", bench.creation(["", "", ""], false)).unwrap_err();
    assert!(failed.1.contains("signal 9"), "{failed:?}");
    assert!(!bench.is_mounted());
    client.shutdown(&bench);
}

#[test]
fn a_runtime_that_leaves_no_process_is_told() {
    let bench = scripted("exit 0");
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let failed = client.call("Create", bench.creation(["", "", ""], false)).unwrap_err();
    assert!(failed.1.contains("left no process"), "{failed:?}");
    client.shutdown(&bench);
}

#[test]
fn a_runtime_that_complains_without_end_is_heard_in_part() {
    let flood = "case \"$*\" in *\" pause \"*) i=0; while [ $i -lt 3000 ]; do echo 'a long complaint, once more and once more again' >&2; i=$((i+1)); done; exit 1;; esac; exec $CRUN \"$@\"";
    let bench = scripted(flood);
    let mut client = sleeping(&bench);
    let request = client.own();
    let failed = client.call("Pause", request).unwrap_err();
    assert!(failed.1.contains("a long complaint") && failed.1.len() < 4096, "{}", failed.1.len());
    client.finish(&bench);
}

#[test]
fn run_is_left_to_runtimes_that_are_known() {
    let bench = scripted("exec $CRUN \"$@\"");
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let creation = bench.creation(["", "", ""], false);
    let stream = client.send_to("felucca.shim.v1.Shim", "Run", creation, Duration::ZERO);
    assert_eq!(client.answer(stream).unwrap_err().0, ttrpc::UNIMPLEMENTED);
    // Nothing was done, so it may be created.
    client.number("Create", bench.creation(["", "", ""], false), 1);
    client.finish(&bench);
}

#[test]
fn a_runtime_that_is_missing_is_told() {
    let mut bench = Bench::new(CRUN);
    bench.runtime = PathBuf::from("/no/such/runtime");
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let failed = client.call("Create", bench.creation(["", "", ""], false)).unwrap_err();
    assert!(failed.1.contains("/no/such/runtime"), "{failed:?}");
    client.shutdown(&bench);
}

#[test]
fn streams_that_are_missing_are_told() {
    let bench = Bench::new(CRUN);
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let logger = format!("binary://{}/no-logger", bench.folder.display());
    for out in ["/no/such/fifo", "nonsense://x", &logger] {
        let failed = client.call("Create", bench.creation(["", out, ""], false)).unwrap_err();
        assert!(failed.1.contains("open the standard streams"), "{failed:?}");
        assert!(!bench.is_mounted());
    }
    // One that ends before it is ready is no logger.
    let failed = client.call("Create", bench.creation(["", "binary:///bin/false", ""], false)).unwrap_err();
    assert!(failed.1.contains("logger"), "{failed:?}");
    client.shutdown(&bench);
}

#[test]
fn events_wait_for_an_engine_that_is_away() {
    let mut bench = Bench::new(CRUN);
    let mut client = sleeping(&bench);
    bench.wait_for_event("/tasks/start", &bench.id);
    bench.engine = None;
    for i in 0..30 {
        let exec = format!("e{i}");
        client.exec(&exec, &["/bin/true"], ["", "", ""], false);
        assert_eq!(client.wait(&exec), 0);
        client.delete(&exec);
    }
    assert_eq!(bench.topics(), ["create", "start"]);
    assert!(bench.bundle.join("felucca-events").exists(), "the queue has no file");
    bench.engine = Some(Engine::start(&bench.folder.join("events.sock"), bench.events.clone()));
    bench.wait_for_event("/tasks/exit", "e29");
    let events = bench.events.lock().unwrap().clone();
    let wanted: Vec<(String, String)> = (0..30)
        .flat_map(|i| {
            ["exec-added", "exec-started", "exit"].map(|t| (format!("/tasks/{t}"), format!("e{i}")))
        })
        .collect();
    let told: Vec<(String, String)> =
        events[2..].iter().map(|e| (e.topic.clone(), e.process.clone())).collect();
    assert_eq!(told, wanted);
    client.finish(&bench);
}

#[test]
fn much_output_comes_whole() {
    let bench = Bench::new(CRUN);
    let mut client = sleeping(&bench);
    let out = bench.fifo("out");
    let (mut file, total) = (fs::OpenOptions::new().read(true).write(true).open(&out).unwrap(), 100 << 20);
    let counter = std::thread::spawn(move || {
        let mut part = vec![0; 1 << 16];
        let (mut count, mut sum) = (0u64, 0u64);
        while count < total {
            let read = file.read(&mut part).unwrap();
            for byte in &part[..read] {
                // The order counts, too.
                sum = sum.wrapping_mul(31).wrapping_add(u64::from(*byte));
            }
            count += read as u64;
        }
        sum
    });
    let script = format!("seq 1 100000000 | head -c {total}");
    client.exec("e", &["/bin/sh", "-c", &script], ["", &out, ""], false);
    assert_eq!(client.wait("e"), 0);
    assert_eq!(client.delete("e"), 0);
    let mut wanted = 0u64;
    let mut count = 0u64;
    'all: for number in 1.. {
        for byte in format!("{number}\n").bytes() {
            if count == total {
                break 'all;
            }
            wanted = wanted.wrapping_mul(31).wrapping_add(u64::from(byte));
            count += 1;
        }
    }
    assert_eq!(counter.join().unwrap(), wanted);
    client.finish(&bench);
}

#[test]
fn files_take_output_behind_what_they_hold() {
    let bench = Bench::new(CRUN);
    let file = bench.folder.join("new folder/log");
    let uri = format!("file://{}", file.display().to_string().replace(' ', "%20"));
    let mut client = sleeping(&bench);
    for text in ["one", "two"] {
        client.exec(
            text,
            &["/bin/sh", "-c", &format!("echo {text}; echo {text}-err >&2")],
            ["", &uri, &uri],
            false,
        );
        assert_eq!(client.wait(text), 0);
        client.delete(text);
    }
    let text = fs::read_to_string(&file).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 4, "{text}");
    lines[..2].sort_unstable();
    lines[2..].sort_unstable();
    assert_eq!(lines, ["one", "one-err", "two", "two-err"]);
    client.finish(&bench);
}

/// More of them: `FELUCCA_EXECS=10000 cargo test --release --test faults many_execs -- --nocapture`.
#[test]
fn many_execs_leave_nothing() {
    let count = std::env::var("FELUCCA_EXECS").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let bench = Bench::new(CRUN);
    let mut client = sleeping(&bench);
    let pid = client.shim_pid();
    let descriptors = || fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let out = bench.fifo("out");
    let _hold = fs::OpenOptions::new().read(true).write(true).open(&out).unwrap();
    let one = |client: &mut Client, exec: &str| {
        client.exec(exec, &["/bin/true"], ["", &out, &out], false);
        assert_eq!(client.wait(exec), 0);
        client.delete(exec);
    };
    one(&mut client, "first");
    let before = descriptors();
    for i in 0..count {
        one(&mut client, &format!("e{i}"));
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let anonymous = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    let kilobytes: u32 = anonymous.trim().trim_end_matches(" kB").parse().unwrap();
    println!("{count} execs: {kilobytes} KB, {} descriptors, {before} before", descriptors());
    assert!(kilobytes < 1024, "{kilobytes} KB after {count} execs");
    // The connection to the engine comes and goes.
    assert!(descriptors() <= before + 1, "{} descriptors, {before} before", descriptors());
    client.finish(&bench);
}

#[test]
fn only_the_own_user_is_served() {
    let bench = Bench::new(CRUN);
    let client = bench.start(&Wanted::program(&["/bin/true"]));
    // Even if the file let them in.
    fs::set_permissions(&client.path, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(client.path.parent().unwrap(), fs::Permissions::from_mode(0o711)).unwrap();
    let path = client.path.clone();
    let stranger = std::thread::spawn(move || {
        // The call, not the library's function: it changes the user of this thread alone.
        let (same, nobody) = (-1 as libc::c_long, 65534 as libc::c_long);
        // SAFETY: takes integers only.
        let result = unsafe { libc::syscall(libc::SYS_setresuid, same, nobody, same) };
        assert_eq!(result, 0);
        let mut socket = std::os::unix::net::UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(common::PATIENCE)).unwrap();
        socket.read(&mut [0]).unwrap()
    });
    let read = stranger.join();
    fs::set_permissions(client.path.parent().unwrap(), fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(read.unwrap(), 0, "a stranger was served");
    client.shutdown(&bench);
}

#[test]
fn a_long_path_has_a_terminal_too() {
    let mut bench = Bench::new(CRUN);
    let deep = bench.folder.join("x".repeat(60)).join("y".repeat(60));
    fs::create_dir_all(deep.join("rootfs")).unwrap();
    bench.bundle = deep;
    let out = bench.fifo("out");
    let text = reader(&out);
    let mut wanted = Wanted::shell("test -t 1 && echo a terminal");
    wanted.terminal = true;
    let mut client = bench.start(&wanted);
    client.number("Create", bench.creation(["", &out, ""], true), 1);
    let request = client.own();
    client.number("Start", request, 1);
    assert_eq!(client.wait(""), 0);
    client.delete("");
    assert_eq!(text.join().unwrap(), b"a terminal\r\n");
    client.shutdown(&bench);
}

#[test]
fn answers_that_nobody_reads_do_not_stop_others() {
    let bench = Bench::new(CRUN);
    let mut client = sleeping(&bench);
    let mut lazy = Client::connect(client.path.to_str().unwrap(), &bench.id);
    lazy.socket.set_nonblocking(true).unwrap();
    let mut sent = 0;
    while sent < 20_000 {
        use std::io::Write;
        let request = ttrpc::Request {
            service: "containerd.task.v2.Task",
            method: "Stats",
            payload: &Writer::new().text(1, &bench.id).done(),
            timeout_nanos: 0,
        };
        let message = request.write(common::NAMESPACE);
        let mut frame = (message.len() as u32).to_be_bytes().to_vec();
        frame.extend_from_slice(&[0, 0, 0, 1, 1, 0]);
        frame.extend_from_slice(&message);
        if lazy.socket.write_all(&frame).is_err() {
            break;
        }
        sent += 1;
    }
    assert!(sent > 100);
    let state = client.own();
    let state = client.call("State", state).unwrap();
    assert_eq!(Message::parse(&state).unwrap().number(4), 2);
    drop(lazy);
    client.finish(&bench);
}
