/* feature_file.c: the rows of a feature cache in a mapped file, named by the hash of all that they follow from.
 *
 *   "FERRYFC1"  i64 bytes of the rows  the rows
 * A file is there whole or not at all: rows are computed into a temporary one, which then gets its name. Whoever computes
 * holds ".<key>.lock", which the system frees when the process ends, however it does; whoever holds it next removes
 * what the one before has left. */
#include "train/feature_file.h"

#include "train/train.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char magic[8] = "FERRYFC1";
#define HEAD 64 /* bytes before the rows, so that they are aligned */

static fy_status fail(const fyi_feature_file *f, const char *what)
{
    return fyi_fail(FY_EIO,
                    "cannot %s the feature cache '%s': %s; free some space or clear its folder",
                    what, f->path, strerror(errno));
}

static fy_status map(fyi_feature_file *f, int fd, int protection)
{
    void *p = mmap(NULL, HEAD + f->bytes, protection, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return fail(f, "map");
    f->map = p;
    f->rows = (float *)(void *)(f->map + HEAD);
    return FY_OK;
}

static bool is_whole(int fd, size_t bytes)
{
    char head[HEAD];
    struct stat info;
    int64_t said;
    if (fstat(fd, &info) != 0 || info.st_size != (off_t)(HEAD + bytes) ||
        pread(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
        return false;
    memcpy(&said, head + sizeof magic, sizeof said);
    return memcmp(head, magic, sizeof magic) == 0 && said == (int64_t)bytes;
}

/* Maps it if it is whole. */
static fy_status look(fyi_feature_file *f)
{
    const int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    fy_status st = FY_OK;
    if (fd >= 0 && is_whole(fd, f->bytes)) {
        st = map(f, fd, PROT_READ);
        f->is_found = st == FY_OK;
    }
    if (fd >= 0)
        (void)close(fd);
    return st;
}

fy_status fyi_feature_file_find(fyi_feature_file *f, const char *dir, const char *key, size_t bytes)
{
    *f = (fyi_feature_file){ .bytes = bytes, .lock = -1 };
    if ((size_t)snprintf(f->dir, sizeof f->dir, "%s", dir) >= sizeof f->dir)
        return fyi_fail(FY_EINVAL, "the folder name '%.80s...' is too long", dir);
    (void)snprintf(f->key, sizeof f->key, "%s", key);
    (void)snprintf(f->path, sizeof f->path, "%s/%s.features", dir, key);
    FYI_FORWARD(fyi_mkdirs(dir));
    return look(f);
}

/* ---- one at a time ------------------------------------------------------------------------------------------ */

#define WAIT_NS 50000000

static void lock_path(const fyi_feature_file *f, char path[FYI_FEATURE_PATH + 80])
{
    (void)snprintf(path, FYI_FEATURE_PATH + 80, "%s/.%s.lock", f->dir, f->key);
}

/* Is the file that was locked still the one of that name? Its holder before may have removed it. */
static bool is_current(int fd, const char *path)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

/* f->lock stays -1 while another has it. A file system without locks does not keep anybody from working. */
static fy_status try_lock(fyi_feature_file *f, const char *path)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return fail(f, "lock");
    f->is_alone = flock(fd, LOCK_EX | LOCK_NB) == 0;
    if ((f->is_alone || errno != EWOULDBLOCK) && is_current(fd, path))
        f->lock = fd;
    else
        (void)close(fd);
    return FY_OK;
}

/* What computations that were killed have left. */
static void drop_stale(const fyi_feature_file *f)
{
    char front[80], path[FYI_FEATURE_PATH + 300];
    DIR *d = opendir(f->dir);
    (void)snprintf(front, sizeof front, ".%s.tmp.", f->key);
    for (const struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, front, strlen(front)) == 0) {
            (void)snprintf(path, sizeof path, "%s/%s", f->dir, e->d_name);
            (void)unlink(path);
        }
    if (d)
        (void)closedir(d);
}

static void unlock(fyi_feature_file *f)
{
    char path[FYI_FEATURE_PATH + 80];
    if (f->lock < 0)
        return;
    lock_path(f, path);
    (void)unlink(path);
    (void)close(f->lock);
    f->lock = -1;
}

fy_status fyi_feature_file_lock(fyi_feature_file *f)
{
    char path[FYI_FEATURE_PATH + 80];
    lock_path(f, path);
    for (bool has_said = false; f->lock < 0; has_said = true) {
        FYI_FORWARD(try_lock(f, path));
        if (f->lock >= 0)
            break;
        if (!has_said)
            fyi_info("feature cache: another process computes '%s'; waiting", f->path);
        FYI_FORWARD(fyi_stop_if_asked("waiting for another process's feature cache"));
        (void)nanosleep(&(struct timespec){ .tv_nsec = WAIT_NS }, NULL);
    }
    const fy_status st = look(f);
    if (st != FY_OK || f->is_found)
        unlock(f);
    else if (f->is_alone)
        drop_stale(f);
    return st;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

/* The disk's word that there is room, before a mapped page asks for it. */
static fy_status reserve(const fyi_feature_file *f, int fd)
{
    const int64_t said = (int64_t)f->bytes;
    char head[HEAD] = { 0 };
    memcpy(head, magic, sizeof magic);
    memcpy(head + sizeof magic, &said, sizeof said);
    errno = posix_fallocate(fd, 0, (off_t)(HEAD + f->bytes));
    if (errno != 0 || pwrite(fd, head, sizeof head, 0) != (ssize_t)sizeof head)
        return fail(f, "write");
    return FY_OK;
}

/* Of this host, process and file alone. */
static void name_temporary(fyi_feature_file *f)
{
    static atomic_uint n_made;
    char host[64] = "";
    (void)gethostname(host, sizeof host - 1);
    (void)snprintf(f->temporary, sizeof f->temporary, "%s/.%s.tmp.%s.%ld.%u", f->dir, f->key, host,
                   (long)getpid(), atomic_fetch_add(&n_made, 1));
}

fy_status fyi_feature_file_begin(fyi_feature_file *f)
{
    name_temporary(f);
    const int fd = open(f->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        const fy_status st = fail(f, "make");
        f->temporary[0] = '\0';
        return st;
    }
    fy_status st = reserve(f, fd);
    if (st == FY_OK)
        st = map(f, fd, PROT_READ | PROT_WRITE);
    (void)close(fd);
    return st;
}

fy_status fyi_feature_file_commit(fyi_feature_file *f)
{
    if (msync(f->map, HEAD + f->bytes, MS_SYNC) != 0 || rename(f->temporary, f->path) != 0)
        return fail(f, "write");
    f->temporary[0] = '\0';
    unlock(f);
    return FY_OK;
}

void fyi_feature_file_release(fyi_feature_file *f)
{
    if (f->map)
        (void)munmap(f->map, HEAD + f->bytes);
    if (f->temporary[0])
        (void)unlink(f->temporary);
    unlock(f);
    *f = (fyi_feature_file){ .lock = -1 };
}

size_t fyi_feature_files_bytes(const char *dir)
{
    static const char end[] = ".features";
    size_t sum = 0;
    DIR *d = opendir(dir);
    for (const struct dirent *e; d && (e = readdir(d));) {
        const size_t len = strlen(e->d_name);
        struct stat info;
        if (len >= sizeof end && strcmp(e->d_name + len - (sizeof end - 1), end) == 0 &&
            fstatat(dirfd(d), e->d_name, &info, 0) == 0)
            sum += (size_t)info.st_size;
    }
    if (d)
        (void)closedir(d);
    return sum;
}
