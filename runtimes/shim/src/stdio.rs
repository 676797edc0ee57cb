//! The standard streams of a process, as a request names them: fifos, files, `binary://` loggers,
//! or nothing.

use std::fs::OpenOptions;
use std::io::{self, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::relay::Relay;
use crate::spawn::{self, Program};
use crate::sys::{self, pid_t};

/// The four fields of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    pub stdin: String,
    pub stdout: String,
    pub stderr: String,
    pub terminal: bool,
}

/// Where output goes.
#[derive(Debug, PartialEq, Eq)]
enum Sink<'a> {
    Nothing,
    Path(&'a str),
    File(String),
    Logger(&'a str),
}

/// Whose streams they are: passed to loggers.
pub struct Owner<'a> {
    pub namespace: &'a str,
    pub id: &'a str,
    pub user: u32,
    pub group: u32,
    pub folder: &'a Path,
}

/// Streams that are ready for a process, and what this side of them needs.
#[derive(Default)]
pub struct Streams {
    /// Input, output and errors of the process, unless it has a terminal.
    pub child: Vec<OwnedFd>,
    pub stdin: Option<Relay>,
    pub outputs: Vec<Relay>,
    /// Read ends of fifos: while they are open, nobody's leaving breaks a fifo or empties it.
    pub holds: Vec<OwnedFd>,
    pub logger: Option<Logger>,
    /// Where the output of a terminal goes.
    pub terminal_sink: Option<OwnedFd>,
}

pub struct Logger {
    pub pid: pid_t,
    /// A byte comes when it is ready.
    pub ready: OwnedFd,
}

fn sink(name: &str) -> io::Result<Sink<'_>> {
    Ok(match name.split_once("://") {
        None if name.is_empty() => Sink::Nothing,
        None => Sink::Path(name),
        Some(("fifo", path)) => Sink::Path(path),
        Some(("file", path)) => Sink::File(decode(path.split('?').next().unwrap_or(path))),
        Some(("binary", rest)) => Sink::Logger(rest),
        Some((scheme, _)) => {
            let what = format!("output {name}: {scheme} is none of fifo, file and binary");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
    })
}

/// Takes the escapes of a URI back.
fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = || std::str::from_utf8(after.get(..2)?).ok().and_then(|d| u8::from_str_radix(d, 16).ok());
        match (first, code()) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The program of a logger and its arguments: each name of the query and its value.
fn logger_line(rest: &str) -> (String, Vec<String>) {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut arguments = Vec::new();
    for pair in query.split('&').filter(|p| !p.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        for part in [name, value] {
            arguments.push(decode(&part.replace('+', " ")));
        }
    }
    (decode(path), arguments)
}

impl Streams {
    /// Opens what is named.
    pub fn open(names: &Names, owner: &Owner<'_>) -> io::Result<Self> {
        let mut streams = Streams::default();
        if names.terminal {
            streams.open_terminal(names, owner)?;
            return Ok(streams);
        }
        let input = streams.open_input(&names.stdin, owner)?;
        let (output, errors) = match (sink(&names.stdout)?, sink(&names.stderr)?) {
            (Sink::Logger(line), _) | (Sink::Nothing, Sink::Logger(line)) => {
                let (output, errors) = (output_pipe(owner)?, output_pipe(owner)?);
                streams.logger = Some(start_logger(line, owner, [&output.0, &errors.0])?);
                (output.1, errors.1)
            }
            (Sink::File(path), errors) => {
                let file = open_file(&path)?;
                let errors = match errors {
                    Sink::File(other) if other != path => open_file(&other)?,
                    // One file for both: they share its position.
                    _ => sys::again(&file)?,
                };
                (streams.relay_to(file, owner)?, streams.relay_to(errors, owner)?)
            }
            (output, errors) => (streams.open_output(output, owner)?, streams.open_output(errors, owner)?),
        };
        streams.child = vec![input, output, errors];
        Ok(streams)
    }

    fn open_input(&mut self, name: &str, owner: &Owner<'_>) -> io::Result<OwnedFd> {
        if name.is_empty() {
            return sys::null();
        }
        let source = open_source(name)?;
        let (read, write) = sys::pipe()?;
        give(&read, owner)?;
        sys::set_nonblocking(write.as_fd())?;
        self.stdin = Some(Relay::new(source, write, true));
        Ok(read)
    }

    fn open_output(&mut self, sink: Sink<'_>, owner: &Owner<'_>) -> io::Result<OwnedFd> {
        match sink {
            Sink::Nothing => sys::null(),
            Sink::Path(path) => {
                let sink = self.open_path(path)?;
                self.relay_to(sink, owner)
            }
            Sink::File(path) => self.relay_to(open_file(&path)?, owner),
            // Only beside a logger of the other stream, which takes both.
            Sink::Logger(_) => sys::null(),
        }
    }

