/* file.c: files read whole, and written whole or not at all.
 *
 * A new version of a file is written beside it under a temporary name (".name.tmp.<pid>.<n>"),
 * brought to the disk, and renamed over the old one, so that at any moment, also after a power cut,
 * the name leads to the old bytes or to all of the new. Every failure removes the temporary. A
 * symbolic link is replaced by the file, not followed. */
#include "base/base.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sentences ---------------------------------------------------------------------------------
 */

static const char *advise(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return "; free some space or choose another directory";
    case EACCES:
    case EPERM: return "; check the permissions of the file and of its directory";
    case EROFS: return "; the file system is read-only, choose another directory";
    case EMFILE:
    case ENFILE: return "; too many files are open, see 'ulimit -n'";
    default: return "";
    }
}

/* The C libraries in use keep strerror's text per thread or constant. */
fy_status fyi_fail_errno(const char *attempt, const char *path, int error)
{
    return fyi_fail(FY_EIO, "cannot %s '%s': %s%s", attempt, path, strerror(error), advise(error));
}

/* ---- reading -----------------------------------------------------------------------------------
 */

/* Reads until `bytes` are there or the file ends; the count read, or -1 with errno. */
static ssize_t read_all(int fd, char *dst, size_t bytes)
{
    size_t done = 0;

    while (done < bytes) {
        const ssize_t n = read(fd, dst + done, bytes - done);

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0)
            done += (size_t)n;
    }
    return (ssize_t)done;
}

static fy_status check_readable(int fd, const char *path, size_t max_bytes, size_t *bytes)
{
    struct stat info;

    if (fstat(fd, &info) != 0)
        return fyi_fail_errno("read", path, errno);
    if (!S_ISREG(info.st_mode))
        return fyi_fail(FY_EIO, "cannot read '%s': it is %s, not a file", path,
                        S_ISDIR(info.st_mode) ? "a directory" : "a device or a pipe");
    if ((uint64_t)info.st_size > max_bytes)
        return fyi_fail(FY_EFORMAT, "'%s' has %lld bytes, at most %zu were expected", path,
                        (long long)info.st_size, max_bytes);
    *bytes = (size_t)info.st_size;
    return FY_OK;
}

fy_status fyi_open_readable(const char *path, size_t max_bytes, int *fd, size_t *bytes)
{
    fy_status st;

    /* Not to wait for the other end if the path is a named pipe. */
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return fyi_fail_errno("read", path, errno);
    st = check_readable(*fd, path, max_bytes, bytes);
    if (st != FY_OK)
        close(*fd);
    return st;
}

static fy_status read_open_file(int fd, const char *path, char **out, size_t *bytes)
{
    ssize_t n;
    char *p;

    p = *bytes < SIZE_MAX ? fyi_alloc(*bytes + 1) : NULL;
    if (!p)
        return fyi_enomem(*bytes, path);
    n = read_all(fd, p, *bytes);
    if (n < 0) {
        fyi_free(p);
        return fyi_fail_errno("read", path, errno);
    }
    p[n] = '\0';
    *bytes = (size_t)n; /* fewer if somebody cut the file meanwhile */
    *out = p;
    return FY_OK;
}

