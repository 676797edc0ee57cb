//! The client in a terminal: modes, size, keys.

mod common;

use std::io::{Read, Write};
use std::time::Duration;

use common::*;

const TERMINAL: u8 = 1;
const WANTS_STDIN: u8 = 2;

#[test]
fn hello_tells_the_terminal_and_resize_its_size() {
    let engine = Engine::new("size");
    let screen = Screen::new(30, 100);
    let mut client = screen.client(engine.command(&["shell"]));
    let (mut connection, hello) = engine.serve();
    assert_eq!((hello.terminals, hello.rows, hello.columns), (7, 30, 100));
    screen.resize(50, 132);
    assert_eq!(connection.expect(RESIZE), [0, 50, 0, 132]);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn raw_mode_comes_and_goes() {
    let engine = Engine::new("raw");
    let mut screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["shell"]));
    let (mut connection, _) = engine.serve();
    assert!(!screen.is_raw());
    connection.send(RAW, &[1]);
    connection.send(RAW, &[1]);
    screen.wait_raw(true);
    connection.credit(1000);
    screen.type_in(b"\x03\x04\r");
    let mut typed = Vec::new();
    while typed.len() < 3 {
        typed.extend(connection.expect(STDIN));
    }
    assert_eq!(typed, b"\x03\x04\r");
    connection.send(STDOUT, b"a\nb");
    screen.wait_shown("a\nb");
    connection.send(RAW, &[0]);
    screen.wait_raw(false);
    screen.type_in(b"\x03");
    connection.expect_signal(libc::SIGINT);
    // And back at the end, asked or not.
    connection.send(RAW, &[1]);
    screen.wait_raw(true);
    connection.exit(9);
    assert_eq!(client.status(), 9);
    assert!(!screen.is_raw());
}

#[test]
fn terminal_is_restored_whatever_happens() {
    for way in ["lost", "protocol", "interrupts", "epipe"] {
        let engine = Engine::new("restored");
        let screen = Screen::new(24, 80);
        let mut command = engine.command(&["x"]);
        let (reader, writer) = pipe();
        let mut client = if way == "epipe" {
            // Only standard input is the terminal.
            drop(reader);
            let stdin = screen.line.try_clone().unwrap();
            Client::spawn_with(&mut command, stdin, writer)
        } else {
            screen.client(command)
        };
        let (mut connection, _) = engine.serve();
        connection.send(RAW, &[1]);
        screen.wait_raw(true);
        let status = match way {
            "lost" => {
                drop(connection);
                125
            }
            "protocol" => {
                connection.send(1, b"");
                125
            }
            "interrupts" => {
                for _ in 0..3 {
                    client.kill(libc::SIGINT);
                    std::thread::sleep(Duration::from_millis(20));
                }
                130
            }
            _ => {
                eventually("the client's end", || {
                    connection.try_send(STDOUT, b"x").is_err() || !client.is_alive()
                });
                141
            }
        };
        assert_eq!(client.status(), status, "{way}");
        assert!(!screen.is_raw(), "{way}");
    }
}

#[test]
fn stopped_client_gives_the_terminal_back() {
    let engine = Engine::new("stopped");
    let screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["shell"]));
    let (mut connection, _) = engine.serve();
    connection.send(RAW, &[1]);
    screen.wait_raw(true);
    client.kill(libc::SIGTSTP);
    screen.wait_raw(false);
    let stat = format!("/proc/{}/stat", client.child.id());
    eventually("a stopped process", || std::fs::read_to_string(&stat).unwrap().contains(") T "));
    client.kill(libc::SIGCONT);
    screen.wait_raw(true);
    assert_eq!(connection.expect(RESIZE), [0, 24, 0, 80]);
    connection.exit(0);
    assert_eq!(client.status(), 0);
    assert!(!screen.is_raw());
}

