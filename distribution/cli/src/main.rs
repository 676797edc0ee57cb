//! `felucca`: hands its arguments to the engine's shell, relays the streams, and ends with the
//! command's status. It knows no command itself.

mod command;
mod feed;
mod fifo;
mod frame;
mod input;
mod keys;
mod link;
mod relay;
mod session;
mod sink;
mod sys;
mod terminal;
mod wait;

use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use command::Command;
use link::Link;
use session::{End, Session};
use terminal::Terminal;

const DEFAULT_SOCKET: &str = "/run/felucca/shell.sock";
/// The option of verbs that tell where the time went: they want to know when this client began, by a
/// clock that the engine reads too.
const TRACE: &str = "--trace";
const BEGAN: &str = "FELUCCA_CLIENT_BEGAN";
/// What the completion files of shells ask for.
const COMPLETE: &str = "__complete";
const COMPLETES_WITHIN: Duration = Duration::from_secs(2);
/// The client or the engine failed, not the command (as docker has it).
const FAILED: u8 = 125;

fn main() -> ExitCode {
    match run() {
        End::Status(status) => ExitCode::from(status),
        End::Failed(message) => {
            // There is no one left to tell if this fails.
            let _ = writeln!(std::io::stderr(), "felucca: {message}");
            ExitCode::from(FAILED)
        }
    }
}

fn run() -> End {
    let began = sys::monotonic_nanos();
    let given: Vec<OsString> = std::env::args_os().skip(1).collect();
    let completes = given.first().is_some_and(|verb| verb == COMPLETE);
    let parsed = if completes { completion(given) } else { parse(given) };
    let (socket, arguments) = match parsed {
        Ok(parsed) => parsed,
        Err(message) => return End::Failed(message),
    };
    let link = match Link::connect(&socket) {
        Ok(link) => link,
        // Who types is not disturbed: the shell knows something itself then.
        Err(_) if completes => return End::Status(FAILED),
        Err(e) => return End::Failed(unreachable_engine(&socket, &e)),
    };
    let mut environment = environment();
    if arguments.iter().any(|argument| argument == TRACE) {
        environment.push(format!("{BEGAN}={began}").into_bytes());
    }
    let command = Command {
        socket,
        arguments: arguments.into_iter().map(OsString::into_vec).collect(),
        environment,
        // Empty where the folder is gone: most commands do without.
        directory: std::env::current_dir().map_or_else(|_| Vec::new(), |d| d.into_os_string().into_vec()),
    };
    match Session::new(command, link, Terminal::new()) {
        Ok(session) => session.run(),
        Err(e) => End::Failed(format!("cannot set up the streams and signals: {e}")),
    }
}

/// `felucca __complete -- WORD...`, asked by a shell: the words are those of a command line, and may
/// name the socket of another engine in front of the verb. Nobody waits long for the answer.
fn completion(mut given: Vec<OsString>) -> Result<(PathBuf, Vec<OsString>), String> {
    std::thread::spawn(|| {
        std::thread::sleep(COMPLETES_WITHIN);
        std::process::exit(FAILED.into());
    });
    let begin = given.len().min(2);
    let words = given.split_off(begin);
    // What is being typed now is no socket yet.
    let (typed, last) = words.split_at(words.len().saturating_sub(1));
    let (socket, rest) = parse(typed.to_vec())?;
    given.extend(rest);
    given.extend_from_slice(last);
    Ok((socket, given))
}

/// The socket, and the arguments from the verb on.
fn parse(mut arguments: Vec<OsString>) -> Result<(PathBuf, Vec<OsString>), String> {
    let mut socket = std::env::var_os("FELUCCA_SOCKET").filter(|path| !path.is_empty());
    while let Some(first) = arguments.first() {
        if first == "--socket" {
            if arguments.len() < 2 {
                return Err("--socket needs the path of the engine's socket after it".to_owned());
            }
            socket = Some(arguments.remove(1));
            arguments.remove(0);
        } else if let Some(path) = first.as_bytes().strip_prefix(b"--socket=") {
            socket = Some(OsString::from_vec(path.to_vec()));
            arguments.remove(0);
        } else {
            break;
        }
    }
    let socket = socket.map_or_else(|| PathBuf::from(DEFAULT_SOCKET), PathBuf::from);
    Ok((socket, arguments))
}

fn environment() -> Vec<Vec<u8>> {
    let join = |(name, value): (OsString, OsString)| {
        let mut entry = name.into_vec();
        entry.push(b'=');
        entry.extend_from_slice(value.as_bytes());
        entry
    };
    std::env::vars_os().map(join).collect()
}

fn unreachable_engine(socket: &Path, error: &std::io::Error) -> String {
    let socket = socket.display();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => format!(
            "no engine answers at {socket} ({error}): start one with `feluccad`, \
             or name the socket of a running one with --socket PATH or FELUCCA_SOCKET"
        ),
        ErrorKind::PermissionDenied => format!(
            "the engine at {socket} may not be used ({error}): \
             become root, or a member of the group that the socket belongs to"
        ),
        _ => format!("cannot connect to the engine at {socket}: {error}; name its socket with --socket PATH"),
    }
}
