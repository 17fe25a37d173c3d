//! The names of all files of a store, kept once and compactly, since a store may have millions.

/// The number of a file in a [`Catalogue`].
pub(crate) type FileId = usize;
/// The number of a directory in a [`Catalogue`].
pub(crate) type DirectoryId = usize;

/// The directories and files of a store, in the order in which they were added.
#[derive(Debug)]
pub(crate) struct Catalogue {
    text: String,
    directories: Vec<Name>,
    files: Vec<Name>,
}

/// A name within a directory, as a range of the text.
#[derive(Debug, Clone, Copy)]
struct Name {
    directory: DirectoryId,
    start: usize,
    end: usize,
}

impl Catalogue {
    /// The number of the store itself.
    pub(crate) const ROOT: DirectoryId = 0;
    /// The path of the store itself, relative to the store.
    pub(crate) const ROOT_PATH: &str = ".";

    /// Returns a catalogue without files.
    pub(crate) fn new() -> Self {
        let root = Name {
            directory: Self::ROOT,
            start: 0,
            end: 0,
        };
        Self {
            text: String::new(),
            directories: vec![root],
            files: Vec::new(),
        }
    }

    /// Returns the number of files.
    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// Adds a directory.
    pub(crate) fn add_directory(&mut self, parent: DirectoryId, name: &str) -> DirectoryId {
        let name = self.add_name(parent, name);
        self.directories.push(name);
        self.directories.len() - 1
    }

    /// Adds a file.
    pub(crate) fn add_file(&mut self, directory: DirectoryId, name: &str) -> FileId {
        let name = self.add_name(directory, name);
        self.files.push(name);
        self.files.len() - 1
    }

    /// Adds a file by its path, and the directories that lead to it. Directories of the previous file
    /// are used again, so that paths in byte order add each directory once.
    pub(crate) fn add_path(&mut self, path: &str) -> FileId {
        let last = self.files.len().checked_sub(1);
        let open = last.map_or_else(Vec::new, |last| self.lineage(self.directory_of(last)));
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop().unwrap_or_default();
        let shared = open
            .iter()
            .zip(&parts)
            .take_while(|(open, part)| self.directory_name(**open) == **part)
            .count();
        let shared_directory = shared.checked_sub(1).map_or(Self::ROOT, |last| open[last]);
        let directory = parts[shared..]
            .iter()
            .fold(shared_directory, |parent, part| {
                self.add_directory(parent, part)
            });
        self.add_file(directory, name)
    }

    /// Returns the file of this path among the first `files` files, which are in byte order of path.
    pub(crate) fn find(&self, path: &str, files: FileId) -> Option<FileId> {
        let file = self.position(path, files);
        (file < files && self.file_path(file) == path).then_some(file)
    }

    /// Returns `true` if the store has a directory of this path. The directories must have been added
    /// in byte order of their paths with a `/` at the end of each, as the walk does.
    pub(crate) fn has_directory(&self, path: &str) -> bool {
        let path = format!("{path}/");
        let order = |name: &Name| {
            (self.path_below("", name.directory, self.text_of(*name)) + "/").cmp(&path)
        };
        self.directories
            .get(1..)
            .is_some_and(|directories| directories.binary_search_by(order).is_ok())
    }

    /// Returns the first file among the first `files` files whose path is not less than `path`.
    fn position(&self, path: &str, files: FileId) -> FileId {
        let is_less = |name: &Name| {
            self.path_below("", name.directory, self.text_of(*name))
                .as_str()
                < path
        };
        self.files
            .get(..files)
            .map_or(files, |files| files.partition_point(is_less))
    }

    fn add_name(&mut self, directory: DirectoryId, name: &str) -> Name {
        let start = self.text.len();
        self.text.push_str(name);
        Name {
            directory,
            start,
            end: self.text.len(),
        }
    }

    /// Returns the name of a file in its directory.
    pub(crate) fn file_name(&self, file: FileId) -> &str {
        self.text_of(self.files[file])
    }

    /// Returns the name of a directory in its parent.
    pub(crate) fn directory_name(&self, directory: DirectoryId) -> &str {
        self.text_of(self.directories[directory])
    }

    /// Returns the directory of a file.
    pub(crate) fn directory_of(&self, file: FileId) -> DirectoryId {
        self.files[file].directory
    }

    /// Returns the directories from the store, which is excluded, down to `directory`.
    pub(crate) fn lineage(&self, directory: DirectoryId) -> Vec<DirectoryId> {
        let mut lineage = Vec::new();
        let mut next = directory;
        while next != Self::ROOT {
            lineage.push(next);
            next = self.directories[next].directory;
        }
        lineage.reverse();
        lineage
    }

    /// Returns the path of a file relative to the store.
    pub(crate) fn file_path(&self, file: FileId) -> String {
        self.file_path_below("", file)
    }

    /// Returns the path of a file relative to the store, after `prefix`.
    pub(crate) fn file_path_below(&self, prefix: &str, file: FileId) -> String {
        self.path_below(prefix, self.files[file].directory, self.file_name(file))
    }

    /// Returns the path of a directory relative to the store, without a slash at its end:
    /// [`Catalogue::ROOT_PATH`] for the store itself.
    pub(crate) fn directory_path(&self, directory: DirectoryId) -> String {
        if directory == Self::ROOT {
            return Self::ROOT_PATH.to_owned();
        }
        let mut path = self.path_in(directory, "");
        path.pop();
        path
    }

    /// Returns the path of a name in a directory, relative to the store.
    pub(crate) fn path_in(&self, directory: DirectoryId, name: &str) -> String {
        self.path_below("", directory, name)
    }

    fn path_below(&self, prefix: &str, directory: DirectoryId, name: &str) -> String {
        let lineage = self.lineage(directory);
        let length = lineage
            .iter()
            .map(|&directory| self.directory_name(directory).len() + 1)
            .sum::<usize>();
        let mut path = String::with_capacity(prefix.len() + length + name.len());
        path.push_str(prefix);
        for directory in lineage {
            path.push_str(self.directory_name(directory));
            path.push('/');
        }
        path.push_str(name);
        path
    }

    fn text_of(&self, name: Name) -> &str {
        &self.text[name.start..name.end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_directory_does_not_end_with_a_slash() {
        let mut catalogue = Catalogue::new();
        let file = catalogue.add_path("a/b/c");
        let directory = catalogue.directory_of(file);
        assert_eq!(catalogue.directory_path(directory), "a/b");
        assert_eq!(catalogue.directory_path(Catalogue::ROOT), ".");
    }
}
