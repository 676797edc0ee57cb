//! A command without a container: arguments, streams over the socket, signals, status.

mod common;

use std::ffi::OsString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use common::*;

#[test]
fn hello_says_everything() {
    let engine = Engine::new("hello");
    let mut command = engine.command(&["run", "--socket", "x", "-e", "A=b"]);
    command.arg(OsString::from_vec(b"\xff\xfe".to_vec())).arg("");
    command.env_clear().env("ONE", "1=1").env("TWO", OsString::from_vec(b"\xf0".to_vec()));
    command.current_dir("/usr");
    let mut client = Client::spawn(&mut command);
    let (mut connection, hello) = engine.serve();
    assert_eq!((hello.version, hello.terminals, hello.rows, hello.columns), (1, 0, 0, 0));
    assert_eq!(hello.directory, b"/usr");
    let arguments: Vec<&[u8]> = vec![b"run", b"--socket", b"x", b"-e", b"A=b", b"\xff\xfe", b""];
    assert_eq!(hello.arguments, arguments);
    assert_eq!(hello.environment, [&b"ONE=1=1"[..], b"TWO=\xf0"]);
    connection.exit(0);
    assert_eq!(client.end(), (String::new(), String::new(), 0));
}

#[test]
fn no_arguments_are_handed_over_as_none() {
    let engine = Engine::new("none");
    let mut client = engine.client(&[]);
    let (mut connection, hello) = engine.serve();
    assert!(hello.arguments.is_empty());
    connection.send(STDOUT, b"help\n");
    connection.exit(2);
    assert_eq!(client.end(), ("help\n".to_owned(), String::new(), 2));
}

#[test]
fn socket_is_named_by_option_or_environment() {
    let engine = Engine::new("socket");
    let path = engine.socket.to_str().unwrap();
    let with_equals = format!("--socket={path}");
    for (variable, arguments) in [
        (path, vec!["ps"]),
        ("/nowhere", vec!["--socket", path, "ps"]),
        ("/nowhere", vec![&with_equals, "ps"]),
        ("/nowhere", vec!["--socket", "/nor/here", &with_equals, "ps"]),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_felucca"));
        let mut client = Client::spawn(command.args(&arguments).env("FELUCCA_SOCKET", variable));
        let (mut connection, hello) = engine.serve();
        assert_eq!(hello.arguments, [b"ps"]);
        connection.exit(0);
        assert_eq!(client.status(), 0);
    }
}

#[test]
fn streams_and_status_are_exact() {
    let engine = Engine::new("streams");
    let mut client = engine.client(&["x"]);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"one\0\n");
    connection.send(STDERR, b"error\n");
    connection.send(STDOUT, b"");
    connection.send(STDOUT, b"two");
    connection.exit(255);
    drop(connection);
    assert_eq!(client.end(), ("one\0\ntwo".to_owned(), "error\n".to_owned(), 255));
}

#[test]
fn last_output_survives_an_engine_that_closes_at_once() {
    let engine = Engine::new("last");
    let (reader, writer) = pipe();
    let mut client = Client::spawn_with(&mut engine.command(&["x"]), Stdio::piped(), writer);
    let (mut connection, _) = engine.serve();
    connection.credit(1 << 20);
    // Both directions are full when the engine goes.
    let text = vec![b'x'; 1 << 20];
    let copy = text.clone();
    let sender = std::thread::spawn(move || {
        connection.send(STDOUT, &copy);
        connection.exit(3);
    });
    client.type_in(&[b'i'; 60_000]);
    std::thread::sleep(Duration::from_millis(100));
    let mut got = Vec::new();
    let mut reader = reader;
    reader.read_to_end(&mut got).unwrap();
    sender.join().unwrap();
    assert!(got == text);
    assert_eq!(client.status(), 3);
}

