//! The program in a room of its own: a temporary folder, where nothing else runs and nothing stays.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A temporary folder, removed when it is dropped.
pub struct Room(tempfile::TempDir);

/// What a command left behind.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Its results.
    pub stdout: String,
    /// Its messages.
    pub stderr: String,
}

/// Everything below a folder: files with their bytes, folders with none.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

impl Room {
    /// An empty room.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The bytes of a file in it.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The text of a file in it.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).expect("a text file")
    }

    /// The JSON of a file in it.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.bytes(name)).expect("a JSON file")
    }

    /// Writes a file into it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("the room is writable");
    }

    /// The program, about to start in it.
    pub fn command(&self, args: &[&str]) -> Command {
        self.in_it(env!("CARGO_BIN_EXE_espejo"), args)
    }

    /// Any program, about to start in it.
    pub fn in_it(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(args)
            .current_dir(self.0.path())
            // As a person starts it: what Cargo sets for the tests changes the commands it proposes.
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// Trains a small run `name` on the CPU for 20 epochs, or as `more` says.
    pub fn train(&self, name: &str, more: &[&str]) -> Ran {
        let train = ["train", "--device", "cpu", "--no-figures", "--name", name];
        let args = [&train[..], &["--set", "train.epochs=20"], more].concat();
        self.run(&args).ok()
    }

    /// All that is in it.
    pub fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        walk(self.0.path(), &mut tree);
        tree
    }
}

fn walk(folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tree.insert(path.clone(), None);
            walk(&path, tree);
        } else {
            let bytes = fs::read(&path).expect("a file");
            tree.insert(path, Some(bytes));
        }
    }
}

/// Runs a command to its end.
pub fn ran(command: &mut Command) -> Ran {
    command.output().expect("the command starts").into()
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}

impl Ran {
    /// The same, after a success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// The same, after one error told once, without a panic.
    #[track_caller]
    pub fn failed(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert_eq!(self.lines("error: ").len(), 1, "one error: {self:#?}");
        for word in ["panicked", "RUST_BACKTRACE", "stack backtrace"] {
            assert!(!self.stderr.contains(word), "{self:#?}");
        }
        self
    }

    /// What follows `start` on the lines of stderr that begin with it. The Vulkan loader's own line is not counted.
    pub fn lines(&self, start: &str) -> Vec<&str> {
        let ours = |line: &&str| !line.contains("XDG_RUNTIME_DIR");
        let lines = self.stderr.lines().filter(ours);
        lines.filter_map(|line| line.strip_prefix(start)).collect()
    }

    /// The lines on stdout after a success, each in its cells, none of which is quoted.
    #[track_caller]
    pub fn rows(&self) -> Vec<Vec<String>> {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        self.stdout.lines().map(cells).collect()
    }

    /// The one JSON object on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        let value: Value = serde_json::from_str(&self.stdout).expect("one JSON value on stdout");
        assert!(value.is_object(), "{value}");
        value
    }
}

/// An array as NumPy writes it.
pub fn npy(kind: &str, shape: &str, values: &[u8]) -> Vec<u8> {
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    let text = format!("{text:<117}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((text.len() as u16).to_le_bytes());
    file.extend(text.as_bytes());
    file.extend(values);
    file
}
