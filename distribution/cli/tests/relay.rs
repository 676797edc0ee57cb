//! A container's streams through fifos.

mod common;

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::*;

const WANTS_STDIN: u8 = 2;

#[test]
fn streams_go_through_the_fifos() {
    let engine = Engine::new("fifos");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let [stdin, stdout, stderr] = ["in", "out", "err"].map(|name| engine.folder.fifo(name));
    connection.send(STDOUT, b"before\n");
    connection.io(WANTS_STDIN, [&stdin, &stdout, &stderr], "");
    assert_eq!(connection.expect(IO_READY), b"");
    // Only now does the shim open its ends, stdin last of all.
    let mut out = shim_opens(&stdout, true);
    out.write_all(b"out\n").unwrap();
    let mut err = shim_opens(&stderr, true);
    err.write_all(b"err\n").unwrap();
    assert_eq!(client.read_out(11), b"before\nout\n");
    client.type_in(b"typed before it listens\n");
    std::thread::sleep(Duration::from_millis(120));
    let mut input = shim_reads(&stdin);
    let mut text = [0; 24];
    input.read_exact(&mut text).unwrap();
    assert_eq!(&text, b"typed before it listens\n");
    client.close_stdin();
    assert_eq!(input.read(&mut text).unwrap(), 0, "the container sees the end of its input");
    assert_eq!(connection.expect(IO_STDIN_END), b"");
    out.write_all(b"last").unwrap();
    drop((out, err));
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.send(STDERR, b"after\n");
    connection.exit(5);
    assert_eq!(client.end(), ("last".to_owned(), "err\nafter\n".to_owned(), 5));
}