#[test]
fn stdin_is_read_as_far_as_credited() {
    let engine = Engine::new("credit");
    let (reader, mut writer) = pipe();
    let watched = reader.try_clone().unwrap();
    let mut client = Client::spawn_with(&mut engine.command(&["x"]), reader, Stdio::null());
    let (mut connection, _) = engine.serve();
    writer.write_all(b"abcdefgh").unwrap();
    assert!(connection.is_silent());
    assert_eq!(waiting(&watched), 8);
    connection.credit(5);
    assert_eq!(connection.expect(STDIN), b"abcde");
    assert!(connection.is_silent());
    assert_eq!(waiting(&watched), 3, "the rest is left to whoever reads next");
    connection.credit(1);
    connection.credit(1);
    let mut more = connection.expect(STDIN);
    if more.len() == 1 {
        more.extend(connection.expect(STDIN));
    }
    assert_eq!(more, b"fg");
    drop(writer);
    assert!(connection.is_silent());
    connection.credit(100);
    assert_eq!(connection.expect(STDIN), b"h");
    connection.expect(STDIN_EOF);
    connection.credit(100);
    assert!(connection.is_silent(), "the end is told once");
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn much_stdin_and_output_pass_exactly() {
    const TOTAL: usize = 256 << 20;
    let engine = Engine::new("much");
    let mut client = engine.client(&["x"]);
    let (mut connection, _) = engine.serve();
    let stdin = client.child.stdin.take().unwrap();
    let mut stdout = client.child.stdout.take().unwrap();
    let typed = std::thread::spawn(move || write_much(stdin, TOTAL));
    let shown = std::thread::spawn(move || Hash::new().read(&mut stdout));
    // The engine gives everything back, as `cat` would.
    connection.credit(300_000);
    loop {
        match connection.receive().unwrap() {
            (STDIN, bytes) => {
                assert!(bytes.len() <= 300_000);
                connection.send(STDOUT, &bytes);
                connection.credit(bytes.len() as u32);
            }
            (STDIN_EOF, _) => break,
            other => panic!("{other:?}"),
        }
    }
    connection.exit(0);
    assert_eq!(client.status(), 0);
    let typed = typed.join().unwrap();
    assert_eq!(typed.1, TOTAL as u64);
    assert_eq!(shown.join().unwrap(), typed);
}

#[test]
fn slow_reader_slows_the_engine_down() {
    let engine = Engine::new("slow");
    let (mut reader, writer) = pipe();
    let mut client = Client::spawn_with(&mut engine.command(&["x"]), Stdio::null(), writer);
    let (mut connection, _) = engine.serve();
    let sender = std::thread::spawn(move || {
        let block = vec![b'y'; 1 << 20];
        for _ in 0..16 {
            connection.send(STDOUT, &block);
        }
        connection.exit(0);
        connection
    });
    std::thread::sleep(Duration::from_millis(300));
    assert!(!sender.is_finished(), "16 MiB lie somewhere between");
    // Signals get through all the same.
    client.kill(libc::SIGTERM);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 16 << 20);
    sender.join().unwrap().expect_signal(libc::SIGTERM);
    assert_eq!(client.status(), 0);
}

#[test]
fn signals_are_passed_on() {
    let engine = Engine::new("signals");
    let mut client = engine.client(&["x"]);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"go");
    assert_eq!(client.read_out(2), b"go");
    for signal in
        [libc::SIGTERM, libc::SIGHUP, libc::SIGQUIT, libc::SIGUSR1, libc::SIGUSR2, libc::SIGINT, libc::SIGINT]
    {
        client.kill(signal);
        connection.expect_signal(signal);
    }
    client.kill(libc::SIGWINCH);
    assert!(connection.is_silent(), "there is no terminal whose size could have changed");
    assert!(client.is_alive());
    connection.exit(143);
    assert_eq!(client.status(), 143);
}

#[test]
fn signal_before_the_engine_has_said_anything_ends_the_client() {
    for (signal, status) in [(libc::SIGINT, 130), (libc::SIGTERM, 143)] {
        let engine = Engine::new("queue");
        let mut client = engine.client(&["x"]);
        let (mut connection, _) = engine.serve();
        client.kill(signal);
        assert_eq!(client.end(), (String::new(), String::new(), status));
        assert_eq!(connection.receive(), None, "the engine sees it go, and ends the command");
    }
}

#[test]
fn third_interrupt_ends_the_client() {
    let engine = Engine::new("interrupts");
    let mut client = engine.client(&["x"]);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"go");
    assert_eq!(client.read_out(2), b"go");
    client.kill(libc::SIGINT);
    connection.expect_signal(libc::SIGINT);
    std::thread::sleep(Duration::from_millis(3100));
    for _ in 0..2 {
        client.kill(libc::SIGINT);
        connection.expect_signal(libc::SIGINT);
        assert!(client.is_alive(), "the first was too long ago");
    }
    client.kill(libc::SIGINT);
    assert_eq!(client.end(), (String::new(), String::new(), 130));
}

