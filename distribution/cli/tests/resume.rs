//! The engine goes and comes back while a container runs.

mod common;

use std::io::Write;
use std::time::Duration;

use common::*;

#[test]
fn relay_goes_on_without_the_engine() {
    let mut engine = Engine::new("goes-on");
    let mut client = engine.client(&["run", "busybox"]);
    let (mut connection, hello) = engine.serve();
    let [stdin, stdout] = ["in", "out"].map(|name| engine.folder.fifo(name));
    connection.io(2, [&stdin, &stdout, none()], "");
    connection.expect(IO_READY);
    connection.resume(&["wait", "--resume", "c1"]);
    let mut out = shim_opens(&stdout, true);
    let mut input = shim_reads(&stdin);
    out.write_all(b"one\n").unwrap();
    assert_eq!(client.read_out(4), b"one\n");

    engine.stop();
    drop(connection);
    for round in 0..3 {
        out.write_all(b"two\n").unwrap();
        assert_eq!(client.read_out(4), b"two\n");
        client.type_in(b"typed");
        let mut text = [0; 5];
        std::io::Read::read_exact(&mut input, &mut text).unwrap();
        assert_eq!(&text, b"typed", "round {round}");
        std::thread::sleep(Duration::from_millis(100));
    }
    client.kill(libc::SIGTERM);
    client.kill(libc::SIGTERM);
    std::thread::sleep(Duration::from_millis(20));

    engine.start_again();
    let (mut connection, again) = engine.serve();
    assert_eq!(again.arguments, [&b"wait"[..], b"--resume", b"c1"]);
    assert_eq!(again.environment, hello.environment);
    connection.expect_signal(libc::SIGTERM);
    // The new engine may ask for the same streams once more, and for no others.
    connection.io(2, [&stdin, &stdout, none()], "");
    connection.expect(IO_READY);
    connection.io(2, [&stdin, &stdin, none()], "");
    connection.expect(IO_FAILED);
    drop(out);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(7);
    assert_eq!(client.end(), (String::new(), String::new(), 7));
}

#[test]
fn relay_goes_on_while_the_new_engine_is_too_busy_to_accept() {
    let mut engine = Engine::new("busy");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let stdout = engine.folder.fifo("out");
    connection.io(0, [none(), &stdout, none()], "");
    connection.expect(IO_READY);
    connection.resume(&["wait"]);
    let mut out = shim_opens(&stdout, true);
    engine.stop();
    engine.start_again();
    let crowd = engine.crowd();
    drop(connection);
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(100));
        out.write_all(b"text\n").unwrap();
        assert_eq!(client.read_out(5), b"text\n");
    }
    for _ in crowd {
        engine.accept();
    }
    let (mut connection, hello) = engine.serve();
    assert_eq!(hello.arguments, [b"wait"]);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn container_may_end_without_the_engine() {
    let mut engine = Engine::new("ends");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    let stdout = engine.folder.fifo("out");
    connection.io(0, [none(), &stdout, none()], "");
    connection.expect(IO_READY);
    connection.resume(&["again"]);
    connection.resume(&["wait"]);
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    // Twice in a row, the second time without a word.
    for _ in 0..2 {
        engine.stop();
        drop(connection);
        engine.start_again();
        let hello;
        (connection, hello) = engine.serve();
        assert_eq!(hello.arguments, [b"wait"]);
    }
    connection.send(IO_END, b"");
    connection.expect(IO_DONE);
    connection.exit(4);
    assert_eq!(client.end(), (String::new(), String::new(), 4));
}

#[test]
fn credit_begins_anew() {
    let engine = Engine::new("credit-anew");
    let mut client = engine.client(&["run"]);
    let (mut connection, _) = engine.serve();
    connection.resume(&["wait"]);
    connection.credit(100);
    client.close_stdin();
    connection.expect(STDIN_EOF);
    drop(connection);
    let (mut connection, _) = engine.serve();
    assert!(connection.is_silent());
    connection.credit(1);
    connection.expect(STDIN_EOF);
    connection.exit(0);
    assert_eq!(client.status(), 0);
}

#[test]
fn detaching_without_the_engine_ends_well() {
    let mut engine = Engine::new("detach-lost");
    let screen = Screen::new(24, 80);
    let mut client = screen.client(engine.command(&["run"]));
    let (mut connection, _) = engine.serve();
    let stdin = engine.folder.fifo("in");
    connection.io(3, [&stdin, none(), none()], "");
    connection.expect(IO_READY);
    connection.resume(&["wait"]);
    let _input = shim_reads(&stdin);
    engine.stop();
    drop(connection);
    std::thread::sleep(Duration::from_millis(200));
    assert!(screen.is_raw());
    screen.type_in(b"\x10\x11");
    assert_eq!(client.status(), 0);
    assert!(!screen.is_raw());
}

#[test]
fn what_comes_again_behind_a_position_is_left_out() {
    let engine = Engine::new("position");
    let mut client = engine.client(&["logs"]);
    let (mut connection, _) = engine.serve();
    connection.position(&["logs", "0"]);
    connection.send(STDOUT, b"one ");
    connection.position(&["logs", "1"]);
    connection.send(STDOUT, b"two ");
    connection.send(STDERR, b"err");
    assert_eq!(client.read_out(8), b"one two ");
    for times in 0..2 {
        drop(connection);
        (connection, _) = {
            let (connection, hello) = engine.serve();
            assert_eq!(hello.arguments, [b"logs".to_vec(), b"1".to_vec()], "time {times}");
            (connection, hello)
        };
        // It says where it stands first, and all from there in pieces of its own.
        connection.position(&["logs", "1"]);
        connection.send(STDOUT, b"t");
    }
    connection.send(STDERR, b"error ");
    connection.send(STDOUT, b"wo three ");
    connection.position(&["logs", "3"]);
    connection.send(STDOUT, b"four");
    connection.exit(0);
    assert_eq!(client.end(), ("three four".into(), "error ".into(), 0));
}

#[test]
fn output_behind_a_resumption_is_never_left_out() {
    let engine = Engine::new("resumption");
    let mut client = engine.client(&["shell"]);
    let (mut connection, _) = engine.serve();
    connection.resume(&["shell", "--again"]);
    connection.send(STDOUT, b"> ");
    assert_eq!(client.read_out(2), b"> ");
    drop(connection);
    let (mut connection, _) = engine.serve();
    connection.send(STDOUT, b"> ");
    connection.exit(0);
    assert_eq!(client.end(), ("> ".into(), String::new(), 0));
}
