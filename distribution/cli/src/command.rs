//! What is told to the engine at each connection.

use std::path::PathBuf;

use crate::frame::{self, Hello};
use crate::terminal::Terminal;

pub struct Command {
    pub socket: PathBuf,
    pub arguments: Vec<Vec<u8>>,
    pub environment: Vec<Vec<u8>>,
    pub directory: Vec<u8>,
}

impl Command {
    /// The payload of HELLO, with other arguments than the user's after a reconnection.
    pub fn hello(&self, instead: Option<&[Vec<u8>]>) -> Result<Vec<u8>, String> {
        let (rows, columns) = Terminal::size();
        let payload = Hello {
            terminals: Terminal::streams(),
            rows,
            columns,
            directory: &self.directory,
            arguments: instead.unwrap_or(&self.arguments),
            environment: &self.environment,
        }
        .encode();
        if payload.len() <= frame::LIMIT {
            return Ok(payload);
        }
        Err(format!(
            "the arguments and the environment have {} bytes together, more than the {} that can be handed \
             to the engine: pass less, for example from a file or by `env -i`",
            payload.len(),
            frame::LIMIT
        ))
    }
}