#[test]
fn ignored_signals_stay_ignored() {
    let engine = Engine::new("nohup");
    let mut command = engine.command(&["x"]);
    let ignore = || {
        // SAFETY: a system call, as a child before its exec may make.
        unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
        Ok(())
    };
    // SAFETY: see there.
    unsafe { command.pre_exec(ignore) };
    let mut client = Client::spawn(&mut command);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"go");
    assert_eq!(client.read_out(2), b"go");
    client.kill(libc::SIGHUP);
    assert!(connection.is_silent());
    client.kill(libc::SIGTERM);
    connection.expect_signal(libc::SIGTERM);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn closed_stdout_ends_quietly() {
    let engine = Engine::new("epipe");
    let mut client = engine.client(&["x"]);
    let (mut connection, _) = engine.serve();
    client.child.stdout = None;
    // A child that another test is just starting may hold a copy of the pipe for a moment.
    eventually("an error of the pipe", || {
        connection.send(STDOUT, b"nobody reads this\n");
        !connection.is_silent()
    });
    connection.expect_signal(libc::SIGPIPE);
    assert_eq!(connection.receive(), None);
    assert_eq!(client.end(), (String::new(), String::new(), 141));
}

#[test]
fn full_disk_behind_stdout_is_told() {
    let engine = Engine::new("devfull");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut client = Client::spawn_with(&mut engine.command(&["x"]), Stdio::null(), full);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"text");
    connection.expect_signal(libc::SIGPIPE);
    let (_, message, status) = client.end();
    assert_eq!(status, 125);
    assert!(message.contains("standard output: No space left"), "{message}");
}

#[test]
fn missing_engine_is_told_with_the_next_step() {
    let mut engine = Engine::new("missing");
    engine.stop();
    let path = engine.socket.to_str().unwrap().to_owned();
    let (out, message, status) = engine.client(&["ps"]).end();
    assert_eq!((out.as_str(), status), ("", 125));
    for part in [&path, "Connection refused", "feluccad", "--socket", "FELUCCA_SOCKET"] {
        assert!(message.contains(part), "{message}");
    }
    std::fs::remove_file(&path).unwrap();
    let (_, message, status) = engine.client(&["ps"]).end();
    assert_eq!(status, 125);
    assert!(message.contains("No such file") && message.contains("feluccad"), "{message}");
    let long = "/x".repeat(100);
    let (_, message, status) =
        Client::spawn(Command::new(env!("CARGO_BIN_EXE_felucca")).args(["--socket", &long])).end();
    assert_eq!(status, 125);
    assert!(message.contains("cannot connect"), "{message}");
    let (_, message, status) =
        Client::spawn(Command::new(env!("CARGO_BIN_EXE_felucca")).args(["--socket"])).end();
    assert_eq!(status, 125);
    assert!(message.contains("--socket needs"), "{message}");
}

#[test]
fn engine_that_breaks_the_protocol_is_told() {
    for (bytes, part) in [
        (vec![0x7f, 0, 0, 0, 65], "2130706432 bytes"),
        (vec![0, 0, 0, 0, 99], "unknown type 99"),
        (vec![0, 0, 0, 2, 72, 1, 1], "type 72"),
    ] {
        let engine = Engine::new("broken");
        let mut client = engine.client(&["x"]);
        let (mut connection, _) = engine.serve();
        connection.0.write_all(&bytes).unwrap();
        let (_, message, status) = client.end();
        assert_eq!(status, 125);
        assert!(message.contains(part) && message.contains("same version"), "{message}");
    }
}

#[test]
fn too_much_to_hand_over_is_told() {
    let engine = Engine::new("too-much");
    let mut command = engine.command(&["x"]);
    for i in 0..11 {
        command.env(format!("BIG{i}"), "x".repeat(100_000));
    }
    let (_, message, status) = Client::spawn(&mut command).end();
    assert_eq!(status, 125);
    assert!(message.contains("1048576") && message.contains("pass less"), "{message}");
}

#[test]
fn lost_engine_is_told() {
    let engine = Engine::new("went-away");
    let mut client = engine.client(&["x"]);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"half");
    drop(connection);
    let (out, message, status) = client.end();
    assert_eq!((out.as_str(), status), ("half", 125));
    assert!(message.contains("went away") && message.contains("felucca ps"), "{message}");
}