fy_status fyi_file_read(const char *path, size_t max_bytes, char **out, size_t *bytes)
{
    fy_status st;
    int fd;

    *out = NULL;
    *bytes = 0;
    FYI_FORWARD(fyi_open_readable(path, max_bytes, &fd, bytes));
    st = read_open_file(fd, path, out, bytes);
    close(fd);
    if (st != FY_OK)
        *bytes = 0;
    return st;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

#define PENDING_BYTES ((size_t)64 << 10)

struct fyi_outfile {
    int fd;
    char *path, *temp;
    bool failed; /* a torn file must not be committed, even if a caller overlooked it */
    size_t n_pending;
    char pending[PENDING_BYTES];
};

const char *fyi_base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Length of the directory part of a path, with its slash; 0 if there is none. */
static size_t dir_chars(const char *path)
{
    return (size_t)(fyi_base_name(path) - path);
}

/* Cut, because the longest legal name would have no room for the ending. */
static char *make_temp_name(const char *path)
{
    static atomic_uint n_made;
    const size_t dir = dir_chars(path);
    fyi_buf b = { 0 };

    fyi_buf_append(&b, path, dir);
    fyi_buf_printf(&b, ".%.200s.tmp.%ld.%u", path + dir, (long)getpid(),
                   atomic_fetch_add(&n_made, 1));
    if (b.failed)
        fyi_buf_release(&b);
    return b.p;
}

static void free_outfile(fyi_outfile *f)
{
    fyi_free(f->temp);
    fyi_free(f->path);
    fyi_free(f);
}

/* Renaming over a directory or a device would fail late or, worse, succeed. */
static fy_status check_replaceable(const char *path, mode_t *mode)
{
    struct stat info;

    if (path[dir_chars(path)] == '\0')
        return fyi_fail(FY_EIO, "cannot write '%s': the path has no file name", path);
    if (stat(path, &info) != 0) {
        *mode = 0;
        return FY_OK;
    }
    if (!S_ISREG(info.st_mode))
        return fyi_fail(FY_EIO, "cannot write '%s': it is %s, not a file", path,
                        S_ISDIR(info.st_mode) ? "a directory" : "a device or a pipe");
    *mode = info.st_mode & 07777;
    return FY_OK;
}

/* A file of that name can only be left over from a process that was killed and had our number. */
static fy_status open_temp(fyi_outfile *f, mode_t mode)
{
    for (int n_tries = 0; n_tries < 100; n_tries++) {
        fyi_free(f->temp);
        f->temp = make_temp_name(f->path);
        if (!f->temp)
            return fyi_enomem(strlen(f->path), "a temporary file's name");
        f->fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0 || errno != EEXIST)
            break;
    }
    if (f->fd < 0)
        return fyi_fail_errno("write", f->path, errno);
    if (mode != 0)
        (void)fchmod(f->fd, mode); /* the old file's permissions, where we may */
    return FY_OK;
}

fy_status fyi_outfile_open(const char *path, fyi_outfile **out)
{
    fyi_outfile *f = NULL;
    mode_t mode = 0;
    fy_status st;

    *out = NULL;
    FYI_FORWARD(check_replaceable(path, &mode));
    f = fyi_alloc(sizeof(*f));
    if (!f)
        return fyi_enomem(sizeof(*f), path);
    f->fd = -1;
    f->temp = NULL;
    f->failed = false;
    f->n_pending = 0;
    f->path = fyi_strdup(path);
    st = f->path ? open_temp(f, mode) : fyi_enomem(strlen(path), "a path");
    if (st != FY_OK) {
        free_outfile(f);
        return st;
    }
    *out = f;
    return FY_OK;
}

static fy_status write_all(fyi_outfile *f, const char *p, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t n = write(f->fd, p, bytes);

        if (n < 0 && errno != EINTR) {
            f->failed = true;
            return fyi_fail_errno("write", f->path, errno);
        }
        if (n > 0) {
            p += n;
            bytes -= (size_t)n;
        }
    }
    return FY_OK;
}

static fy_status flush(fyi_outfile *f)
{
    const size_t bytes = f->n_pending;

    f->n_pending = 0;
    return write_all(f, f->pending, bytes);
}

fy_status fyi_outfile_write(fyi_outfile *f, const void *p, size_t bytes)
{
    if (f->failed)
        return fyi_fail(FY_EIO, "cannot write '%s': an earlier write failed", f->path);
    if (bytes > PENDING_BYTES - f->n_pending)
        FYI_FORWARD(flush(f));
    if (bytes > PENDING_BYTES)
        return write_all(f, p, bytes);
    if (bytes > 0)
        memcpy(f->pending + f->n_pending, p, bytes);
    f->n_pending += bytes;
    return FY_OK;
}

/* Some network and user-space file systems know no fsync: what they promise is all there is. */
static bool sync_failed(int fd)
{
    return fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP && errno != ENOSYS;
}

/* Without this the rename itself may not survive a power cut. A directory that may be written but
 * not read cannot be opened, and then not synced. */
