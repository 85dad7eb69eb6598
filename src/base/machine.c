/* machine.c: how much memory and room on a disk there is. */
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A control group's limit, "max" or a number; SIZE_MAX where there is none. */
static size_t container_bytes(void)
{
    FILE *f = fopen("/sys/fs/cgroup/memory.max", "re");
    char text[32] = "";
    if (!f)
        return SIZE_MAX;
    const bool is_read = fgets(text, sizeof text, f) != NULL;
    (void)fclose(f);
    const unsigned long long bytes = is_read ? strtoull(text, NULL, 10) : 0;
    return bytes > 0 ? (size_t)bytes : SIZE_MAX;
}

size_t fyi_memory_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t bytes;
    if (pages <= 0 || page <= 0 || fyi_mul_overflows((size_t)pages, (size_t)page, &bytes))
        bytes = SIZE_MAX;
    return FYI_MIN(bytes, container_bytes());
}

fy_status fyi_disk_free(const char *path, size_t *bytes)
{
    struct statvfs info;
    *bytes = 0;
    if (statvfs(path, &info) != 0)
        return fyi_fail_errno("look at the disk of", path, errno);
    if (fyi_mul_overflows((size_t)info.f_bavail, (size_t)info.f_frsize, bytes))
        *bytes = SIZE_MAX;
    return FY_OK;
}