#[test]
fn keys_go_through_to_the_container() {
    let engine = Engine::new("keys");
    let mut screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["run"]));
    let (mut connection, _) = engine.serve();
    let [stdin, stdout] = ["in", "out"].map(|name| engine.folder.fifo(name));
    connection.io(TERMINAL | WANTS_STDIN, [&stdin, &stdout, none()], "");
    connection.expect(IO_READY);
    assert!(screen.is_raw(), "raw before the engine hears of it");
    let mut out = shim_opens(&stdout, true);
    let mut input = shim_reads(&stdin);
    screen.type_in(b"ls\r\x03\x1a\x04\x1c");
    let mut keys = [0; 7];
    input.read_exact(&mut keys).unwrap();
    assert_eq!(&keys, b"ls\r\x03\x1a\x04\x1c");
    out.write_all(b"\x1b[1mbold\n").unwrap();
    screen.wait_shown("\x1b[1mbold\n");
    screen.resize(10, 20);
    assert_eq!(connection.expect(RESIZE), [0, 10, 0, 20]);
    // The first detach key is held until the second decides.
    screen.type_in(b"\x10");
    screen.type_in(b"x");
    let mut held = [0; 2];
    input.read_exact(&mut held).unwrap();
    assert_eq!(&held, b"\x10x");
    drop(out);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    assert!(!screen.is_raw());
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn terminal_without_input_keeps_its_signals() {
    // `run -t` without -i: nothing reads the keys, so ctrl-c must reach the engine.
    let engine = Engine::new("no-input");
    let mut screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["run"]));
    let (mut connection, _) = engine.serve();
    let stdout = engine.folder.fifo("out");
    connection.io(TERMINAL, [none(), &stdout, none()], "");
    connection.expect(IO_READY);
    assert!(!screen.is_raw());
    shim_opens(&stdout, true).write_all(b"text").unwrap();
    screen.wait_shown("text");
    screen.type_in(b"\x03");
    connection.expect_signal(libc::SIGINT);
    connection.exit(130);
    assert_eq!(client.status(), 130);
}

#[test]
fn detach_keys_let_go() {
    for (keys, typed) in [("", &b"ab\x10\x11cd"[..]), ("ctrl-x,x", b"ab\x18xcd")] {
        let engine = Engine::new("detach");
        let screen = Screen::new(24, 80);
        let mut client = screen.client(engine.command(&["run"]));
        let (mut connection, _) = engine.serve();
        let [stdin, stdout] = ["in", "out"].map(|name| engine.folder.fifo(name));
        connection.io(TERMINAL | WANTS_STDIN, [&stdin, &stdout, none()], keys);
        connection.expect(IO_READY);
        let mut out = shim_opens(&stdout, true);
        let mut input = shim_reads(&stdin);
        screen.type_in(typed);
        connection.expect(IO_DETACHED);
        assert!(!screen.is_raw());
        assert!(out.write_all(b"nobody").is_err(), "the fifo has no reader any more");
        let mut rest = Vec::new();
        input.read_to_end(&mut rest).unwrap();
        assert!(b"ab".starts_with(&rest[..]), "nothing from the keys on: {rest:?}");
        connection.exit(0);
        assert_eq!(client.status(), 0);
    }
}

#[test]
fn detach_keys_work_before_the_container_listens() {
    let engine = Engine::new("detach-early");
    let screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["run"]));
    let (mut connection, _) = engine.serve();
    let stdin = engine.folder.fifo("in");
    connection.io(TERMINAL | WANTS_STDIN, [&stdin, none(), none()], "");
    connection.expect(IO_READY);
    screen.type_in(b"\x10\x11");
    connection.expect(IO_DETACHED);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn wrong_detach_keys_are_refused() {
    let engine = Engine::new("detach-wrong");
    let screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["run"]));
    let (mut connection, _) = engine.serve();
    let stdin = engine.folder.fifo("in");
    connection.io(TERMINAL | WANTS_STDIN, [&stdin, none(), none()], "ctrl-ä");
    let payload = connection.expect(IO_FAILED);
    assert!(String::from_utf8(payload).unwrap().contains("ctrl-ä"));
    assert!(!screen.is_raw());
    connection.exit(125);
    assert_eq!(client.status(), 125);
}

#[test]
fn end_of_line_mode_input_reaches_the_container() {
    // `run -i` without -t: the terminal stays in line mode, and ctrl-d ends the input.
    let engine = Engine::new("line-mode");
    let screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["run"]));
    let (mut connection, _) = engine.serve();
    let stdin = engine.folder.fifo("in");
    connection.io(WANTS_STDIN, [&stdin, none(), none()], "a,b");
    connection.expect(IO_READY);
    let mut input = shim_reads(&stdin);
    screen.type_in(b"line ab\n\x04");
    let mut text = Vec::new();
    input.read_to_end(&mut text).unwrap();
    assert_eq!(text, b"line ab\n");
    assert!(!screen.is_raw());
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn closed_terminal_is_told() {
    let engine = Engine::new("hang-up");
    let mut screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["shell"]));
    let (mut connection, _) = engine.serve();
    connection.send(RAW, &[1]);
    screen.wait_raw(true);
    screen.master = None;
    connection.expect_signal(libc::SIGHUP);
    connection.send(STDOUT, b"into the void");
    connection.expect_signal(libc::SIGHUP);
    assert_eq!(client.status(), 129);
}
