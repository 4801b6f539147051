/* Records, in order, all that a process does to the files below a folder: for power loss tests.

   Preload it (LD_PRELOAD) with
     O3_RECORD_ROOT   the folder, an absolute path without symbolic links
     O3_RECORD_TRACE  the file the trace is appended to
     O3_RECORD_SKIP   optional, "file:GLOB" or "directory:GLOB": a sync of what has a path that
                      matches by then is not done, and said to have worked
   trace.py reads what this writes; `struct head` there and here must agree.

   The process ends, as by SIGKILL, when a file beside the trace appears (its name and `.kill`): at a
   moment when the trace holds all that was done.

   A write is recorded once it has returned, a sync before it begins (as SYNC_BEGIN) and once it has
   returned (as SYNC_END): what stands before a SYNC_BEGIN is what that sync covers. Changes of names
   are made and recorded under one lock, so their order is the real one.

   Not seen: writes through memory maps (MAP tells that there is one), through stdio, and system
   calls that go past the C library. A test compares a whole trace with the folder that it left.  */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum kind {
    OPEN = 1, WRITE, TRUNCATE, ALLOCATE, PUNCH, SYNC_BEGIN, SYNC_END, SYNC_SKIPPED,
    MAKE_DIRECTORY, REMOVE_DIRECTORY, RENAME, UNLINK, MAP, UNSUPPORTED, START
};
enum flag { CREATED = 1, DIRECTORY = 2, DURABLE = 4 };

struct head {
    uint64_t time_ns;
    uint32_t kind, flags;
    uint64_t handle, offset, size;
    uint32_t path_bytes, target_bytes;
};

#define FDS_MAX 65536
struct opened {
    uint64_t handle;                    /* 0: not below the folder */
    uint32_t flags;
};

