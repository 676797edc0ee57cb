//! The life of containers and their execs, with runc and with crun.

mod common;
#[allow(dead_code)]
#[path = "../src/proto.rs"]
mod proto;
#[allow(dead_code)]
#[path = "../src/ttrpc.rs"]
mod ttrpc;

use std::fs;
use std::time::Duration;

use common::{reader, Bench, Client, Wanted, Watcher, PATIENCE};
use proto::{any, Message, Writer};

/// Each test is one of both runtimes.
macro_rules! with_both {
    ($($name:ident),* $(,)?) => {
        mod runc { $(#[test] fn $name() { super::$name("/usr/sbin/runc"); })* }
        mod crun { $(#[test] fn $name() { super::$name("/usr/bin/crun"); })* }
    };
}

with_both!(
    a_container_runs_and_all_is_told_in_order,
    execs_have_their_streams_and_statuses,
    a_terminal_is_passed_on,
    signals_are_exact,
    pause_update_stats_and_pids,
    output_survives_its_reader_and_the_end,
    a_reader_that_never_reads_does_not_hide_the_end,
    processes_that_share_ids_end_with_the_first,
    run_is_create_and_start_in_one,
    a_program_that_is_missing_is_told,
    memory_shortage_is_told,
    a_logger_and_typed_input,
);

fn started(bench: &Bench, wanted: &Wanted, io: [&str; 3]) -> Client {
    let mut client = bench.start(wanted);
    assert!(client.number("Create", bench.creation(io, wanted.terminal), 1) > 1);
    let request = client.own();
    client.number("Start", request, 1);
    client
}

fn a_container_runs_and_all_is_told_in_order(runtime: &str) {
    let bench = Bench::new(runtime);
    let out = bench.fifo("out");
    let err = bench.fifo("err");
    let (out_text, err_text) = (reader(&out), reader(&err));
    let mut client = bench.start(&Wanted::shell("echo one; echo two >&2; exit 7"));
    let pid = client.number("Create", bench.creation(["", &out, &err], false), 1);
    let state = client.own();
    let state = client.call("State", state).unwrap();
    let state = Message::parse(&state).unwrap();
    assert_eq!((state.number(3), state.number(4), state.text(6)), (pid, 1, Ok(out.as_str())));
    assert_eq!(fs::read_to_string(bench.bundle.join("init.pid")).unwrap().trim(), pid.to_string());
    let waiting = client.own();
    let waiting = client.send("Wait", waiting);
    let request = client.own();
    assert_eq!(client.number("Start", request, 1), pid);
    let exit = client.answer(waiting).unwrap();
    assert_eq!(Message::parse(&exit).unwrap().number(1), 7);
    // Written down before it was told.
    let record = fs::read_to_string(bench.bundle.join("felucca-exit.json")).unwrap();
    assert!(record.contains(&format!("\"pid\":{pid},\"exit_status\":7")), "{record}");
    assert_eq!(client.delete(""), 7);
    assert_eq!(String::from_utf8(out_text.join().unwrap()).unwrap(), "one\n");
    assert_eq!(String::from_utf8(err_text.join().unwrap()).unwrap(), "two\n");
    let state = client.own();
    assert_eq!(client.call("State", state).unwrap_err().0, ttrpc::NOT_FOUND);
    let exit = bench.wait_for_event("/tasks/exit", &bench.id);
    assert_eq!((exit.id.as_str(), exit.status), (bench.id.as_str(), 7));
    bench.wait_for_event("/tasks/delete", &bench.id);
    assert_eq!(bench.topics(), ["create", "start", "exit", "delete"]);
    client.shutdown(&bench);
}

fn execs_have_their_streams_and_statuses(runtime: &str) {
    let bench = Bench::new(runtime);
    let mut client = started(&bench, &Wanted::program(&["/bin/sleep", "1000"]), ["", "", ""]);
    let (input, out, err) = (bench.fifo("in"), bench.fifo("out"), bench.fifo("err"));
    let (out_text, err_text) = (reader(&out), reader(&err));
    let pid = client.exec(
        "e1",
        &["/bin/sh", "-c", "tr a-z A-Z; echo end >&2; exit 5"],
        [&input, &out, &err],
        false,
    );
    let pids = client.own();
    let pids = client.call("Pids", pids).unwrap();
    let pids = Message::parse(&pids).unwrap();
    let details: Vec<(u64, Vec<u8>)> =
        pids.all(1).map(|p| Message::parse(p).unwrap()).map(|p| (p.number(1), p.bytes(2).to_vec())).collect();
    let of_exec = any("containerd.runc.v1.ProcessDetails", &Writer::new().text(1, "e1").done()).done();
    assert!(details.contains(&(pid, of_exec)), "{details:?}");
    assert!(details.len() >= 2);
    fs::write(&input, "typed ".repeat(20_000)).unwrap();
    let close = client.of_exec("e1").number(3, 1);
    client.call("CloseIO", close).unwrap();
    assert_eq!(client.wait("e1"), 5);
    assert_eq!(client.delete("e1"), 5);
    let text = String::from_utf8(out_text.join().unwrap()).unwrap();
    assert!(text == "TYPED ".repeat(20_000), "{} bytes came of what was typed", text.len());
    assert_eq!(String::from_utf8(err_text.join().unwrap()).unwrap(), "end\n");

    let fresh = client.own().text(2, "e1");
    assert_eq!(client.call("State", fresh).unwrap_err().0, ttrpc::NOT_FOUND);
    for status in 0..10 {
        let exec = format!("s{status}");
        client.exec(&exec, &["/bin/sh", "-c", &format!("exit {status}")], ["", "", ""], false);
        assert_eq!(client.wait(&exec), status);
        assert_eq!(client.delete(&exec), status);
    }
    bench.wait_for_event("/tasks/exit", "s9");
    let topics = bench.topics();
    assert_eq!(topics[..5], ["create", "start", "exec-added", "exec-started", "exit"], "{topics:?}");
    assert_eq!(topics.len(), 2 + 11 * 3);
    // Nothing of the execs is left.
    let left: Vec<_> = fs::read_dir(&bench.bundle).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("exec-")), "{left:?}");
    client.finish(&bench);
}

fn a_terminal_is_passed_on(runtime: &str) {
    let bench = Bench::new(runtime);
    let (input, out) = (bench.fifo("in"), bench.fifo("out"));
    let shown = Watcher::new(&out);
    let mut wanted = Wanted::shell("stty size; cat; echo over");
    wanted.terminal = true;
    let mut client = bench.start(&wanted);
    client.number("Create", bench.creation([&input, &out, ""], true), 1);
    let size = client.own().number(3, 97).number(4, 31);
    client.call("ResizePty", size).unwrap();
    let request = client.own();
    client.number("Start", request, 1);
    shown.waits_for("31 97\r\n");
    // Whoever types may leave, and come back.
    fs::write(&input, "first\n").unwrap();
    shown.waits_for("first\r\nfirst\r\n");
    fs::write(&input, "second\n").unwrap();
    shown.waits_for("second\r\nsecond\r\n");
    fs::write(&input, "\x04").unwrap();
    assert_eq!(client.wait(""), 0);
    client.delete("");
    shown.waits_for("over\r\n");
    client.shutdown(&bench);
}

fn signals_are_exact(runtime: &str) {
    let bench = Bench::new(runtime);
    let mut client = started(&bench, &Wanted::program(&["/bin/sleep", "1000"]), ["", "", ""]);
    client.exec("e", &["/bin/sleep", "1000"], ["", "", ""], false);
    client.kill("e", 15).unwrap();
    assert_eq!(client.wait("e"), 128 + 15);
    assert_eq!(client.kill("e", 9).unwrap_err().0, ttrpc::NOT_FOUND);
    assert_eq!(client.kill("nothing", 9).unwrap_err().0, ttrpc::NOT_FOUND);
    client.exec("f", &["/bin/sleep", "1000"], ["", "", ""], false);
    let all = client.own().number(3, 9).number(4, 1);
    client.call("Kill", all).unwrap();
    assert_eq!(client.wait(""), 128 + 9);
    assert_eq!(client.wait("f"), 128 + 9);
    let (code, message) = client.kill("", 9).unwrap_err();
    assert_eq!((code, message.contains("process already finished")), (ttrpc::NOT_FOUND, true));
    // The exit of the first process is told last.
    bench.wait_for_event("/tasks/exit", &bench.id);
    let events = bench.events.lock().unwrap().clone();
    let exits: Vec<_> =
        events.iter().filter(|e| e.topic == "/tasks/exit").map(|e| e.process.as_str()).collect();
    assert_eq!(exits, ["e", "f", &bench.id]);
    assert_eq!(client.delete("e"), 143);
    client.delete("");
    client.shutdown(&bench);
}

fn pause_update_stats_and_pids(runtime: &str) {
    let bench = Bench::new(runtime);
    let mut client = started(&bench, &Wanted::program(&["/bin/sleep", "1000"]), ["", "", ""]);
    let request = client.own();
    client.call("Pause", request).unwrap();
    let request = client.own();
    assert_eq!(client.number("State", request, 4), 4);
    let request = client.own();
    client.call("Resume", request).unwrap();
    let request = client.own();
    assert_eq!(client.number("State", request, 4), 2);

    let limit =
        any("types.containerd.io/opencontainers/runtime-spec/1/LinuxResources", b"{\"pids\":{\"limit\":77}}");
    let request = client.own().message(2, limit);
    client.call("Update", request).unwrap();
    let request = client.own();
    let stats = client.call("Stats", request).unwrap();
    let stats = Message::parse(&stats).unwrap();
    let stats = Message::parse(stats.bytes(1)).unwrap();
    assert!(stats.text(1).unwrap().starts_with("io.containerd.cgroups.v"));
    let metrics = Message::parse(stats.bytes(2)).unwrap();
    let v1 = stats.text(1).unwrap().contains(".v1.");
    let field = if v1 { 2 } else { 1 };
    let pids = Message::parse(metrics.bytes(field)).unwrap();
    assert_eq!((pids.number(1), pids.number(2)), (1, 77));
    let memory = Message::parse(metrics.bytes(4)).unwrap();
    let usage = if v1 { Message::parse(memory.bytes(33)).unwrap().number(2) } else { memory.number(32) };
    assert!(usage > 0, "it uses no memory");

    // A frozen process ends at once all the same.
    let request = client.own();
    client.call("Pause", request).unwrap();
    client.kill("", 9).unwrap();
    let request = client.own();
    let _ = client.call("Resume", request);
    assert_eq!(client.wait(""), 137);
    bench.wait_for_event("/tasks/resumed", &bench.id);
    client.delete("");
    client.shutdown(&bench);
}

fn output_survives_its_reader_and_the_end(runtime: &str) {
    let bench = Bench::new(runtime);
    let out = bench.fifo("out");
    let mut client = started(&bench, &Wanted::shell("echo before; sleep 1000"), ["", &out, ""]);
    client.exec("e", &["/bin/sh", "-c", "seq 1 10000"], ["", &out, ""], false);
    assert_eq!(client.wait("e"), 0);
    // Nobody has read yet; all of it is there, and then the rest comes.
    let text = reader(&out);
    client.delete("e");
    client.kill("", 9).unwrap();
    client.wait("");
    client.delete("");
    let text = String::from_utf8(text.join().unwrap()).unwrap();
    let numbers: Vec<String> = (1..=10_000).map(|n| n.to_string()).collect();
    assert!(text == format!("before\n{}\n", numbers.join("\n")), "{} bytes came", text.len());
    client.shutdown(&bench);
}

fn a_reader_that_never_reads_does_not_hide_the_end(runtime: &str) {
    let bench = Bench::new(runtime);
    let out = bench.fifo("out");
    let mut client = started(&bench, &Wanted::shell("yes"), ["", &out, ""]);
    client.exec("e", &["/bin/true"], ["", "", ""], false);
    assert_eq!(client.wait("e"), 0);
    client.kill("", 9).unwrap();
    assert_eq!(client.wait(""), 137);
    assert_eq!(client.delete(""), 137);
    client.shutdown(&bench);
}

fn processes_that_share_ids_end_with_the_first(runtime: &str) {
    let bench = Bench::new(runtime);
    let mut wanted = Wanted::shell("sleep 1000 & sleep 1000 & exit 3");
    wanted.own_pids = false;
    let mut client = bench.start(&wanted);
    client.number("Create", bench.creation(["", "", ""], false), 1);
    let request = client.own();
    client.number("Start", request, 1);
    assert_eq!(client.wait(""), 3);
    assert_eq!(client.delete(""), 3);
    client.shutdown(&bench);
}

fn run_is_create_and_start_in_one(runtime: &str) {
    let bench = Bench::new(runtime);
    let out = bench.fifo("out");
    let text = reader(&out);
    let mut client = bench.start(&Wanted::shell("echo run; exit 4"));
    let creation = bench.creation(["", &out, ""], false);
    let stream = client.send_to("felucca.shim.v1.Shim", "Run", creation, PATIENCE);
    let answer = client.answer(stream).unwrap();
    assert!(Message::parse(&answer).unwrap().number(1) > 1);
    assert_eq!(client.wait(""), 4);
    assert_eq!(client.delete(""), 4);
    assert_eq!(text.join().unwrap(), b"run\n");
    bench.wait_for_event("/tasks/delete", &bench.id);
    assert_eq!(bench.topics(), ["create", "start", "exit", "delete"]);
    client.shutdown(&bench);
}

fn a_program_that_is_missing_is_told(runtime: &str) {
    let bench = Bench::new(runtime);
    let mut client = bench.start(&Wanted::program(&["/no/such"]));
    let failed = match client.call("Create", bench.creation(["", "", ""], false)) {
        Err(failure) => failure,
        // Some find out later.
        Ok(_) => {
            let request = client.own();
            let failed = client.call("Start", request).unwrap_err();
            client.wait("");
            client.delete("");
            failed
        }
    };
    assert_eq!(failed.0, ttrpc::UNKNOWN);
    assert!(
        failed.1.starts_with("OCI runtime ") && failed.1.contains("o such file or directory"),
        "{failed:?}"
    );
    let state = client.own();
    assert_eq!(client.call("State", state).unwrap_err().0, ttrpc::NOT_FOUND);
    assert!(!bench.is_mounted());
    client.shutdown(&bench);

    let bench = Bench::new(runtime);
    let mut client = started(&bench, &Wanted::program(&["/bin/sleep", "1000"]), ["", "", ""]);
    let request = client.of_exec("e").bytes(7, &common::process(&["/no/such"], false));
    client.call("Exec", request).unwrap();
    let request = client.of_exec("e");
    let failed = client.call("Start", request).unwrap_err();
    assert!(
        failed.1.starts_with("OCI runtime exec failed") && failed.1.contains("o such file"),
        "{failed:?}"
    );
    client.delete("e");
    client.finish(&bench);
}

fn memory_shortage_is_told(runtime: &str) {
    let bench = Bench::new(runtime);
    let mut wanted = Wanted::shell("sleep 1000");
    wanted.resources = "\"memory\":{\"limit\":16777216,\"swap\":16777216}".to_owned();
    let mut client = started(&bench, &wanted, ["", "", ""]);
    client.exec("e", &["/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=64M"], ["", "", ""], false);
    assert_eq!(client.wait("e"), 137);
    bench.wait_for_event("/tasks/oom", &bench.id);
    client.delete("e");
    client.finish(&bench);
}

fn a_logger_and_typed_input(runtime: &str) {
    let bench = Bench::new(runtime);
    let logger = bench.folder.join("logger");
    let log = bench.folder.join("log.txt");
    let script = "#!/bin/sh\nprintf x >&5; exec 5>&-\ncat <&3 >\"$2\"; cat <&4 >>\"$2\"; echo \"$CONTAINER_NAMESPACE/$CONTAINER_ID\" >>\"$2\"\n";
    fs::write(&logger, script).unwrap();
    assert!(std::process::Command::new("chmod").arg("755").arg(&logger).status().unwrap().success());
    let uri = format!("binary://{}?log={}", logger.display(), log.display());
    let input = bench.fifo("in");
    let mut client = started(&bench, &Wanted::shell("cat; echo err >&2"), [&input, &uri, &uri]);
    fs::write(&input, "typed\n").unwrap();
    assert_eq!(client.wait(""), 0);
    client.delete("");
    // Deleted means that the log is complete.
    let text = fs::read_to_string(&log).unwrap();
    assert_eq!(text, format!("typed\nerr\n{}/{}\n", common::NAMESPACE, bench.id));
    client.shutdown(&bench);
}

#[test]
fn containers_of_one_pod_share_a_shim() {
    let bench = Bench::new("/usr/bin/crun");
    let mut wanted = Wanted::program(&["/bin/sleep", "1000"]);
    wanted.annotations = "\"io.kubernetes.cri.sandbox-id\":\"pod\"".to_owned();
    let mut client = started(&bench, &wanted, ["", "", ""]);
    let second = bench.folder.join("second");
    let id = format!("{}-second", bench.id);
    fs::create_dir_all(second.join("rootfs")).unwrap();
    bench.write_spec(&second, &id, &wanted);
    let address = bench.start_with(&second, &id, b"");
    assert_eq!(address, format!("unix://{}", client.path.display()).into_bytes());
    client.number("Create", bench.creation_in(&second, &id, ["", "", ""], false), 1);
    let request = Writer::new().text(1, &id);
    client.number("Start", request, 1);
    // It stays while there is a container.
    let request = client.own();
    client.call("Shutdown", request).unwrap();
    let kill = Writer::new().text(1, &id).number(3, 9);
    client.call("Kill", kill).unwrap();
    let wait = Writer::new().text(1, &id);
    assert_eq!(client.number("Wait", wait, 1), 137);
    let delete = Writer::new().text(1, &id);
    assert_eq!(client.number("Delete", delete, 2), 137);
    let request = client.own();
    assert_eq!(client.number("State", request, 4), 2);
    client.finish(&bench);
}

#[test]
fn every_form_of_bootstrap_is_answered_in_kind() {
    let bench = Bench::new("/usr/bin/crun");
    let sockets = bench.folder.join("sockets").display().to_string();
    bench.write_spec(&bench.bundle, &bench.id, &Wanted::program(&["/bin/true"]));
    let params = Writer::new().text(1, &bench.id).text(2, common::NAMESPACE).text(9, &sockets).done();
    let result = bench.start_with(&bench.bundle, &bench.id, &params);
    let result = Message::parse(&result).unwrap();
    assert_eq!((result.number(1), result.text(3)), (3, Ok("ttrpc")));
    let address = result.text(2).unwrap();
    assert!(address.starts_with(&format!("unix://{sockets}/")), "{address}");
    let path = address.strip_prefix("unix://").unwrap();
    use std::os::unix::fs::MetadataExt;
    assert_eq!(fs::metadata(path).unwrap().mode() & 0o777, 0o600);

    // Both versions of the service, and no other.
    let mut client = Client::connect(path, &bench.id);
    for (service, code) in [("containerd.task.v2.Task", 0), ("containerd.task.v3.Task", 0), ("x.Task", 12)] {
        let request = client.own();
        let stream = client.send_to(service, "Connect", request, Duration::ZERO);
        assert_eq!(client.answer(stream).err().map_or(0, |e| e.0), code, "{service}");
    }
    let request = client.own();
    assert_eq!(client.call("Nonsense", request).unwrap_err().0, ttrpc::UNIMPLEMENTED);
    client.shutdown(&bench);

    // Options, as containerd 1.6 to 2.2 give them, are no parameters.
    let options = bench.options().done();
    let address = bench.start_with(&bench.bundle, &bench.id, &options);
    let address = String::from_utf8(address).unwrap();
    assert!(address.starts_with("unix:///run/felucca-shim/"), "{address}");
    assert_eq!(fs::read_to_string(bench.bundle.join("address")).unwrap(), address);
    Client::connect(address.strip_prefix("unix://").unwrap(), &bench.id).shutdown(&bench);

    let info = std::process::Command::new(common::SHIM).arg("-info").output().unwrap();
    let info = Message::parse(&info.stdout).unwrap();
    assert_eq!(info.text(1), Ok("io.containerd.felucca.v2"));
    let version = std::process::Command::new(common::SHIM).arg("-v").output().unwrap();
    assert!(String::from_utf8(version.stdout).unwrap().contains(env!("CARGO_PKG_VERSION")));
}

#[test]
fn rubbish_on_the_socket_ends_nothing() {
    use std::io::Write;
    let bench = Bench::new("/usr/bin/crun");
    let mut client = bench.start(&Wanted::program(&["/bin/true"]));
    let mut frame = vec![0, 0, 0, 3, 0, 0, 0, 1, 1, 0];
    frame.extend_from_slice(b"\xff\xff\xff");
    let parts: [&[u8]; 5] = [b"", b"GET / HTTP/1.1\r\n\r\n", &frame, &[0xff; 5000], &frame[..9]];
    for part in parts {
        let mut socket = std::os::unix::net::UnixStream::connect(&client.path).unwrap();
        socket.write_all(part).unwrap();
    }
    let other = std::os::unix::net::UnixStream::connect(&client.path).unwrap();
    let mut other_client = Client::connect(client.path.to_str().unwrap(), &bench.id);
    drop(other);
    assert!(other_client.shim_pid() > 1);
    let bad = client.own().text(2, "../..");
    assert_eq!(client.call("Create", bad).unwrap_err().0, ttrpc::INVALID_ARGUMENT);
    let bad = Writer::new().text(1, "--root=/");
    assert_eq!(client.call("Create", bad).unwrap_err().0, ttrpc::INVALID_ARGUMENT);
    client.shutdown(&bench);
}

/// By hand, with runc and CRIU 4: `cargo test --release --test life -- --ignored`.
#[test]
#[ignore = "needs a CRIU that works on this kernel"]
fn a_container_is_restored_from_its_checkpoint() {
    let bench = Bench::new("/usr/sbin/runc");
    let out = bench.fifo("out");
    let shown = Watcher::new(&out);
    let script = "i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.1; done";
    let mut client = started(&bench, &Wanted::shell(script), ["", &out, ""]);
    shown.waits_for("tick 3\n");
    let images = bench.folder.join("images").display().to_string();
    let leave = any("containerd.runc.v1.CheckpointOptions", &[]);
    let request = client.own().text(2, &images).message(3, leave);
    client.call("Checkpoint", request).unwrap();
    let request = client.own();
    assert_eq!(client.number("State", request, 4), 2);
    let again = bench.folder.join("images2").display().to_string();
    let exit = any("containerd.runc.v1.CheckpointOptions", &Writer::new().number(1, 1).done());
    let request = client.own().text(2, &again).message(3, exit);
    client.call("Checkpoint", request).unwrap();
    client.wait("");
    client.delete("");
    bench.wait_for_event("/tasks/checkpointed", &bench.id);
    client.shutdown(&bench);

    let out = bench.fifo("out2");
    let shown = Watcher::new(&out);
    let mut client = bench.start(&Wanted::shell(script));
    let creation = bench.creation(["", &out, ""], false).text(8, &again);
    assert_eq!(client.number("Create", creation, 1), 0);
    let request = client.own();
    assert!(client.number("Start", request, 1) > 1);
    shown.waits_for("tick 20\n");
    let request = client.own();
    assert_eq!(client.number("State", request, 4), 2);
    client.finish(&bench);
}

/// In a mount namespace whose only hierarchy is version 2; what needs a controller is left out, since
/// all of them may belong to version 1.
#[test]
fn life_on_version_2_of_cgroups() {
    let script =
        "mount --make-rprivate / && umount -R /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup \
                  && exec \"$0\" runc:: --skip memory_shortage --skip pause_update";
    let output = std::process::Command::new("unshare")
        .args(["--mount", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("10 passed"), "{said}");
}