#[test]
fn end_of_empty_input_reaches_a_late_shim() {
    let engine = Engine::new("empty-input");
    let mut client = Client::spawn_with(&mut engine.command(&["run"]), Stdio::null(), Stdio::piped());
    let (mut connection, _) = engine.serve();
    let stdin = engine.folder.fifo("in");
    connection.io(WANTS_STDIN, [&stdin, none(), none()], "");
    connection.expect(IO_READY);
    std::thread::sleep(Duration::from_millis(200));
    let mut text = Vec::new();
    shim_reads(&stdin).read_to_end(&mut text).unwrap();
    assert!(text.is_empty());
    connection.expect(IO_STDIN_END);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn container_without_interest_leaves_stdin_alone() {
    let engine = Engine::new("no-interest");
    let (reader, mut writer) = pipe();
    let watched = reader.try_clone().unwrap();
    let mut client = Client::spawn_with(&mut engine.command(&["run"]), reader, Stdio::piped());
    let (mut connection, _) = engine.serve();
    let [stdin, stdout] = ["in", "out"].map(|name| engine.folder.fifo(name));
    writer.write_all(b"for the next command").unwrap();
    connection.credit(100);
    assert_eq!(connection.expect(STDIN), b"for the next command");
    writer.write_all(b"more").unwrap();
    connection.io(0, [&stdin, &stdout, none()], "");
    // It may have been taken before the order came.
    let taken = match connection.receive().unwrap() {
        (STDIN, bytes) => {
            connection.expect(IO_READY);
            bytes.len()
        }
        (kind, _) => {
            assert_eq!(kind, IO_READY);
            0
        }
    };
    writer.write_all(b"and more").unwrap();
    assert!(connection.is_silent());
    assert_eq!(waiting(&watched), 12 - taken);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    assert_eq!(connection.expect(STDIN).len(), 12 - taken, "afterwards it is the engine's again");
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn writers_may_come_and_go() {
    let engine = Engine::new("writers");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let [stdout, stderr] = ["out", "err"].map(|name| engine.folder.fifo(name));
    connection.io(0, [none(), &stdout, &stderr], "");
    connection.expect(IO_READY);
    for round in 0..20 {
        let text = format!("writer {round}\n");
        shim_opens(&stdout, true).write_all(text.as_bytes()).unwrap();
        assert_eq!(client.read_out(text.len()), text.as_bytes());
    }
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.end(), (String::new(), String::new(), 0));
}

#[test]
fn output_is_drained_after_the_end() {
    let engine = Engine::new("drained");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let stdout = engine.folder.fifo("out");
    connection.io(0, [none(), &stdout, none()], "");
    connection.expect(IO_READY);
    let mut out = shim_opens(&stdout, true);
    connection.send(IO_END, b"");
    // The writer has more, and takes its time: less than 2 s, again and again.
    let mut stream = client.child.stdout.take().unwrap();
    for i in 0..4 {
        assert!(connection.is_silent(), "{i}");
        out.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        std::thread::sleep(Duration::from_millis(800));
    }
    drop(out);
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn writer_that_stays_is_waited_for_two_seconds() {
    let engine = Engine::new("stays");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let [stdout, stderr] = ["out", "err"].map(|name| engine.folder.fifo(name));
    connection.io(0, [none(), &stdout, &stderr], "");
    connection.expect(IO_READY);
    let mut out = shim_opens(&stdout, true);
    out.write_all(b"text").unwrap();
    connection.send(IO_END, b"");
    let begun = Instant::now();
    connection.expect(IO_DONE);
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(1900) && took < Duration::from_secs(10), "{took:?}");
    connection.exit(0);
    assert_eq!(client.end(), ("text".to_owned(), String::new(), 0));
}

#[test]
fn end_behind_writers_that_have_gone_is_done_at_once() {
    let engine = Engine::new("gone");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let [stdout, stderr] = ["out", "err"].map(|name| engine.folder.fifo(name));
    connection.io(0, [none(), &stdout, &stderr], "");
    connection.expect(IO_READY);
    shim_opens(&stdout, true).write_all(b"text").unwrap();
    drop(shim_opens(&stderr, true));
    assert_eq!(client.read_out(4), b"text");
    // The client has seen the writers go, and the folder goes as well.
    std::thread::sleep(Duration::from_millis(100));
    std::fs::remove_file(&stdout).unwrap();
    connection.send(IO_END, b"");
    let begun = Instant::now();
    connection.expect(IO_DONE);
    assert!(begun.elapsed() < Duration::from_millis(1900), "nobody writes, so nobody is waited for");
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn end_without_a_relay_is_done_at_once() {
    let engine = Engine::new("no-relay");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(1);
    assert_eq!(client.status(), 1);
}

#[test]
fn what_is_no_fifo_is_refused() {
    let engine = Engine::new("refused");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let fifo = engine.folder.fifo("fifo");
    let file = engine.folder.path("file");
    let missing = engine.folder.path("missing");
    std::fs::write(&file, "precious").unwrap();
    for (flags, paths, keys, part) in [
        (0, [none(), &file, none()], "", "file is not a fifo"),
        (0, [none(), &fifo, &missing], "", "missing: No such file"),
        (WANTS_STDIN, [&file, &fifo, none()], "", "file is not a fifo"),
        (0, [none(), Path::new("/dev/null"), none()], "", "/dev/null is not a fifo"),
    ] {
        connection.io(flags, paths, keys);
        let payload = connection.expect(IO_FAILED);
        let reason = String::from_utf8(string(&mut &payload[..])).unwrap();
        assert!(reason.contains(part), "{reason}");
    }
    // A good one is taken after that.
    connection.io(0, [none(), &fifo, none()], "");
    connection.expect(IO_READY);
    connection.exit(125);
    assert_eq!(client.end(), (String::new(), String::new(), 125));
    assert_eq!(std::fs::read(&file).unwrap(), b"precious");
}

#[test]
fn container_that_takes_no_more_input_goes_on() {
    let engine = Engine::new("takes-no-more");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let [stdin, stdout] = ["in", "out"].map(|name| engine.folder.fifo(name));
    connection.io(WANTS_STDIN, [&stdin, &stdout, none()], "");
    connection.expect(IO_READY);
    let mut out = shim_opens(&stdout, true);
    drop(shim_reads(&stdin));
    // The client lets go; whoever feeds it sees it as any pipe's end.
    std::thread::sleep(Duration::from_millis(100));
    let _ = client.child.stdin.as_mut().unwrap().write_all(b"too late\n");
    out.write_all(b"still here\n").unwrap();
    assert_eq!(client.read_out(11), b"still here\n");
    drop(out);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn closed_stdout_ends_the_relay_quietly() {
    let engine = Engine::new("relay-epipe");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let stdout = engine.folder.fifo("out");
    connection.io(0, [none(), &stdout, none()], "");
    connection.expect(IO_READY);
    client.child.stdout = None;
    let mut out = shim_opens(&stdout, true);
    // A child that another test is just starting may hold a copy of the pipe for a moment.
    eventually("an error of the pipe", || {
        out.write_all(b"text\n").unwrap();
        !connection.is_silent()
    });
    connection.expect_signal(libc::SIGPIPE);
    assert_eq!(client.end(), (String::new(), String::new(), 141));
}

#[test]
fn slow_reader_gets_everything_after_the_end() {
    let engine = Engine::new("relay-slow");
    let (mut reader, writer) = pipe();
    let mut client = Client::spawn_with(&mut engine.command(&["run"]), Stdio::null(), writer);
    let (mut connection, _) = engine.serve();
    let stdout = engine.folder.fifo("out");
    connection.io(0, [none(), &stdout, none()], "");
    connection.expect(IO_READY);
    let mut out = shim_opens(&stdout, true);
    out.write_all(&[b'z'; 200_000]).unwrap();
    drop(out);
    connection.send(IO_END, b"");
    std::thread::sleep(Duration::from_millis(2500));
    assert!(connection.is_silent(), "not done while anything is left, however long it takes");
    let mut bytes = vec![0; 200_000];
    reader.read_exact(&mut bytes).unwrap();
    assert!(bytes.iter().all(|&b| b == b'z'));
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.status(), 0);
    assert_eq!(reader.read(&mut bytes).unwrap(), 0);
}

const MUCH: usize = 256 << 20;

/// Feeds `MUCH` through a container that gives everything back: as `cat` does.
fn much(engine: &Engine, mut client: Client) -> u64 {
    let (mut connection, _) = engine.serve();
    let [stdin, stdout] = ["in", "out"].map(|name| engine.folder.fifo(name));
    connection.io(WANTS_STDIN, [&stdin, &stdout, none()], "");
    connection.expect(IO_READY);
    let mut out = shim_opens(&stdout, true);
    let mut input = shim_reads(&stdin);
    let echoed = std::io::copy(&mut input, &mut out).unwrap();
    drop(out);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.status(), 0);
    echoed
}

#[test]
fn much_passes_exactly_from_pipe_to_pipe() {
    let engine = Engine::new("pipe-pipe");
    let mut client = engine.client(&["run"]);
    let stdin = client.child.stdin.take().unwrap();
    let mut stdout = client.child.stdout.take().unwrap();
    let fed = std::thread::spawn(move || write_much(stdin, MUCH));
    let got = std::thread::spawn(move || Hash::new().read(&mut stdout));
    assert_eq!(much(&engine, client), MUCH as u64);
    assert_eq!(got.join().unwrap(), fed.join().unwrap());
}

#[test]
fn much_passes_exactly_from_file_to_file() {
    let engine = Engine::new("file-file");
    for append in [false, true] {
        let _ = std::fs::remove_file(engine.folder.path("in"));
        let _ = std::fs::remove_file(engine.folder.path("out"));
        let [from, to] = ["from", "to"].map(|name| engine.folder.path(name));
        let fed = write_much(File::create(&from).unwrap(), MUCH);
        std::fs::write(&to, if append { "old " } else { "" }).unwrap();
        let stdout = OpenOptions::new().write(true).append(append).open(&to).unwrap();
        let client = Client::spawn_with(&mut engine.command(&["run"]), File::open(&from).unwrap(), stdout);
        assert_eq!(much(&engine, client), MUCH as u64);
        let mut file = File::open(&to).unwrap();
        file.seek(std::io::SeekFrom::Start(if append { 4 } else { 0 })).unwrap();
        assert_eq!(Hash::new().read(&mut file), fed, "append {append}");
    }
}

#[test]
fn much_passes_exactly_through_sockets() {
    let engine = Engine::new("sockets");
    let (mut stdin, stdin_end) = std::os::unix::net::UnixStream::pair().unwrap();
    let (mut stdout, stdout_end) = std::os::unix::net::UnixStream::pair().unwrap();
    let client = Client::spawn_with(
        &mut engine.command(&["run"]),
        std::os::fd::OwnedFd::from(stdin_end),
        std::os::fd::OwnedFd::from(stdout_end),
    );
    let fed = std::thread::spawn(move || {
        let hash = write_much(&mut stdin, MUCH);
        stdin.shutdown(std::net::Shutdown::Write).unwrap();
        (hash, stdin)
    });
    let got = std::thread::spawn(move || Hash::new().read(&mut stdout));
    assert_eq!(much(&engine, client), MUCH as u64);
    assert_eq!(got.join().unwrap(), fed.join().unwrap().0);
}
