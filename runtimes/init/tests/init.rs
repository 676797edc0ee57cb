//! The built binary, as a container runs it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};

const INIT: &str = env!("CARGO_BIN_EXE_felucca-init");

fn output(arguments: &[&str]) -> Output {
    Command::new(INIT).args(arguments).output().expect("it runs")
}

fn start(script: &str) -> Child {
    Command::new(INIT).args(["--", "sh", "-c", script]).stdout(Stdio::piped()).spawn().expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn ends_as_the_program_does() {
    assert_eq!(output(&["--", "sh", "-c", "exit 7"]).status.code(), Some(7));
    assert_eq!(output(&["sh", "-c", "kill -9 $$"]).status.code(), Some(128 + 9));
    assert_eq!(text(&output(&["echo", "--", "a b"]).stdout), "-- a b\n");
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let missing = output(&["--", "no-such-program"]);
    assert_eq!(missing.status.code(), Some(127));
    assert!(text(&missing.stderr).contains("no-such-program"), "{}", text(&missing.stderr));
    assert_eq!(output(&["--", "/etc/passwd"]).status.code(), Some(126));
    assert_eq!(output(&["--"]).status.code(), Some(125));
}

#[test]
fn signals_are_passed_on() {
    let mut child = start("trap 'echo got it; exit 3' USR1; echo ready; while :; do sleep 0.05; done");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    assert_eq!(line, "ready\n");
    // SAFETY: kill touches no memory.
    unsafe { libc::kill(child.id() as libc::pid_t, libc::SIGUSR1) };
    line.clear();
    lines.read_line(&mut line).expect("a line");
    assert_eq!(line, "got it\n");
    assert_eq!(child.wait().expect("it ends").code(), Some(3));
}

#[test]
fn orphans_are_reaped() {
    // The orphan's parent is init once its own has ended; a zombie would be shown as such.
    let mut child = start(
        "sh -c 'sleep 0.1 & echo $!' > /tmp/felucca-init-$$; \
         pid=$(cat /tmp/felucca-init-$$); rm /tmp/felucca-init-$$; \
         while [ -e /proc/$pid ]; do sleep 0.05; done; echo reaped",
    );
    let mut all = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut all).expect("a text");
    assert_eq!(all, "reaped\n");
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn it_needs_no_library() {
    let bytes = std::fs::read(INIT).expect("it is there");
    let interpreter = b"/lib64/ld-linux";
    assert!(
        cfg!(not(target_feature = "crt-static"))
            || !bytes.windows(interpreter.len()).any(|part| part == interpreter),
        "it is linked statically"
    );
}