static struct opened opened[FDS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Held for reading from before a call until it is recorded. */
static pthread_rwlock_t calls = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP;
static int trace = -1;
static uint64_t next_handle = 1, next_sync = 1;
static char root[PATH_MAX], skip_glob[PATH_MAX], kill_path[PATH_MAX];
static size_t root_bytes;
static int skips_files, skips_directories;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (real == NULL) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define ALIAS(name) __attribute__((alias(#name)))

static void give_up(const char *what)
{
    dprintf(2, "recorder: %s: %s\n", what, strerror(errno));
    abort();
}

static void record(struct head head, const char *path, const char *target,
                   const struct iovec *pieces);

static void *await_kill(void *nothing)
{
    while (access(kill_path, F_OK) != 0)
        usleep(5000);
    pthread_rwlock_wrlock(&calls);
    kill(getpid(), SIGKILL);
    return nothing;
}

__attribute__((constructor)) static void begin(void)
{
    pthread_t killer;
    const char *folder = getenv("O3_RECORD_ROOT"), *file = getenv("O3_RECORD_TRACE");
    const char *skip = getenv("O3_RECORD_SKIP");
    static int (*real)(const char *, int, ...);
    if (folder == NULL || file == NULL)
        return;
    real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    root_bytes = (size_t)snprintf(root, sizeof root, "%s", folder);
    if (skip != NULL) {
        skips_files = strncmp(skip, "file:", 5) == 0;
        skips_directories = strncmp(skip, "directory:", 10) == 0;
        if (!skips_files && !skips_directories)
            give_up("O3_RECORD_SKIP");
        snprintf(skip_glob, sizeof skip_glob, "%s", strchr(skip, ':') + 1);
    }
    trace = real(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (trace < 0)
        give_up(file);
    record((struct head){.kind = START}, NULL, NULL, NULL);
    snprintf(kill_path, sizeof kill_path, "%s.kill", file);
    if (pthread_create(&killer, NULL, await_kill, NULL) != 0)
        give_up("pthread_create");
}

/* ---- writing the trace ---- */

static void put(const void *data, size_t bytes)
{
    REAL(write);
    const char *at = data;
    while (bytes > 0) {
        ssize_t done = real(trace, at, bytes);
        if (done < 0 && errno != EINTR)
            give_up("the trace");
        if (done > 0) {
            at += done;
            bytes -= (size_t)done;
        }
    }
}

/* With the lock held. `head.size` bytes of `pieces` follow for a WRITE. */
static void record(struct head head, const char *path, const char *target,
                   const struct iovec *pieces)
{
    struct timespec now;
    int saved = errno;
    clock_gettime(CLOCK_MONOTONIC, &now);
    head.time_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    head.path_bytes = path == NULL ? 0 : (uint32_t)strlen(path);
    head.target_bytes = target == NULL ? 0 : (uint32_t)strlen(target);
    put(&head, sizeof head);
    put(path, head.path_bytes);
    put(target, head.target_bytes);
    for (uint64_t left = head.kind == WRITE ? head.size : 0; left > 0; pieces++) {
        size_t bytes = pieces->iov_len < left ? pieces->iov_len : left;
        put(pieces->iov_base, bytes);
        left -= bytes;
    }
    errno = saved;
}

static struct opened *found(int fd)
{
    if (trace < 0 || fd < 0 || fd >= FDS_MAX || opened[fd].handle == 0)
        return NULL;
    return &opened[fd];
}

static void note(enum kind kind, int fd, uint64_t offset, uint64_t size)
{
    struct opened *file = found(fd);
    if (file == NULL)
        return;
    pthread_mutex_lock(&lock);
    record((struct head){.kind = kind, .handle = file->handle, .offset = offset, .size = size},
           NULL, NULL, NULL);
    pthread_mutex_unlock(&lock);
}

static void note_write(int fd, uint64_t offset, ssize_t done, const struct iovec *pieces, int durable)
{
    struct opened *file = found(fd);
    if (file == NULL || done <= 0)
        return;
    pthread_mutex_lock(&lock);
    record((struct head){.kind = WRITE, .flags = file->flags | (durable ? DURABLE : 0),
                         .handle = file->handle, .offset = offset, .size = (uint64_t)done},
           NULL, NULL, pieces);
    pthread_mutex_unlock(&lock);
}

/* ---- names ---- */

/* The absolute path when it lies in the folder, else NULL. */
static const char *inside(int at, const char *path, char *buffer)
{
    if (trace < 0 || path == NULL)
        return NULL;
    if (path[0] == '/') {
        snprintf(buffer, PATH_MAX, "%s", path);
    } else {
        char from[64];
        ssize_t bytes;
        if (at == AT_FDCWD)
            snprintf(from, sizeof from, "/proc/self/cwd");
        else
            snprintf(from, sizeof from, "/proc/self/fd/%d", at);
        bytes = readlink(from, buffer, PATH_MAX - 1);
        if (bytes < 0)
            return NULL;
        snprintf(buffer + bytes, PATH_MAX - (size_t)bytes, "/%s", path);
    }
    if (strncmp(buffer, root, root_bytes) != 0)
        return NULL;
    return buffer[root_bytes] == '/' || buffer[root_bytes] == 0 ? buffer : NULL;
}

static int open_at(int at, const char *path, int flags, mode_t mode)
{
    REAL(openat);
    char buffer[PATH_MAX];
    struct stat status;
    struct head head = {.kind = OPEN};
    const char *where = flags & O_PATH ? NULL : inside(at, path, buffer);
    int fd, missing;
    if (where == NULL)
        return real(at, path, flags, mode);
    pthread_rwlock_rdlock(&calls);
    pthread_mutex_lock(&lock);
    missing = lstat(where, &status) != 0;
    fd = real(at, path, flags, mode);
    if (fd >= 0) {
        if (fd >= FDS_MAX || fstat(fd, &status) != 0)
            give_up(where);
        head.handle = next_handle++;
        head.flags = (missing ? CREATED : 0) | (S_ISDIR(status.st_mode) ? DIRECTORY : 0);
        record(head, where, NULL, NULL);
        if ((flags & O_TRUNC) && !missing)
            record((struct head){.kind = TRUNCATE, .handle = head.handle}, NULL, NULL, NULL);
        opened[fd].flags = flags & O_DSYNC ? DURABLE : 0;   /* O_SYNC includes that bit */
        opened[fd].handle = head.handle;
    }
    pthread_mutex_unlock(&lock);
    pthread_rwlock_unlock(&calls);
    return fd;
}

static mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_at(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) ALIAS(open);

int openat(int at, const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_at(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) ALIAS(openat);

int creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) ALIAS(creat);

int close(int fd)
{
    REAL(close);
    if (found(fd) != NULL) {
        pthread_mutex_lock(&lock);
        opened[fd].handle = 0;
        pthread_mutex_unlock(&lock);
    }
    return real(fd);
}

/* One name, or two, changed by `call`. */
#define CHANGE(kind_of_it, first_at, first, second_at, second, call) \
    char one[PATH_MAX], two[PATH_MAX]; \
    const char *where = inside(first_at, first, one), *target = inside(second_at, second, two); \
    if (where == NULL && target == NULL) \
        return call; \
    pthread_rwlock_rdlock(&calls); \
    pthread_mutex_lock(&lock); \
    int result = call; \
    if (result == 0) \
        record((struct head){.kind = kind_of_it}, where, target, NULL); \
    pthread_mutex_unlock(&lock); \
    pthread_rwlock_unlock(&calls); \
    return result

int mkdirat(int at, const char *path, mode_t mode)
{
    REAL(mkdirat);
    CHANGE(MAKE_DIRECTORY, at, path, at, NULL, real(at, path, mode));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int at, const char *path, int flags)
{
    REAL(unlinkat);
    CHANGE(flags & AT_REMOVEDIR ? REMOVE_DIRECTORY : UNLINK, at, path, at, NULL,
           real(at, path, flags));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int renameat2(int from, const char *path, int to, const char *target_path, unsigned flags)
{
    REAL(renameat2);
    CHANGE(flags & ~(unsigned)RENAME_NOREPLACE ? UNSUPPORTED : RENAME, from, path, to, target_path,
           real(from, path, to, target_path, flags));
}
int renameat(int from, const char *path, int to, const char *target)
{
    return renameat2(from, path, to, target, 0);
}
int rename(const char *path, const char *target)
{
    return renameat2(AT_FDCWD, path, AT_FDCWD, target, 0);
}

int linkat(int from, const char *path, int to, const char *target_path, int flags)
{
    REAL(linkat);
    CHANGE(UNSUPPORTED, from, path, to, target_path, real(from, path, to, target_path, flags));
}
int link(const char *path, const char *target)
{
    return linkat(AT_FDCWD, path, AT_FDCWD, target, 0);
}
int symlinkat(const char *text, int at, const char *path)
{
    REAL(symlinkat);
    CHANGE(UNSUPPORTED, at, path, at, NULL, real(text, at, path));
}
int symlink(const char *text, const char *path) { return symlinkat(text, AT_FDCWD, path); }

/* ---- contents ---- */

ssize_t write(int fd, const void *data, size_t bytes)
{
    REAL(write);
    if (found(fd) == NULL)
        return real(fd, data, bytes);
    pthread_rwlock_rdlock(&calls);
    ssize_t done = real(fd, data, bytes);
    if (done > 0)
        note_write(fd, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), done,
                   &(struct iovec){(void *)data, bytes}, 0);
    pthread_rwlock_unlock(&calls);
    return done;
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    REAL(writev);
    if (found(fd) == NULL)
        return real(fd, pieces, count);
    pthread_rwlock_rdlock(&calls);
    ssize_t done = real(fd, pieces, count);
    if (done > 0)
        note_write(fd, (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), done, pieces, 0);
    pthread_rwlock_unlock(&calls);
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t offset)
{
    REAL(pwrite);
    if (found(fd) == NULL)
        return real(fd, data, bytes, offset);
    pthread_rwlock_rdlock(&calls);
    ssize_t done = real(fd, data, bytes, offset);
    note_write(fd, (uint64_t)offset, done, &(struct iovec){(void *)data, bytes}, 0);
    pthread_rwlock_unlock(&calls);
    return done;
}
ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t offset) ALIAS(pwrite);

ssize_t pwritev(int fd, const struct iovec *pieces, int count, off_t offset)
{
    REAL(pwritev);
    if (found(fd) == NULL)
        return real(fd, pieces, count, offset);
    pthread_rwlock_rdlock(&calls);
    ssize_t done = real(fd, pieces, count, offset);
    note_write(fd, (uint64_t)offset, done, pieces, 0);
    pthread_rwlock_unlock(&calls);
    return done;
}
ssize_t pwritev64(int fd, const struct iovec *pieces, int count, off_t offset) ALIAS(pwritev);

ssize_t pwritev2(int fd, const struct iovec *pieces, int count, off_t offset, int flags)
{
    REAL(pwritev2);
    if (found(fd) == NULL)
        return real(fd, pieces, count, offset, flags);
    pthread_rwlock_rdlock(&calls);
    ssize_t done = real(fd, pieces, count, offset, flags);
    if (done > 0 && (offset < 0 || flags & RWF_APPEND))
        note(UNSUPPORTED, fd, 0, 0);
    note_write(fd, (uint64_t)offset, done, pieces, flags & (RWF_DSYNC | RWF_SYNC));
    pthread_rwlock_unlock(&calls);
    return done;
}
ssize_t pwritev64v2(int fd, const struct iovec *pieces, int count, off_t offset, int flags)
    ALIAS(pwritev2);

int ftruncate(int fd, off_t size)
{
    REAL(ftruncate);
    if (found(fd) == NULL)
        return real(fd, size);
    pthread_rwlock_rdlock(&calls);
    int result = real(fd, size);
    if (result == 0)
        note(TRUNCATE, fd, 0, (uint64_t)size);
    pthread_rwlock_unlock(&calls);
    return result;
}
int ftruncate64(int fd, off_t size) ALIAS(ftruncate);

int truncate(const char *path, off_t size)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = ftruncate(fd, size);
    close(fd);
    return result;
}
int truncate64(const char *path, off_t size) ALIAS(truncate);

int fallocate(int fd, int mode, off_t offset, off_t size)
{
    REAL(fallocate);
    if (found(fd) == NULL)
        return real(fd, mode, offset, size);
    pthread_rwlock_rdlock(&calls);
    int result = real(fd, mode, offset, size);
    if (result == 0 && mode != FALLOC_FL_KEEP_SIZE)
        note(mode == 0 ? ALLOCATE
             : mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) ? PUNCH : UNSUPPORTED,
             fd, (uint64_t)offset, (uint64_t)size);
    pthread_rwlock_unlock(&calls);
    return result;
}
int fallocate64(int fd, int mode, off_t offset, off_t size) ALIAS(fallocate);

int posix_fallocate(int fd, off_t offset, off_t size)
{
    REAL(posix_fallocate);
    if (found(fd) == NULL)
        return real(fd, offset, size);
    pthread_rwlock_rdlock(&calls);
    int result = real(fd, offset, size);
    if (result == 0)
        note(ALLOCATE, fd, (uint64_t)offset, (uint64_t)size);
    pthread_rwlock_unlock(&calls);
    return result;
}
int posix_fallocate64(int fd, off_t offset, off_t size) ALIAS(posix_fallocate);

void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    REAL(mmap);
    void *map = real(address, bytes, protection, flags, fd, offset);
    if (map != MAP_FAILED && protection & PROT_WRITE && (flags & MAP_TYPE) != MAP_PRIVATE)
        note(MAP, fd, (uint64_t)offset, bytes);
    return map;
}
void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
    ALIAS(mmap);

/* Copies between files inside the kernel: Python's shutil makes them. */
ssize_t sendfile(int to, int from, off_t *offset, size_t bytes)
{
    ssize_t (*real)(int, int, off_t *, size_t) = dlsym(RTLD_NEXT, "sendfile");
    note(UNSUPPORTED, to, 0, 0);
    return real(to, from, offset, bytes);
}
ssize_t sendfile64(int to, int from, off_t *offset, size_t bytes) ALIAS(sendfile);

ssize_t copy_file_range(int from, off_t *start, int to, off_t *offset, size_t bytes, unsigned flags)
{
    REAL(copy_file_range);
    note(UNSUPPORTED, to, 0, 0);
    return real(from, start, to, offset, bytes, flags);
}

/* ---- syncs; sync_file_range promises nothing, and sync and syncfs are not used ---- */

static int is_skipped(int fd)
{
    char from[64], path[PATH_MAX];
    struct stat status;
    ssize_t bytes;
    if (!skips_files && !skips_directories)
        return 0;
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    bytes = readlink(from, path, sizeof path - 1);
    if (bytes < 0 || fstat(fd, &status) != 0)
        give_up("a sync");
    path[bytes] = 0;
    return (S_ISDIR(status.st_mode) ? skips_directories : skips_files)
        && fnmatch(skip_glob, path, 0) == 0;
}

static int sync_with(int (*real)(int), int fd)
{
    struct opened *file = found(fd);
    uint64_t number;
    if (file == NULL)
        return real(fd);
    if (is_skipped(fd)) {
        note(SYNC_SKIPPED, fd, 0, 0);
        return 0;
    }
    pthread_rwlock_rdlock(&calls);
    number = __atomic_fetch_add(&next_sync, 1, __ATOMIC_RELAXED);
    note(SYNC_BEGIN, fd, number, 0);
    int result = real(fd);
    if (result == 0)
        note(SYNC_END, fd, number, 0);
    pthread_rwlock_unlock(&calls);
    return result;
}

int fsync(int fd)
{
    REAL(fsync);
    return sync_with(real, fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return sync_with(real, fd);
}

int msync(void *address, size_t bytes, int flags)
{
    /* Maps are not recorded, so neither is their sync: less is taken for synced than is. */
    REAL(msync);
    return real(address, bytes, flags);
}
