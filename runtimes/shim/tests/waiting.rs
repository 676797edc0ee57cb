//! Shims that are started ahead, and told later for which container they are.

mod common;
#[allow(dead_code)]
#[path = "../src/proto.rs"]
mod proto;
#[allow(dead_code)]
#[path = "../src/ttrpc.rs"]
mod ttrpc;

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use common::{reader, until, Bench, Client, Wanted, NAMESPACE, PATIENCE};
use proto::{Message, Writer};

const OWN: &str = "felucca.shim.v1.Shim";

/// Starts one that waits, and speaks to it.
fn waiting(bench: &Bench) -> Client {
    let answer = bench.wait_started();
    let address = Message::parse(&answer).unwrap().text(2).unwrap().to_owned();
    let mut client = Client::connect(address.strip_prefix("unix://").unwrap(), &bench.id);
    assert!(client.shim_pid() > 1);
    client
}

fn assignment(bench: &Bench, socket: &Path) -> Writer {
    let path = |path: &Path| path.display().to_string();
    Writer::new()
        .text(1, NAMESPACE)
        .text(2, &bench.id)
        .text(3, &path(&bench.bundle))
        .text(4, &path(socket))
        .text(5, &path(&bench.folder.join("events.sock")))
        .text(6, &path(&bench.folder.join("engine.sock")))
}

fn socket_of(bench: &Bench, client: &Client) -> PathBuf {
    client.path.with_file_name(format!("test-{}", bench.id))
}

fn command_line(pid: u64) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).replace('\0', " ")
}

/// Whether it has ended; init may be slow to take notice of a zombie.
fn has_ended(pid: u64) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .map_or(true, |stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')))
}

#[test]
fn an_assigned_shim_is_as_one_that_was_started_for_its_container() {
    let bench = Bench::new("/usr/bin/crun");
    bench.write_spec(&bench.bundle, &bench.id, &Wanted::shell("echo ahead; exit 4"));
    let out = bench.fifo("out");
    let text = reader(&out);
    let mut client = waiting(&bench);
    let pid = client.shim_pid();
    assert!(command_line(pid).ends_with(" wait "), "{}", command_line(pid));

    let refused = client.own();
    assert_eq!(client.call("State", refused).unwrap_err().0, ttrpc::FAILED_PRECONDITION);
    let socket = socket_of(&bench, &client);
    let stream = client.send_to(OWN, "Assign", assignment(&bench, &socket), PATIENCE);
    let answer = client.answer(stream).unwrap();
    let address = format!("unix://{}", socket.display());
    assert_eq!(Message::parse(&answer).unwrap().text(1), Ok(address.as_str()));
    assert_eq!(fs::read_to_string(bench.bundle.join("address")).unwrap(), address);
    assert!(fs::read_to_string(bench.bundle.join("bootstrap.json")).unwrap().contains(&address));
    assert!(!client.path.exists());
    client.path = socket.clone();
    assert!(command_line(pid).contains(&format!(" -namespace {NAMESPACE} -id {} ", bench.id)));
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), bench.bundle);

    let again = client.send_to(OWN, "Assign", assignment(&bench, &socket), PATIENCE);
    assert_eq!(client.answer(again).unwrap_err().0, ttrpc::FAILED_PRECONDITION);

    // Another connection works as well, and the end of the first one ends nothing.
    let mut other = Client::connect(&socket.display().to_string(), &bench.id);
    drop(client);
    let stream = other.send_to(OWN, "Run", bench.creation(["", &out, ""], false), PATIENCE);
    assert!(Message::parse(&other.answer(stream).unwrap()).unwrap().number(1) > 1);
    assert_eq!(other.wait(""), 4);
    assert_eq!(other.delete(""), 4);
    assert_eq!(text.join().unwrap(), b"ahead\n");
    bench.wait_for_event("/tasks/delete", &bench.id);
    assert_eq!(bench.topics(), ["create", "start", "exit", "delete"]);
    other.shutdown(&bench);
}

#[test]
fn a_waiting_shim_ends_with_who_started_it() {
    let bench = Bench::new("/usr/bin/crun");
    let mut client = waiting(&bench);
    let (pid, socket) = (client.shim_pid(), client.path.clone());
    // Somebody who only looks ends nothing.
    drop(UnixStream::connect(&socket).unwrap());
    assert_eq!(client.shim_pid(), pid);
    drop(client);
    until("the end of the shim", || has_ended(pid).then_some(()));
    assert!(!socket.exists());
}

#[test]
fn a_shim_is_not_assigned_where_another_one_listens() {
    let bench = Bench::new("/usr/bin/crun");
    bench.write_spec(&bench.bundle, &bench.id, &Wanted::shell("true"));
    let mut first = waiting(&bench);
    let socket = socket_of(&bench, &first);
    let stream = first.send_to(OWN, "Assign", assignment(&bench, &socket), PATIENCE);
    first.answer(stream).unwrap();
    let mut second = waiting(&bench);
    let stream = second.send_to(OWN, "Assign", assignment(&bench, &socket), PATIENCE);
    assert_eq!(second.answer(stream).unwrap_err().0, ttrpc::ALREADY_EXISTS);
    // It goes on waiting.
    assert!(second.shim_pid() > 1);
    let bad = Writer::new().text(1, NAMESPACE).text(2, &bench.id).text(3, "relative").text(4, "/x");
    let stream = second.send_to(OWN, "Assign", bad, PATIENCE);
    assert_eq!(second.answer(stream).unwrap_err().0, ttrpc::INVALID_ARGUMENT);
    drop(second);
    first.path = socket;
    first.shutdown(&bench);
}
