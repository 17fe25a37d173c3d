/*
 * A read-only file system that mirrors a directory, and waits before each call that it answers: a
 * stand-in for network storage. Nothing is cached, neither names nor attributes. Calls that are made
 * at the same time wait at the same time.
 *
 *   slow_fs DIRECTORY MOUNTPOINT MICROSECONDS    (ends when it is unmounted)
 */
#define FUSE_USE_VERSION 312
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int root;
static useconds_t delay;

/* Returns a path below the directory, after the delay. */
static const char *mirrored(const char *path)
{
	usleep(delay);
	return path[1] ? path + 1 : ".";
}

static int result(ssize_t value)
{
	return value < 0 ? -errno : (int)value;
}

static void *initialize(struct fuse_conn_info *connection, struct fuse_config *config)
{
	(void)connection;
	config->attr_timeout = config->entry_timeout = config->negative_timeout = 0;
	/* The files are those of the directory, so that no program takes one for another. */
	config->use_ino = config->readdir_ino = 1;
	return NULL;
}

static int get_attributes(const char *path, struct stat *attributes, struct fuse_file_info *file)
{
	(void)file;
	return result(fstatat(root, mirrored(path), attributes, AT_SYMLINK_NOFOLLOW));
}

static int read_link(const char *path, char *target, size_t size)
{
	ssize_t length = readlinkat(root, mirrored(path), target, size - 1);
	if (length < 0)
		return -errno;
	target[length] = 0;
	return 0;
}

static int read_directory(const char *path, void *buffer, fuse_fill_dir_t fill, off_t offset,
			  struct fuse_file_info *file, enum fuse_readdir_flags flags)
{
	(void)offset, (void)file, (void)flags;
	int directory = openat(root, mirrored(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = directory < 0 ? NULL : fdopendir(directory);
	if (!entries)
		return -errno;
	for (struct dirent *entry; (entry = readdir(entries));) {
		struct stat attributes = {.st_ino = entry->d_ino, .st_mode = DTTOIF(entry->d_type)};
		if (fill(buffer, entry->d_name, &attributes, 0, 0))
			break;
	}
	closedir(entries);
	return 0;
}

static int open_file(const char *path, struct fuse_file_info *file)
{
	int opened = openat(root, mirrored(path), O_RDONLY | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	file->fh = (uint64_t)opened;
	return 0;
}

static int read_file(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *file)
{
	mirrored(path);
	return result(pread((int)file->fh, buffer, size, offset));
}

static int close_file(const char *path, struct fuse_file_info *file)
{
	(void)path;
	return result(close((int)file->fh));
}

static const struct fuse_operations operations = {
	.init = initialize,
	.getattr = get_attributes,
	.readlink = read_link,
	.readdir = read_directory,
	.open = open_file,
	.read = read_file,
	.release = close_file,
};

int main(int count, char **arguments)
{
	if (count != 4) {
		fprintf(stderr, "expected: slow_fs DIRECTORY MOUNTPOINT MICROSECONDS\n");
		return 2;
	}
	root = open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0) {
		perror(arguments[1]);
		return 1;
	}
	delay = (useconds_t)strtoul(arguments[3], NULL, 10);
	char *options[] = {arguments[0], arguments[2], "-f", "-o", "ro,fsname=slow_fs,max_threads=256,max_idle_threads=256", NULL};
	return fuse_main(5, options, &operations, NULL);
}