static fy_status sync_dir(fyi_outfile *f)
{
    const size_t chars = dir_chars(f->path);
    fy_status st = FY_OK;
    int fd;

    f->temp[chars] = '\0'; /* the temporary is gone, and the front of its name is the directory */
    fd = open(chars > 0 ? f->temp : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return FY_OK;
    if (sync_failed(fd))
        st = fyi_fail_errno("sync the directory of", f->path, errno);
    close(fd);
    return st;
}

static fy_status finish(fyi_outfile *f)
{
    int closed;

    if (f->failed)
        return fyi_fail(FY_EIO, "cannot write '%s': an earlier write failed", f->path);
    FYI_FORWARD(flush(f));
    if (sync_failed(f->fd))
        return fyi_fail_errno("write", f->path, errno);
    closed = close(f->fd);
    f->fd = -1;
    if (closed != 0 && errno != EINTR) /* quotas of network disks speak here */
        return fyi_fail_errno("write", f->path, errno);
    return rename(f->temp, f->path) == 0 ? FY_OK : fyi_fail_errno("replace", f->path, errno);
}

fy_status fyi_outfile_commit(fyi_outfile *f)
{
    fy_status st = finish(f);

    if (st != FY_OK) {
        fyi_outfile_abort(f);
        return st;
    }
    st = sync_dir(f);
    free_outfile(f);
    return st;
}

void fyi_outfile_abort(fyi_outfile *f)
{
    if (!f)
        return;
    if (f->fd >= 0)
        close(f->fd);
    unlink(f->temp);
    free_outfile(f);
}

fy_status fyi_file_write(const char *path, const void *p, size_t bytes)
{
    fyi_outfile *f = NULL;
    fy_status st;

    FYI_FORWARD(fyi_outfile_open(path, &f));
    st = fyi_outfile_write(f, p, bytes);
    if (st != FY_OK) {
        fyi_outfile_abort(f);
        return st;
    }
    return fyi_outfile_commit(f);
}

void fyi_drop_temporaries(const char *dir)
{
    DIR *d = opendir(dir);

    for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
        if (e->d_name[0] == '.' && strstr(e->d_name, ".tmp.") != NULL)
            (void)unlinkat(dirfd(d), e->d_name, 0); /* one that stays does no harm */
    if (d != NULL)
        closedir(d);
}

/* ---- paths -------------------------------------------------------------------------------------
 */

static bool is_dir(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Another process may make the same directory at the same moment: that is success too. */
static fy_status make_dir(const char *path)
{
    const int error = mkdir(path, 0777) == 0 ? 0 : errno;

    if (error == 0 || is_dir(path))
        return FY_OK;
    if (error == EEXIST || error == ENOTDIR)
        return fyi_fail(FY_EIO, "cannot make the directory '%s': a file is in the way", path);
    return fyi_fail_errno("make the directory", path, error);
}

fy_status fyi_mkdirs(const char *path)
{
    char *part = fyi_strdup(path);
    fy_status st = FY_OK;

    if (!part)
        return fyi_enomem(strlen(path), "a path");
    for (char *p = part + 1; *part && *p && st == FY_OK; p++) {
        if (*p != '/' || p[-1] == '/')
            continue;
        *p = '\0';
        st = make_dir(part);
        *p = '/';
    }
    if (st == FY_OK)
        st = make_dir(part);
    fyi_free(part);
    return st;
}

fy_status fyi_mkdirs_for(const char *path)
{
    const size_t chars = dir_chars(path);
    char *dir;

    if (chars < 2) /* here, or the root */
        return FY_OK;
    dir = fyi_strdup(path);
    if (!dir)
        return fyi_enomem(strlen(path), "a path");
    dir[chars - 1] = '\0';
    const fy_status st = fyi_mkdirs(dir);
    fyi_free(dir);
    return st;
}

bool fyi_path_exists(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0;
}

char *fyi_path_join(const char *dir, const char *name)
{
    const size_t len = strlen(dir);
    fyi_buf b = { 0 };

    if (name[0] != '/' && len > 0) {
        fyi_buf_puts(&b, dir);
        if (dir[len - 1] != '/')
            fyi_buf_puts(&b, "/");
    }
    fyi_buf_puts(&b, name);
    if (b.failed)
        fyi_buf_release(&b);
    return b.p;
}

bool fyi_path_leads_out(const char *name)
{
    if (name[0] == '/' || name[0] == '\\' || name[0] == '\0')
        return true;
    while (*name) {
        const size_t len = strcspn(name, "/\\");

        if (len == 2 && memcmp(name, "..", 2) == 0)
            return true;
        name += len + (name[len] != '\0');
    }
    return false;
}