    fn relay_to(&mut self, sink: OwnedFd, owner: &Owner<'_>) -> io::Result<OwnedFd> {
        let (read, write) = sys::pipe()?;
        give(&write, owner)?;
        sys::set_nonblocking(read.as_fd())?;
        self.outputs.push(Relay::new(read, sink, true));
        Ok(write)
    }

    /// A fifo; or another file that is there, such as `/dev/null`.
    fn open_path(&mut self, path: &str) -> io::Result<OwnedFd> {
        let about = |e: io::Error| io::Error::new(e.kind(), format!("open {path}: {e}"));
        if !std::fs::metadata(path).map_err(about)?.file_type().is_fifo() {
            return open_file(path);
        }
        // The read end first: without one, the other can't be opened without waiting.
        self.holds.push(sys::open_fifo(path, false).map_err(about)?);
        sys::open_fifo(path, true).map_err(about)
    }

    /// What a terminal shows goes to one place; what is typed comes from its own.
    fn open_terminal(&mut self, names: &Names, owner: &Owner<'_>) -> io::Result<()> {
        let sink = match sink(&names.stdout)? {
            Sink::Nothing => sys::null()?,
            Sink::Path(path) => self.open_path(path)?,
            Sink::File(path) => open_file(&path)?,
            Sink::Logger(line) => {
                let (output, errors) = (sys::pipe()?, sys::pipe()?);
                self.logger = Some(start_logger(line, owner, [&output.0, &errors.0])?);
                sys::set_nonblocking(output.1.as_fd())?;
                output.1
            }
        };
        self.terminal_sink = Some(sink);
        Ok(())
    }
}

/// The read end of a fifo of input.
pub fn open_source(name: &str) -> io::Result<OwnedFd> {
    let path = name.strip_prefix("fifo://").unwrap_or(name);
    sys::open_fifo(path, false).map_err(|e| io::Error::new(e.kind(), format!("open {path}: {e}")))
}

/// A pipe for output that this side does not read.
fn output_pipe(owner: &Owner<'_>) -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = sys::pipe()?;
    give(&write, owner)?;
    Ok((read, write))
}

fn give(end: &OwnedFd, owner: &Owner<'_>) -> io::Result<()> {
    if owner.user == 0 && owner.group == 0 {
        return Ok(());
    }
    sys::change_owner(end.as_fd(), owner.user, owner.group)
}

/// A file to be written to behind what it holds. It is not opened for appending, since the kernel
/// moves nothing into such a file by itself.
fn open_file(path: &str) -> io::Result<OwnedFd> {
    if let Some(folder) = Path::new(path).parent() {
        std::fs::create_dir_all(folder)?;
    }
    let about = |e: io::Error| io::Error::new(e.kind(), format!("open {path}: {e}"));
    let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(about)?;
    if file.metadata()?.is_file() {
        file.seek(SeekFrom::End(0))?;
    }
    Ok(file.into())
}

fn start_logger(line: &str, owner: &Owner<'_>, outputs: [&OwnedFd; 2]) -> io::Result<Logger> {
    let (path, arguments) = logger_line(line);
    let path = spawn::find(&path)?;
    let (ready, says_ready) = sys::pipe()?;
    sys::set_nonblocking(ready.as_fd())?;
    let null = sys::null()?;
    let [output, errors] = outputs;
    let pid = spawn::spawn(&Program {
        path: &path,
        arguments: &arguments,
        folder: owner.folder,
        descriptors: &[
            null.as_fd(),
            null.as_fd(),
            null.as_fd(),
            output.as_fd(),
            errors.as_fd(),
            says_ready.as_fd(),
        ],
        environment: &[("CONTAINER_ID", owner.id), ("CONTAINER_NAMESPACE", owner.namespace)],
        dies_with_us: false,
    })
    .map_err(|e| io::Error::new(e.kind(), format!("start the logger {}: {e}", path.display())))?;
    Ok(Logger { pid, ready })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sinks_are_told_by_their_schemes() {
        assert_eq!(sink("").unwrap(), Sink::Nothing);
        assert_eq!(sink("/run/x").unwrap(), Sink::Path("/run/x"));
        assert_eq!(sink("fifo:///run/x").unwrap(), Sink::Path("/run/x"));
        assert_eq!(sink("file:///a%20b?x=y").unwrap(), Sink::File("/a b".into()));
        assert_eq!(sink("binary:///bin/l?a=b").unwrap(), Sink::Logger("/bin/l?a=b"));
        let error = sink("http://x").unwrap_err().to_string();
        assert!(error.contains("http is none of"), "{error}");
    }

    #[test]
    fn loggers_get_the_query_as_arguments() {
        let (path, arguments) = logger_line("/bin/felucca%2Dlogger?log=%2Ftmp%2Fa+b&max=10&flag");
        assert_eq!(path, "/bin/felucca-logger");
        assert_eq!(arguments, ["log", "/tmp/a b", "max", "10", "flag", ""]);
        assert_eq!(decode("100%&%zz%4"), "100%&%zz%4");
    }
}
