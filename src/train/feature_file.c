/* feature_file.c: the rows of a feature cache in a mapped file, named by the hash of all that they follow from.
 *
 *   "FERRYFC1"  i64 bytes of the rows  the rows
 * A file is there whole or not at all: rows are computed into a temporary one, which then gets its name. */
#include "train/feature_file.h"

#include "train/train.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
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

fy_status fyi_feature_file_find(fyi_feature_file *f, const char *dir, const char *key, size_t bytes)
{
    *f = (fyi_feature_file){ .bytes = bytes };
    if ((size_t)snprintf(f->path, sizeof f->path, "%s/%s.features", dir, key) >= sizeof f->path - 32)
        return fyi_fail(FY_EINVAL, "the folder name '%.80s...' is too long", dir);
    FYI_FORWARD(fyi_mkdirs(dir));
    const int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    fy_status st = FY_OK;
    if (fd >= 0 && is_whole(fd, bytes)) {
        st = map(f, fd, PROT_READ);
        f->is_found = st == FY_OK;
    }
    if (fd >= 0)
        (void)close(fd);
    return st;
}

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

fy_status fyi_feature_file_begin(fyi_feature_file *f)
{
    (void)snprintf(f->temporary, sizeof f->temporary, "%s.%ld", f->path, (long)getpid());
    const int fd = open(f->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
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
    return FY_OK;
}

void fyi_feature_file_release(fyi_feature_file *f)
{
    if (f->map)
        (void)munmap(f->map, HEAD + f->bytes);
    if (f->temporary[0])
        (void)unlink(f->temporary);
    *f = (fyi_feature_file){ 0 };
}
